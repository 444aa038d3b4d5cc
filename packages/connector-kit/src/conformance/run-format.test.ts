import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { defineProvider } from "../provider.ts";
import type { OutgoingPost, ProbeAnswer, Step } from "../publish.ts";
import { secret } from "../secret.ts";
import { pinboard } from "../simulator/fixture.ts";
import { barePlatform, bareProvider, barePublishing } from "./bare-provider.ts";
import { anyPlace, runFormat } from "./run-format.ts";
import { type Connected, createWorld } from "./world.ts";

type State = { readonly id?: string };
type Probe = (input: {
  readonly live: readonly { id: string; text: string }[];
  readonly text: string;
}) => ProbeAnswer<State>;

/** A platform where a repeat posts twice: only what the probe says stands between a lost answer and a twin. */
function board(probe: Probe, over: Partial<Step<State>> = {}) {
  const world = createWorld(subjectWith([]), pinboard);
  const pin: Step<State> = {
    name: "pin",
    effect: "visible",
    repeatable: false,
    done: (state) => state.id !== undefined,
    async run({ post }, ctx) {
      const sent = await ctx.http.request({
        method: "POST",
        url: "https://api.pinboard.test/posts",
        json: { text: post.text },
      });
      if (!sent.ok) return sent;
      const body = z.object({ id: z.string() }).safeParse(sent.value.json);
      if (!body.success) return fail({ kind: "unexpected_response", status: sent.value.status, message: "odd" });
      return ok({ state: { id: body.data.id }, published: { externalId: body.data.id } });
    },
    probe: async ({ post }) => ok(probe({ live: world.sim.simulator.posts(), text: post.text })),
    ...over,
  };
  return { ...world, ...subjectWith([pin as unknown as Step<JsonObject>]) };
}

function subjectWith(steps: readonly Step<JsonObject>[]) {
  const idle: Step<JsonObject> = {
    name: "idle",
    effect: "none",
    repeatable: true,
    done: () => true,
    run: async () => ok({ state: {} }),
  };
  const text = {
    label: "Text",
    media: { min: 0, max: 0 },
    start: () => ({}),
    steps: steps.length > 0 ? steps : [idle],
  };
  const platform = barePlatform({ id: "pins", publishing: barePublishing({ text }) });
  return { platform, provider: defineProvider(bareProvider([platform], { hosts: ["api.pinboard.test"] })) };
}

const connected: Connected = {
  account: { externalId: "1", kind: "person", authKind: "keys", name: "Ida", extras: {} },
  credentials: { accessToken: secret("token-of-ida") },
};
const post: OutgoingPost = { format: "text", text: "hello", media: [], options: {} };
const lose = (when: "before" | "after") => (run: number) => (run === 0 ? ({ kind: "cut", when } as const) : undefined);

const honest: Probe = ({ live, text }) => {
  const found = live.filter((pin) => pin.text === text);
  return found.length > 0
    ? { kind: "found", candidates: found.map(({ id }) => ({ externalId: id, state: { id }, ours: true })) }
    : { kind: "absent_authoritative", because: "the board lists everything" };
};
const blind: Probe = () => ({ kind: "not_seen", looked: "the newest pins" });
const liar: Probe = () => ({ kind: "absent_authoritative", because: "so it says" });

test("a lost answer is found by an honest probe, and sent again only where it is surely absent", async () => {
  for (const when of ["after", "before"] as const) {
    const world = board(honest);
    const report = await runFormat({ world, connected, post, meddle: lose(when) });
    assert.equal(report.end, "published");
    assert.equal(world.sim.simulator.posts().length, 1);
    assert.equal(report.trace.length, when === "after" ? 1 : 2);
  }
});

test("a probe that cannot tell leads to a person, never to a second post", async () => {
  const world = board(blind);
  const report = await runFormat({ world, connected, post, meddle: lose("after") });
  assert.equal(report.end, "asks_person");
  assert.equal(world.sim.simulator.posts().length, 1);
});

test("a probe that lies makes a twin, and the twin is seen", async () => {
  const world = board(liar);
  await runFormat({ world, connected, post, meddle: lose("after") });
  assert.equal(world.sim.simulator.posts().length, 2);
});

test("an answer of another shape on a call that may not be repeated is looked up, not sent again", async () => {
  const world = board(honest);
  const meddle = (run: number) => (run === 0 ? ({ kind: "body", text: "{}" } as const) : undefined);
  const report = await runFormat({ world, connected, post, meddle });
  assert.deepEqual([report.end, world.sim.simulator.posts().length], ["published", 1]);
});

/** A run of calls by their effect, in order; the last one gives the post its name. */
const calling = (...effects: readonly ("none" | "invisible" | "visible")[]): Partial<Step<State>> => ({
  async run({ post }, ctx) {
    let id = "";
    for (const effect of effects) {
      const sent = await ctx.http.request({
        method: ({ none: "GET", invisible: "PUT", visible: "POST" } as const)[effect],
        url: effect === "visible" ? "https://api.pinboard.test/posts" : "https://api.pinboard.test/me",
        ...(effect === "none" ? {} : { json: { text: post.text } }),
        effect,
      });
      if (!sent.ok) return sent;
      id = z.object({ id: z.string() }).safeParse(sent.value.json).data?.id ?? id;
    }
    return ok({ state: { id }, published: { externalId: id } });
  },
});

