import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, type JsonObject, ok } from "@postd/contracts";
import type { PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { Format, Progress, Sealed, Step } from "../publish.ts";
import type { Way } from "../rules/index.ts";
import { memoryJob } from "./memory-job.ts";
import { type ToyState, toy, toyOpen, toySend, toySetup, toySimulator } from "./toy-fixture.ts";
import { createWorld } from "./world.ts";

/** A job at the toy platform; `steps` take the place of its own. */
async function jobOf(steps: readonly Step<ToyState>[], format: Partial<Format<ToyState>> = {}, renews = false) {
  const provider = toy();
  const [platform] = provider.platforms;
  assert.ok(platform);
  const world = createWorld({ provider, platform }, toySimulator);
  const connected = await toySetup.connect(world, "toy_login");
  const whole: Format<ToyState> = { label: "Text", media: { min: 0, max: 0 }, start: () => ({}), steps, ...format };
  const way: Way = { name: "toy.text", format: whole, schedule: undefined };
  const job = memoryJob(
    {
      now: () => world.clock.now(),
      advance: (ms) => world.advance(ms),
      account: () => connected.account,
      renew: async () => (renews ? undefined : { kind: "auth_revoked", message: "Nothing is renewed here." }),
      context: (step, onVisibleCall) => world.context(connected, step.effect, { effectCalls: 0, onVisibleCall }),
    },
    { way, post: { format: "text", text: "hello", media: [], options: {} }, plannedAt: undefined },
  );
  return { job, live: () => world.sim.simulator.posts().length };
}

/** Dies at its first run, before or after what the step does. */
const dying = (step: Step<ToyState>, when: "before" | "after"): Step<ToyState> => {
  let isAlive = true;
  return {
    ...step,
    async run(input, ctx) {
      const done = when === "after" || !isAlive ? await step.run(input, ctx) : undefined;
      if (!isAlive && done) return done;
      isAlive = false;
      throw new Error("killed");
    },
  };
};

test("a worker that dies between two steps leaves the next one what was kept, and nothing is kept at the end", async () => {
  const handed: (Sealed | undefined)[] = [];
  const send: Step<ToyState> = {
    ...toySend,
    run(input, ctx) {
      handed.push(input.sealed);
      return toySend.run(input, ctx);
    },
  };
  const { job, live } = await jobOf([toyOpen, dying(send, "before")]);
  await assert.rejects(job.next(), /killed/);
  const kept = job.row.sealed.address?.reveal() ?? "";
  assert.match(kept, /^https:\/\/api\.toy\.test\/upload\?sig=/);
  assert.ok(!JSON.stringify(job.row).includes(kept), "it prints nowhere");
  await job.next();
  // The visible call was announced, so it is looked for first; surely absent, it is made.
  await job.next();
  assert.deepEqual([job.row.state, live(), handed.map((it) => it?.address?.reveal())], ["published", 1, [kept]]);
  assert.deepEqual(job.row.sealed, {});
});

test("a worker that dies after its visible call is followed by a look, never by a second post", async () => {
  const { job, live } = await jobOf([dying(toySend, "after")]);
  await assert.rejects(job.next(), /killed/);
  await job.next();
  assert.deepEqual([job.row.state, live()], ["published", 1]);
});

test("a step that finds its post out, though nothing was sent, is followed by a look", async () => {
  const finds: Step<ToyState> = {
    ...toySend,
    run: async () => fail({ kind: "outcome_unknown", message: "The platform says that it is out." }),
    probe: async () => ok({ kind: "found", candidates: [{ externalId: "7", ours: true, state: { id: "7" } }] }),
  };
  const { job, live } = await jobOf([finds]);
  await job.next();
  assert.deepEqual([job.row.state, job.row.mayBeLive], ["unknown", true]);
  await job.next();
  assert.deepEqual([job.row.state, job.row.published?.externalId, live()], ["published", "7", 0]);
});

test("a lost call nobody sees, made by a visible step, is made again without a look", async () => {
  let isLost = true;
  const uploads: Step<ToyState> = {
    ...toySend,
    async run(input, ctx) {
      if (!isLost) return toySend.run(input, ctx);
      isLost = false;
      await ctx.http.request({ method: "POST", url: "https://api.toy.test/upload", effect: "invisible" });
      return fail({ kind: "outcome_unknown", message: "The answer was lost." });
    },
  };
  const { job, live } = await jobOf([uploads]);
  await job.next();
  assert.deepEqual([job.row.state, job.row.mayBeLive], ["retrying", false]);
  await job.next();
  assert.deepEqual([job.row.state, live()], ["published", 1]);
});

test("a change after the visible call does not leave, and what did leave is looked up", async () => {
  const twice: Step<ToyState> = {
    ...toySend,
    async run(input, ctx) {
      await toySend.run(input, ctx);
      return toySend.run(input, ctx);
    },
  };
  const { job, live } = await jobOf([twice]);
  await assert.rejects(job.next(), { name: "EffectAfterVisible" });
  assert.equal(live(), 1);
  await job.next();
  assert.deepEqual([job.row.state, live()], ["published", 1]);
});

test("a read that learns a secret is committed, so that the state never runs ahead of it", async () => {
  const read: Step<ToyState> = { ...toyOpen, effect: "none" };
  const { job } = await jobOf([read, dying(toySend, "before")]);
  await assert.rejects(job.next(), /killed/);
  assert.equal(job.row.connectorState?.isOpen, true);
  assert.ok(job.row.sealed.address);
});

test("an older state is read as the newer format says until it is stored with the newer version", async () => {
  const reads: number[] = [];
  const steps = [toyOpen, dying(toySend, "before")];
  const { job } = await jobOf(steps, {
    stateVersion: 2,
    olderStates: {
      1: (state: JsonObject) => {
        reads.push(1);
        return { ...state, wasOlder: true };
      },
    },
  });
  await assert.rejects(job.next(), /killed/);
  assert.deepEqual([reads, job.row.stateVersion], [[], 2]);
  Object.assign(job.row, { stateVersion: 1 });
  await job.next();
  await job.next();
  assert.deepEqual([reads, job.row.stateVersion, job.row.connectorState?.wasOlder], [[1, 1], 2, true]);
  assert.equal(job.row.state, "published");
});

test("a state of a version nobody reads is refused, not guessed at", async () => {
  const { job, live } = await jobOf([toyOpen, dying(toySend, "before")]);
  await assert.rejects(job.next(), /killed/);
  Object.assign(job.row, { stateVersion: 7 });
  await assert.rejects(job.next(), /version 7 are not known/);
  assert.equal(live(), 0);
});

test("a draft in the platform's app is handed over, nothing of it may be live, and its author's posting ends the job", async () => {
  let isPosted = false;
  const hand: Step<ToyState> = {
    name: "hand_over",
    effect: "visible",
    repeatable: false,
    done: ({ postId }) => postId !== undefined,
    async run({ state }) {
      if (isPosted) return ok({ state: { ...state, postId: "p1" }, published: { externalId: "p1" } });
      return ok({ state, handedOver: "app", unseen: true, waitMs: 60_000 });
    },
    probe: async () => ok({ kind: "not_seen", looked: "nowhere" }),
  };
  const { job } = await jobOf([hand]);
  await job.next();
  assert.deepEqual([job.row.state, job.row.mayBeLive, job.row.wake], ["handed_over", false, 60_000]);
  await job.next();
  assert.equal(job.row.state, "handed_over");
  isPosted = true;
  await job.next();
  assert.deepEqual([job.row.state, job.row.published?.externalId], ["published", "p1"]);
});

/** A draft that was handed over, and what the looks after that come to. */
async function draft(...looks: readonly (() => PlatformResult<Progress<ToyState>>)[]) {
  const left = [...looks];
  const hand: Step<ToyState> = {
    name: "wait",
    effect: "none",
    repeatable: true,
    done: ({ postId }) => postId !== undefined,
    run: async ({ state }) => left.shift()?.() ?? ok({ state, handedOver: "app", unseen: true, waitMs: 60_000 }),
  };
  const { job } = await jobOf([hand], {}, true);
  await job.next();
  assert.equal(job.row.state, "handed_over");
  return { job };
}
const inInbox = async () => ok({ state: {}, handedOver: "app" as const, unseen: true as const, waitMs: 60_000 });

test("a draft that cannot be looked at stays with its author and is never said not to be sent", async () => {
  const failures: readonly PlatformFailure[] = [
    { kind: "unavailable", message: "down" },
    { kind: "rate_limited", message: "slow", quota: true },
    { kind: "auth_revoked", message: "ended" },
    { kind: "account_blocked", message: "blocked" },
    { kind: "operator_must_act", what: "app", message: "app" },
    { kind: "outcome_unknown", message: "cut" },
  ];
  for (const failure of failures) {
    const { job } = await draft(inInbox, ...Array.from({ length: 6 }, () => async () => fail(failure)));
    for (let look = 0; look < 6; look += 1) {
      await job.next();
      assert.deepEqual([job.row.state, job.row.failure?.post], ["handed_over", "may_be_live"], failure.kind);
      assert.ok(typeof job.row.wake === "number" && job.row.wake > 0, failure.kind);
    }
    await job.next();
    assert.equal(job.row.state, "handed_over");
  }
});

test("a draft the platform tells nothing of any more is a person's to settle, and may be live until then", async () => {
  const odd: PlatformFailure = { kind: "unexpected_response", status: 400, message: "odd" };
  const { job } = await draft(inInbox, async () => fail(odd));
  await job.next();
  assert.deepEqual([job.row.state, job.row.mayBeLive, job.row.needsPerson], ["unknown", true, true]);
});

test("a draft its author has taken up may be live before the platform names it", async () => {
  const { job } = await draft(
    inInbox,
    async () => ok({ state: {}, waitMs: 5_000 }),
    async () => ok({ state: { postId: "p1" }, published: { externalId: "p1" } }),
  );
  await job.next();
  assert.deepEqual([job.row.state, job.row.mayBeLive], ["processing", true]);
  await job.next();
  assert.deepEqual([job.row.state, job.row.mayBeLive], ["published", false]);
});

test("a draft is with its author while the token for a look at it is renewed", async () => {
  const { job } = await draft(
    inInbox,
    async () => fail({ kind: "auth_expired", message: "ended" }),
    async () => {
      throw new Error("killed");
    },
  );
  await assert.rejects(job.next(), /killed/);
  assert.deepEqual([job.row.state, job.row.mayBeLive], ["handed_over", false]);
});

const broken: PlatformFailure = { kind: "content_rejected", field: "media", reason: "broken", message: "broken" };

test("a draft the platform gave up is a failed one, as nobody sees it", async () => {
  const { job } = await draft(inInbox, async () => ok({ state: {}, unseen: true as const, failure: broken }));
  await job.next();
  assert.deepEqual([job.row.state, job.row.mayBeLive, job.row.failure?.post], ["failed", false, "not_sent"]);
});

test("what the platform gave up is told once, and only what runs after that begins anew", async () => {
  const runs: string[] = [];
  const make: Step<ToyState> = {
    ...toySend,
    name: "make",
    done: ({ postId }) => postId !== undefined,
    async run(input, ctx) {
      runs.push("make");
      const sent = await toySend.run(input, ctx);
      return sent.ok ? ok({ state: { postId: `p${runs.length}` } }) : sent;
    },
  };
  const wait: Step<ToyState> = {
    name: "wait",
    effect: "none",
    repeatable: true,
    done: () => false,
    async run({ state }) {
      runs.push(`wait for ${state.postId}`);
      const told = runs.length > 2 ? { ...broken, kind: "unavailable" as const } : broken;
      return ok({ state: {}, unseen: true, failure: told });
    },
  };
  const { job } = await jobOf([toyOpen, make, wait]);
  await job.next();
  assert.deepEqual(runs, ["make", "wait for p1"]);
  assert.deepEqual([job.row.state, job.row.mayBeLive, job.row.connectorState], ["failed", false, {}]);
  assert.deepEqual([job.row.failure?.failure, job.row.failure?.post], [broken, "not_sent"]);
  await job.next();
  assert.deepEqual(runs, ["make", "wait for p1", "make", "wait for p3"], "somebody's word begins it anew");
  assert.deepEqual(
    [job.row.state, job.row.mayBeLive, job.row.tries],
    ["retrying", false, 1],
    "as any failure of its kind",
  );
});
