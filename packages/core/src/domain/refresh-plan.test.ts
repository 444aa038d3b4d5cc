import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlatformFailure } from "@postd/connector-kit";
import { nextRefreshTry, type RefreshFacts, refreshPlan, type SignInTimes } from "./refresh-plan.ts";

const hour = 60 * 60_000;
const day = 24 * hour;
const given = new Date("2026-03-01T08:00:00.000Z");
const after = (ms: number) => new Date(given.getTime() + ms);
/** Its place is 0.0 of what is spread, near enough: the times below are the latest ones. */
const signInId = "sgn_first";

const times = (more: Partial<SignInTimes>): SignInTimes => ({
  signInId,
  issuedAt: given,
  expiresAt: undefined,
  refreshExpiresAt: undefined,
  nextDueAt: undefined,
  provenAt: undefined,
  ...more,
});

/** Between these days (or hours) after the tokens were given; undefined: not by itself. */
const table: readonly [string, RefreshFacts, Partial<SignInTimes>, readonly [number, number] | undefined][] = [
  ["a token that never ends is left alone", {}, {}, undefined],
  ["one of 60 days: 7 days before its end", {}, { expiresAt: after(60 * day) }, [52.5 * day, 53 * day]],
  [
    "one of 60 days where the connector says 15 days before: day 45",
    { refreshBeforeMs: 15 * day },
    { expiresAt: after(60 * day) },
    [44.5 * day, 45 * day],
  ],
  [
    "one that was renewed at 15 days without longer life: 7 days before its end",
    { refreshBeforeMs: 15 * day },
    { issuedAt: after(45 * day), expiresAt: after(60 * day) },
    [52.5 * day, 53 * day],
  ],
  [
    "one that was renewed at 7 days without longer life: 1 day before its end",
    {},
    { issuedAt: after(53 * day), expiresAt: after(60 * day) },
    [58.9 * day, 59 * day],
  ],
  ["one of 24 hours: at 18 hours", {}, { expiresAt: after(day) }, [16.8 * hour, 18 * hour]],
  ["one of 2 hours with nothing planned: not by itself", {}, { expiresAt: after(2 * hour) }, undefined],
  [
    "one of 2 hours: once in the day before a post",
    {},
    { expiresAt: after(2 * hour), nextDueAt: after(10 * day) },
    [9 * day, 9 * day + 2 * hour],
  ],
  [
    "one that was confirmed in the day before the post: not again",
    {},
    { expiresAt: after(2 * hour), nextDueAt: after(10 * day), provenAt: after(9.5 * day) },
    undefined,
  ],
  [
    "one that was given in the day before the post: not again",
    {},
    { expiresAt: after(2 * hour), nextDueAt: after(5 * hour) },
    undefined,
  ],
  [
    "an idle one whose refresh token ends and is replaced by renewing: 7 days before that",
    { rotates: true },
    { expiresAt: after(2 * hour), refreshExpiresAt: after(180 * day) },
    [172.5 * day, 173 * day],
  ],
  [
    "an idle one whose refresh token ends whatever is done: not by itself",
    {},
    { expiresAt: after(2 * hour), refreshExpiresAt: after(365 * day) },
    undefined,
  ],
];

for (const [what, facts, given_, expected] of table)
  test(`a sign-in's renewal is planned: ${what}`, () => {
    const plan = refreshPlan(facts, times(given_), given);
    if (!expected) return assert.equal(plan, undefined);
    const [earliest, latest] = expected.map((ms) => after(ms));
    assert.ok(plan && earliest && latest);
    assert.ok(plan.at >= earliest && plan.at <= latest, plan.at.toISOString());
  });

test("what has ended is not renewed by the clock", () => {
  assert.equal(refreshPlan({}, times({ expiresAt: after(60 * day) }), after(61 * day)), undefined);
});

test("the same sign-in is planned for the same moment by whoever plans, and others for other moments", () => {
  const of = (id: string) => refreshPlan({}, times({ signInId: id, expiresAt: after(60 * day) }), given)?.at.getTime();
  assert.equal(of("sgn_a"), of("sgn_a"));
  const moments = new Set(Array.from({ length: 1_000 }, (_, at) => of(`sgn_${at}`)));
  assert.ok(moments.size > 990, `${moments.size} moments`);
});

const down: PlatformFailure = { kind: "unavailable", message: "It is away." };
const minutes = (at: Date | undefined) => at && (at.getTime() - given.getTime()) / 60_000;

test("a renewal the platform did not answer is tried again after 1, 3, 9 and 27 minutes, then every 27", () => {
  const until = after(day);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 50].map((tries) => minutes(nextRefreshTry({ until }, tries, down, given))),
    [1, 3, 9, 27, 27, 27],
  );
});

test("a platform that asks for longer is given it, and past the end nothing is tried", () => {
  const busy: PlatformFailure = { kind: "rate_limited", message: "Too many.", retryAfterMs: 2 * hour };
  assert.equal(minutes(nextRefreshTry({ until: after(day) }, 1, busy, given)), 120);
  assert.equal(nextRefreshTry({ until: after(hour) }, 1, busy, given), undefined);
});