test("one run may read and prepare as often as it likes, and shows once, as its last change", async () => {
  const well = board(honest, calling("none", "invisible", "invisible", "visible", "none"));
  assert.equal((await runFormat({ world: well, connected, post })).trace[0]?.effectCalls, 3);
  assert.equal(well.sim.simulator.posts().length, 1);
  for (const second of ["visible", "invisible"] as const) {
    const world = board(honest, calling("invisible", "visible", second));
    await assert.rejects(
      runFormat({ world, connected, post }),
      /pins.text.pin wants to change .* after its visible call/,
    );
    assert.equal(world.sim.simulator.posts().length, 1, "what was refused did not leave");
  }
});

test("any call of a run can be the one whose answer is lost", async () => {
  for (const call of [0, 1, 2]) {
    const world = board(honest, calling("invisible", "invisible", "visible"));
    const meddle = (run: number) => (run === 0 ? ({ kind: "cut", when: "after", call } as const) : undefined);
    const report = await runFormat({ world, connected, post, meddle });
    assert.deepEqual([report.end, world.sim.simulator.posts().length], ["published", 1]);
    // A call no audience sees is made again; one it sees is looked up.
    assert.equal(report.trace.length, call === 2 ? 1 : 2);
  }
});

test("a state that is no JSON and an undeclared host are each caught", async () => {
  const dated = board(honest, { run: async () => ok({ state: { id: new Date() as unknown as string } }) });
  await assert.rejects(runFormat({ world: dated, connected, post }), /does not survive JSON/);
  const stray = board(honest, {
    run: async (_input, ctx) => {
      await ctx.http.request({ method: "GET", url: "https://elsewhere.test/" });
      return ok({ state: { id: "1" } });
    },
  });
  await assert.rejects(runFormat({ world: stray, connected, post }), /which it does not declare/);
});

test("waits pass on the clock, and a step that never ends is an error", async () => {
  const world = board(honest, { run: async () => ok({ state: {}, waitMs: 60_000 }) });
  const startedAt = world.clock.now().getTime();
  await assert.rejects(runFormat({ world, connected, post }), /did not come to an end/);
  assert.ok(world.clock.now().getTime() - startedAt >= 60_000 * 100);
});

test("what the platform says nobody sees is settled: a later call that never left is made again, not asked about", async () => {
  for (const isSaid of [true, false]) {
    const world = createWorld(subjectWith([]), pinboard);
    const unseenIn = async () => ok({ kind: "not_seen", looked: "the newest pins" } as const);
    const draft: Step<JsonObject> = {
      name: "draft",
      effect: "visible",
      repeatable: false,
      done: (state) => state.draft === true,
      run: async (_input, ctx) => {
        const made = await ctx.http.request({ method: "PUT", url: "https://api.pinboard.test/me", json: {} });
        return made.ok ? ok({ state: { draft: true } }) : made;
      },
      probe: unseenIn,
    };
    const check: Step<JsonObject> = {
      name: "check",
      effect: "none",
      repeatable: true,
      done: (state) => state.checked === true,
      run: async ({ state }) => ok({ state: { ...state, checked: true }, ...(isSaid && { unseen: true }) }),
    };
    const pin: Step<JsonObject> = {
      name: "pin",
      effect: "visible",
      repeatable: false,
      done: (state) => state.id !== undefined,
      async run({ post, state }, ctx) {
        const json = { text: post.text };
        const sent = await ctx.http.request({ method: "POST", url: "https://api.pinboard.test/posts", json });
        if (!sent.ok) return sent;
        const { id } = z.object({ id: z.string() }).parse(sent.value.json);
        return ok({ state: { ...state, id }, published: { externalId: id } });
      },
      probe: unseenIn,
    };
    let hasFailed = false;
    const meddle = (_run: number, step: Step<JsonObject>) => {
      if (step.name !== "pin" || hasFailed) return undefined;
      hasFailed = true;
      return { kind: "unsent" } as const;
    };
    const subject = subjectWith([draft, check, pin]);
    const report = await runFormat({ world: { ...world, ...subject }, connected, post, meddle });
    assert.equal(report.end, isSaid ? "published" : "asks_person");
  }
});

test("a sample for any place goes to the one its world names, and another to its own", async () => {
  const seen: (string | undefined)[] = [];
  const noting: Step<State> = {
    name: "pin",
    effect: "none",
    repeatable: true,
    done: (state) => state.id !== undefined,
    async run({ post }) {
      seen.push(post.destination);
      return ok({ state: { id: "1" }, published: { externalId: "1" } });
    },
  };
  const subject = subjectWith([noting as unknown as Step<JsonObject>]);
  const world = createWorld(subject, pinboard);
  const connected: Connected = {
    account: { externalId: "1", kind: "profile", authKind: "keys", name: "Ida", extras: {} },
    credentials: { accessToken: secret("token") },
  };
  world.place = "board-7";
  for (const destination of [anyPlace, "board-1"])
    await runFormat({ world, connected, post: { format: "text", text: "Hi", media: [], options: {}, destination } });
  assert.deepEqual(seen, ["board-7", "board-1"]);
});
