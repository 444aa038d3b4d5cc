import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, ok } from "@postd/contracts";
import { played } from "../client/play-fixture.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Step } from "../publish.ts";
import type { Drive, StepChange, StepPort } from "./drive.ts";
import { lookUp } from "./look-up.ts";
import { runSteps } from "./run-steps.ts";

type State = { readonly [key: string]: unknown; readonly id?: string };
const windowMs = 10 * 60_000;

/** What happens to a call: lost before or after the platform took it, or answered. */
type Fate = "lost" | "taken" | "answered" | "busy";
const cut: PlatformFailure = { kind: "outcome_unknown", message: "cut" };
const busy: PlatformFailure = { kind: "unavailable", refused: true, message: "busy" };
const twin: PlatformFailure = {
  kind: "content_rejected",
  field: "text",
  reason: "twin",
  refused: true,
  message: "twin",
};

/**
 * A platform that lists nothing, and refuses for a while what it already has. `names`: whether the refusal says which post
 * it is. `opens` is until when the connector says that a repeat is safe.
 */
async function guarded(fates: readonly Fate[], given: { readonly names?: boolean; readonly opensMs?: number } = {}) {
  const { names = true, opensMs = windowMs } = given;
  const live: { at: number }[] = [];
  const calls: { at: number; repeats: boolean; prepared: unknown }[] = [];
  const left = [...fates];
  const send: Step<State> = {
    name: "send",
    effect: "visible",
    repeatable: false,
    done: ({ id }) => id !== undefined,
    prepare: ({ now }) => ({ madeAt: now.toISOString() }),
    async run({ state, repeats = false, prepared }, ctx) {
      await ctx.http.request({ method: "POST", url: "https://place.example/" });
      const at = ctx.clock.now().getTime();
      calls.push({ at, repeats, prepared });
      const fate = left.shift() ?? "answered";
      if (fate === "busy") return fail(busy);
      if (fate === "lost") return fail(cut);
      const before = live.find((post) => at - post.at < windowMs);
      if (!before) live.push({ at });
      if (fate === "taken") return fail(cut);
      if (before && !(repeats && names)) return fail(twin);
      return ok({ state: { ...state, id: "p1" }, published: { externalId: "p1" } });
    },
    probe: async ({ intentAt }) =>
      ok({ kind: "repeat_until", until: new Date(intentAt.getTime() + opensMs), looked: "nowhere" }),
  };
  return { told: await played([send], {}), live, calls };
}

test("a call that never came is made again while a second post would be refused", async () => {
  const { told, live, calls } = await guarded(["lost"]);
  assert.deepEqual([told.end, live.length, calls.map(({ repeats }) => repeats)], ["published", 1, [false, true]]);
  assert.deepEqual(calls[1]?.prepared, calls[0]?.prepared, "it is the very same request");
});

test("a call that was taken is not made twice: the refusal names the post", async () => {
  const { told, live, calls } = await guarded(["taken"]);
  assert.deepEqual([told.end, told.published?.externalId, live.length, calls.length], ["published", "p1", 1, 2]);
});

test("a repeat whose answer is lost as well is repeated in turn, and not for ever", async () => {
  assert.deepEqual((await guarded(["taken", "lost", "lost"])).live.length, 1);
  const { told, calls } = await guarded(["lost", "lost", "lost", "lost", "lost", "lost", "lost"]);
  assert.equal(told.end, "asks_person");
  assert.ok(calls.length <= 5, `${calls.length} calls`);
});

test("no repeat begins that could end after the window", async () => {
  for (const opensMs of [0, 30_000, 60_000, 90_000, windowMs]) {
    const { told, live, calls } = await guarded(["taken", "lost", "lost", "lost", "lost"], { opensMs });
    const [first] = calls;
    for (const { at } of calls.slice(1)) assert.ok(first && at - first.at + 30_000 < opensMs, `${at}`);
    assert.equal(live.length, 1);
    assert.ok(calls.length > 1 || told.end === "asks_person");
  }
  assert.equal((await guarded(["taken"], { opensMs: 30_000 })).calls.length, 1);
});

test("a refusal that names no post ends in asking a person, never in another post", async () => {
  const { told, live } = await guarded(["taken"], { names: false });
  assert.deepEqual([told.end, live.length], ["asks_person", 1]);
});

test("a repeat that surely did not leave is looked at before it is made again", async () => {
  const { told, live } = await guarded(["taken", "busy"]);
  assert.deepEqual([told.end, live.length], ["published", 1]);
});

