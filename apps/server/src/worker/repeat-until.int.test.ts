import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ConnectorContext, Format, Step } from "@postd/connector-kit";
import { asId, fail, ok } from "@postd/contracts";
import type { Caller } from "@postd/core";
import { createHarness } from "./pipeline-harness.ts";

const windowMs = 10 * 60_000;
type State = { readonly id?: string };

/** A platform that lists nothing and refuses for ten minutes what it has; the next calls are lost before or after it took them. */
const place = { live: [] as string[], calls: 0, script: [] as ("lost" | "taken")[] };
const now = { ms: () => 0 };
const takenAt = new Map<string, number>();

const send: Step<State> = {
  name: "send",
  effect: "visible",
  repeatable: false,
  done: ({ id }) => id !== undefined,
  prepare: ({ post }) => ({ text: post.text }),
  async run({ post: { text }, state, repeats }, ctx) {
    place.calls += 1;
    // The scripted context has this one function.
    (ctx as ConnectorContext & { sent(): void }).sent();
    const fate = place.script.shift();
    const cut = { kind: "outcome_unknown", message: "The line was cut." } as const;
    if (fate === "lost") return fail(cut);
    const isTwin = now.ms() - (takenAt.get(text) ?? Number.NEGATIVE_INFINITY) < windowMs;
    if (!isTwin) {
      place.live.push(text);
      takenAt.set(text, now.ms());
    }
    if (fate === "taken") return fail(cut);
    const refused = {
      kind: "content_rejected",
      field: "text",
      reason: "twin",
      refused: true,
      message: "twin",
    } as const;
    if (isTwin && !repeats) return fail(refused);
    const id = `w-${text}`;
    return ok({ state: { ...state, id }, published: { externalId: id } });
  },
  probe: async ({ intentAt }) =>
    ok({ kind: "repeat_until", until: new Date(intentAt.getTime() + windowMs), looked: "nowhere" }),
};
const guarded: Format<State> = { label: "Guarded", media: { min: 0, max: 0 }, start: () => ({}), steps: [send] };

describe("a lost call at a platform that refuses a second post like it", () => {
  let h: Awaited<ReturnType<typeof createHarness>>;
  let caller: Caller;
  let connectionId: string;
  let texts = 0;

  before(async () => {
    h = await createHarness({ guarded });
    now.ms = () => h.clock.now().getTime();
  });
  after(() => h.close());
  beforeEach(async () => {
    await h.forget();
    ({ caller, connectionId } = await h.tenant());
    Object.assign(place, { live: [], calls: 0, script: [] });
  });

  const publish = async (fate: "lost" | "taken") => {
    texts += 1;
    place.script = [fate];
    const made = await h.service.createPost(caller, {
      content: `guarded ${texts}`,
      targets: [{ connectionId: asId("connection", connectionId) }],
      format: "guarded",
      mode: "publish",
    });
    assert.ok(made.ok, JSON.stringify(made));
    const id = made.value.view.jobs[0]?.id ?? "";
    await h.work();
    return id;
  };

  for (const fate of ["lost", "taken"] as const)
    it(`is made once more where it was ${fate}, and there is one post`, async () => {
      const id = await publish(fate);
      await h.settle();
      assert.deepEqual([await h.state(caller, id), place.live.length, place.calls], ["published", 1, 2]);
    });

  it("is not made again after a machine was off for longer than that", async () => {
    const id = await publish("taken");
    await h.advance(windowMs);
    await h.settle();
    assert.deepEqual([await h.state(caller, id), place.live.length, place.calls], ["unknown", 1, 1]);
  });

  it("is not made again while somebody wants it stopped", async () => {
    const id = await publish("lost");
    const wished = await h.service.cancelJob(caller, asId("publishJob", id));
    assert.ok(wished.ok, JSON.stringify(wished));
    await h.settle();
    assert.deepEqual([place.live.length, place.calls], [0, 1]);
  });

  it("is not made again while the workspace is paused", async () => {
    const id = await publish("lost");
    assert.ok((await h.service.pause(caller, { scope: "tenant" })).ok);
    await h.settle();
    assert.deepEqual([await h.state(caller, id), place.live.length], ["unknown", 0]);
  });
});
