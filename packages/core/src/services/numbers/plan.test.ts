import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, type PlanFacts, planOf, seriesOf, turnElsewhere, turnOf } from "./plan.ts";

const hour = 3_600_000;
const day = 24 * hour;
const madeAt = new Date("2026-11-01T12:00:00Z");
const at = (ms: number) => new Date(madeAt.getTime() + ms);
const hours = (ms: number) => ms / hour;

/** delay in hours, end in hours | ages read in hours, what each stands for. */
const plans: readonly (readonly [string, PlanFacts, string])[] = [
  ["no delay", { delayMs: 60_000 }, "1 6 24 72 168 720"],
  ["an hour", { delayMs: hour }, "1 6 24 72 168 720"],
  ["two hours", { delayMs: 2 * hour }, "2(1) 6 24 72 168 720"],
  ["a day", { delayMs: day }, "24(1,6,24) 72 168 720"],
  ["two days", { delayMs: 2 * day }, "48(1,6,24) 72 168 720"],
  ["three days", { delayMs: 3 * day }, "72(1,6,24,72) 168 720"],
  ["forty days", { delayMs: 40 * day }, "960(1,6,24,72,168,720)"],
  ["a story", { delayMs: 0, endsAfterMs: day }, "1 6 23"],
  ["a story of a slow platform", { delayMs: 2 * day, endsAfterMs: day }, "23(1,6,23)"],
  ["what ends after half an hour", { delayMs: 0, endsAfterMs: hour / 2 }, "0"],
];
for (const [name, facts, expected] of plans)
  test(`a post is read at its planned ages, and not before there can be numbers: ${name}`, () => {
    const told = planOf(facts).map(({ ageMs, standsFor }) =>
      standsFor.length === 1 && standsFor[0] === ageMs
        ? `${hours(ageMs)}`
        : `${hours(ageMs)}(${standsFor.map(hours).join(",")})`,
    );
    assert.equal(told.join(" "), expected);
  });

/** age now, age of the newest reading, due?, next in hours of age. */
const turns: readonly (readonly [number, number | undefined, boolean, number | undefined, PlanFacts])[] = [
  [0, undefined, false, 1, { delayMs: 0 }],
  [1, undefined, true, 6, { delayMs: 0 }],
  [1, 1, false, 6, { delayMs: 0 }],
  [5.9, 1, false, 6, { delayMs: 0 }],
  // Off for two days: one reading, not three.
  [50, 1, true, 72, { delayMs: 0 }],
  [50, 50, false, 72, { delayMs: 0 }],
  // Asked for before it was due: the planned one is made all the same.
  [6, 5.9, true, 24, { delayMs: 0 }],
  [1, undefined, false, 24, { delayMs: day }],
  [24, undefined, true, 72, { delayMs: day }],
  [720, 168, true, undefined, { delayMs: 0 }],
  [1000, 168, true, undefined, { delayMs: 0 }],
  [1000, 721, false, undefined, { delayMs: 0 }],
  [23, 6, true, undefined, { delayMs: 0, endsAfterMs: day }],
  [23.9, 6, true, undefined, { delayMs: 2 * day, endsAfterMs: day }],
  [24, 6, false, undefined, { delayMs: 0, endsAfterMs: day }],
];
for (const [age, read, isDue, next, facts] of turns)
  test(`at ${age} h, read at ${read ?? "no"} h, ${isDue ? "it is" : "it is not"} read and then at ${next ?? "no"} h`, () => {
    const readAt = read === undefined ? undefined : at(read * hour);
    const told = turnOf(facts, { madeAt, readAt, now: at(age * hour) });
    assert.deepEqual([told.isDue, told.nextAt && hours(told.nextAt.getTime() - madeAt.getTime())], [isDue, next]);
  });

test("a post made elsewhere is read when it is first seen, daily in its first week, weekly in its first month", () => {
  const told = (age: number, read?: number) => {
    const turn = turnElsewhere(
      { delayMs: 0 },
      { madeAt, readAt: read === undefined ? undefined : at(read * day), now: at(age * day) },
    );
    return [turn.isDue, turn.nextAt && (turn.nextAt.getTime() - madeAt.getTime()) / day];
  };
  assert.deepEqual(told(0.5), [true, 1.5]);
  assert.deepEqual(told(1, 0.5), [false, 1.5]);
  assert.deepEqual(told(1.5, 0.5), [true, 2.5]);
  assert.deepEqual(told(10, 6), [false, 13]);
  assert.deepEqual(told(60), [true, undefined]);
  assert.deepEqual(told(60, 20), [false, undefined]);
});

test("a late reading answers the newest age it reached with its real age, and what was passed over is missed", () => {
  const told = (readings: readonly number[], now: number, facts: PlanFacts = { delayMs: 0 }) =>
    seriesOf(facts, { madeAt, readings: readings.map((age) => at(age * hour)), now: at(now * hour) }).map(
      ({ ageMs, readAt, state }) =>
        `${hours(ageMs)}:${state}${readAt ? `@${hours(readAt.getTime() - madeAt.getTime())}` : ""}`,
    );
  assert.deepEqual(told([1, 50], 51), [
    "1:read@1",
    "6:missed",
    "24:read@50",
    "72:planned",
    "168:planned",
    "720:planned",
  ]);
  assert.deepEqual(told([], 25).slice(0, 4), ["1:missed", "6:missed", "24:due", "72:planned"]);
  assert.deepEqual(told([6], 30, { delayMs: 0, endsAfterMs: day }), ["1:missed", "6:read@6", "23:missed"]);
});

test("a look that fails is made again later and later, and never less than four times a day", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 50].map((failures) => backoffMs(failures) / 60_000),
    [15, 30, 60, 120, 240, 360, 360],
  );
});

test("a reading at which the platform told nothing is no missed one", () => {
  const states = (readings: readonly number[], nones: readonly number[]) =>
    seriesOf(
      { delayMs: 0 },
      {
        madeAt,
        readings: readings.map((age) => at(age * hour)),
        noneAt: nones.map((age) => at(age * hour)),
        now: at(30 * hour),
      },
    )
      .slice(0, 3)
      .map(({ state }) => state);
  assert.deepEqual(states([24], [1]), ["none", "missed", "read"]);
  assert.deepEqual(states([7], [6, 24]), ["missed", "read", "none"]);
});