test("no repeat is offered while somebody wishes otherwise, another may have sent the same, or the last offer was not taken", async () => {
  const now = new Date("2026-11-26T12:01:00Z");
  const intentAt = new Date("2026-11-26T12:00:00Z");
  const steps = [
    {
      name: "send",
      probe: async () =>
        ok({ kind: "repeat_until", until: new Date(intentAt.getTime() + windowMs), looked: "nowhere" }),
    },
  ] as unknown as readonly Step<State>[];
  const offered = async (over: Partial<Drive> = {}, hasRival = false) => {
    const changes: StepChange[] = [];
    const port: Partial<StepPort> = {
      now: () => now,
      account: async () => ok({ externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: {} }),
      context: () => ({}) as ReturnType<StepPort["context"]>,
      owners: async () => ({ owned: new Set(), hasRival }),
      commit: async (change) => {
        changes.push(change);
        return "written";
      },
    };
    const visible = { step: "send", prepared: null, intentAt, repeatable: false, settleMs: 0, endsBy: now, open: true };
    const drive = { port, visible, tries: 0, stateVersion: 1, isWished: false, post: {}, ...over } as unknown as Drive;
    const format = { label: "", media: { min: 0, max: 0 }, start: () => ({}), steps };
    await lookUp(drive, { name: "place.post", schedule: undefined, format });
    const [change] = changes;
    return change?.state === "retrying" && change.probe?.repeatBy === "2026-11-26T12:09:30.000Z";
  };
  assert.equal(await offered(), true);
  assert.equal(await offered({ isWished: true }), false);
  assert.equal(await offered({}, true), false);
  const probe = { since: intentAt.toISOString(), looks: 1, saw: [], repeatBy: now.toISOString() };
  assert.equal(await offered({ probe }), false);
  assert.equal(await offered({ tries: 4 }), false);
});

test("a repeat is not begun once its moment passed while the account was opened", async () => {
  let nowMs = Date.UTC(2026, 10, 26, 12, 9);
  const repeatBy = new Date(nowMs + 1_000).toISOString();
  const sent: string[] = [];
  const changes: StepChange[] = [];
  const step: Step<State> = {
    name: "send",
    effect: "visible",
    repeatable: false,
    done: ({ id }) => id !== undefined,
    run: async () => ok({ state: { id: "p2" }, published: { externalId: "p2" } }),
  };
  const port: Partial<StepPort> = {
    now: () => new Date(nowMs),
    account: async () => {
      nowMs += 60_000;
      return ok({ externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: {} });
    },
    announce: async ({ name }) => {
      sent.push(name);
      return "lost";
    },
    commit: async (change) => {
      changes.push(change);
      return "written";
    },
  };
  const endsBy = new Date(nowMs);
  const intentAt = new Date(Date.UTC(2026, 10, 26, 12));
  const visible = { step: "send", prepared: null, intentAt, repeatable: false, settleMs: 0, endsBy, open: true };
  const probe = { since: intentAt.toISOString(), looks: 1, saw: [], repeatBy };
  const drive = { port, visible, probe, tries: 1, mayBeLive: true, state: {}, stateVersion: 1, post: {} };
  const format = { label: "", media: { min: 0, max: 0 }, start: () => ({}), steps: [step] };
  await runSteps(drive as unknown as Drive, { name: "place.post", schedule: undefined, format });
  assert.deepEqual([sent, changes.map(({ state }) => state)], [[], ["unknown"]]);
});

test("the moment until which one call could be repeated is forgotten before the next one is made", async () => {
  const now = new Date("2026-11-26T12:01:00Z");
  const changes: StepChange[] = [];
  const visibly = { effect: "visible", repeatable: false } as const;
  const steps: readonly Step<State>[] = [
    {
      ...visibly,
      name: "send",
      done: ({ id }) => id !== undefined,
      run: async () => ok({ state: { id: "p1" }, published: { externalId: "p1" } }),
    },
    { ...visibly, name: "comment", done: () => false, run: async () => fail(cut) },
  ];
  const port: Partial<StepPort> = {
    now: () => now,
    monotonicMs: () => 0,
    account: async () => ok({ externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: {} }),
    context: () => ({ http: {} }) as ReturnType<StepPort["context"]>,
    announce: async ({ name }) => (name === "send" ? "written" : "lost"),
    commit: async (change) => {
      changes.push(change);
      return "written";
    },
  };
  const intentAt = new Date("2026-11-26T12:00:00Z");
  const visible = {
    step: "send",
    prepared: null,
    intentAt,
    repeatable: false,
    settleMs: 0,
    endsBy: intentAt,
    open: true,
  };
  const probe = { since: intentAt.toISOString(), looks: 1, saw: [], repeatBy: "2026-11-26T12:09:00.000Z" };
  const drive = { port, visible, probe, tries: 1, mayBeLive: true, state: {}, stateVersion: 1, post: {} };
  const format = { label: "", media: { min: 0, max: 0 }, start: () => ({}), steps };
  await runSteps(drive as unknown as Drive, { name: "place.post", schedule: undefined, format });
  assert.deepEqual(
    changes.map(({ state, mayBeLive, probe: kept }) => [state, mayBeLive, kept]),
    [["publishing", false, null]],
  );
});
