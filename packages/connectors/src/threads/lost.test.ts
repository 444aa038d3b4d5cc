import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutgoingPost } from "@postd/connector-kit";
import type { RunFormatOptions } from "@postd/connector-kit/conformance";
import { creates, losing, notFound, one, publishes, setUp } from "./case-harness.ts";
import { threads } from "./platform.ts";
import type { PostState } from "./state.ts";

test("TH-1: a container that is not found is published again after 5 s and 30 s, as one post", async () => {
  const { publish, refuse, calls, live } = await setUp();
  refuse("threads_publish", notFound, { times: 2 });
  const done = await publish({ media: [one.info], format: "image" });
  assert.deepEqual([done.end, live().length, calls(publishes)], ["published", 1, 3]);
  const waits = done.trace.filter(({ step }) => step === "publish").map(({ waitMs }) => waitMs);
  assert.deepEqual(waits, [5_000, 30_000, undefined]);
});

test("TH-1: after three refusals a new container is made, at most two, and then the post is said to be lost", async () => {
  const some = await setUp();
  some.refuse("threads_publish", notFound, { times: 3 });
  const done = await some.publish();
  assert.deepEqual([done.end, some.live().length, some.calls(creates), some.calls(publishes)], ["published", 1, 2, 4]);
  const ever = await setUp();
  ever.refuse("threads_publish", notFound, { times: "always" });
  const lost = await ever.publish();
  assert.deepEqual([lost.end, ever.live().length, ever.calls(creates), ever.calls(publishes)], ["failed", 0, 3, 9]);
  assert.ok(lost.failure?.kind === "content_rejected" && lost.failure.reason === "lost", JSON.stringify(lost.failure));
});

test("TH-1: a container Threads has yet to spread is published once it has", async () => {
  const { publish, act, calls, live } = await setUp();
  await act("set", { spreadMs: 20_000 });
  const done = await publish();
  assert.deepEqual([done.end, live().length, calls(creates)], ["published", 1, 1], JSON.stringify(done.trace));
  assert.ok(calls(publishes) > 1);
});

test("TH-1: a container that is published all the same is looked up, and not published again", async () => {
  const { publish, refuse, calls, live } = await setUp();
  refuse("threads_publish", notFound, { after: true });
  const done = await publish();
  assert.deepEqual([done.end, live().length, calls(publishes)], ["published", 1, 1], JSON.stringify(done.trace));
});

test("TH-1: a container that was given up and came out all the same is the post; the new one is not published", async () => {
  const { publish, refuse, calls, live } = await setUp();
  refuse("threads_publish", notFound, { times: 2 });
  refuse("threads_publish", notFound, { after: true });
  // That it came out is told only once a new container is made.
  const tamper: RunFormatOptions["tamper"] = (answer) =>
    calls(creates) > 1 ? answer : { ...answer, text: answer.text.replace('"PUBLISHED"', '"FINISHED"') };
  const done = await publish({}, { tamper });
  assert.deepEqual(
    [done.end, live().length, calls(creates), calls(publishes), done.published?.externalId],
    ["published", 1, 2, 3, live()[0]?.id],
    JSON.stringify(done.trace),
  );
});

test("TH-1: where the status of what was given up lags, the newest posts are looked at, and nothing is shown twice", async () => {
  const { publish, refuse, calls, live } = await setUp();
  refuse("threads_publish", notFound, { times: 2 });
  refuse("threads_publish", notFound, { after: true });
  const tamper: RunFormatOptions["tamper"] = (answer) => ({
    ...answer,
    text: answer.text.replace('"PUBLISHED"', '"FINISHED"'),
  });
  const done = await publish({}, { tamper });
  assert.deepEqual([done.end, live().length, calls(publishes)], ["asks_person", 1, 3], JSON.stringify(done.trace));
});

test("TH-1: a post like one that was given up stops the next container until it was looked into, and not for ever", async () => {
  const { world, connected } = await setUp();
  const step = threads.publishing.formats.text?.steps.find(({ name }) => name === "publish");
  const at = (ms: number) => new Date(world.clock.now().getTime() + ms).toISOString();
  const given = { id: "1", madeAt: at(-60_000) };
  const state: PostState = { childIds: [], readyChildren: 0, remakes: 1, ids: [], earlier: [given] };
  const ready: PostState = { ...state, container: { id: "2", madeAt: at(0), ready: true, tries: 0 } };
  const ctx = world.context(connected, "visible");
  const http: typeof ctx.http = {
    async request({ method, url }) {
      const like = { id: "9", text: "x", timestamp: at(-30_000), media_type: "TEXT_POST" };
      const json =
        method === "POST" ? { id: "3" } : url.endsWith("/threads") ? { data: [like] } : { status: "FINISHED" };
      return { ok: true, value: { status: 200, headers: {}, text: JSON.stringify(json), json, effect: "visible" } };
    },
  };
  const post: OutgoingPost = { format: "text", text: "x", media: [], options: {} };
  const run = async (likeSeenAt?: string) => {
    const input = { post, prepared: null, state: { ...ready, ...(likeSeenAt && { likeSeenAt }) } };
    const done = await step?.run(input, { ...ctx, http });
    return done?.ok ? (done.value.published?.externalId ?? done.value.state.likeSeenAt) : done?.error.kind;
  };
  assert.equal(await run(), at(0));
  assert.equal(await run(at(-1_000)), "outcome_unknown");
  assert.equal(await run(at(-6 * 60_000)), "3");
});

test("TH-1: a post is not said to be lost while the newest posts show it", async () => {
  const { publish, refuse, live } = await setUp();
  refuse("threads_publish", notFound, { times: 8 });
  refuse("threads_publish", notFound, { after: true });
  let lags = 2;
  const tamper: RunFormatOptions["tamper"] = (answer) =>
    answer.text.includes('"PUBLISHED"') && lags-- > 0
      ? { ...answer, text: answer.text.replace('"PUBLISHED"', '"FINISHED"') }
      : answer;
  const done = await publish({}, { tamper });
  assert.deepEqual([done.end, live().length, done.published?.externalId], ["published", 1, live()[0]?.id]);
});

test("TH-7: a text whose answer is lost is looked up before anything is sent again", async () => {
  for (const when of ["after", "before"] as const) {
    const { publish, calls, live } = await setUp();
    const done = await publish({}, { meddle: losing("publish", when) });
    // A call that was cut before it arrived is not among those Threads saw.
    assert.deepEqual([done.end, live().length, calls(publishes)], ["published", 1, 1], JSON.stringify(done.trace));
  }
});

test("a publish may take two minutes and more before it is given up, and longer before it counts as not done", async () => {
  const { world, connected, publish } = await setUp();
  const asked: number[] = [];
  const step = threads.publishing.formats.text?.steps.find(({ name }) => name === "publish");
  assert.ok(step);
  const { state } = await publish({}, { onFailure: "stop", meddle: () => undefined });
  const ready: PostState = {
    ...(state as PostState),
    ids: [],
    container: { id: "1", madeAt: "", ready: true, tries: 0 },
  };
  const ctx = world.context(connected, "visible");
  const http: typeof ctx.http = {
    async request(request) {
      if (request.method === "POST") asked.push(request.timeoutMs ?? 0);
      const json = request.method === "GET" ? { id: "1", status: "FINISHED" } : { id: "2" };
      return { ok: true, value: { status: 200, headers: {}, text: JSON.stringify(json), json, effect: "visible" } };
    },
  };
  const post: OutgoingPost = { format: "text", text: "x", media: [], options: {} };
  assert.ok((await step.run({ post, state: ready, prepared: null }, { ...ctx, http })).ok);
  assert.ok((asked[0] ?? 0) >= 120_000 && (step.timeoutMs ?? 0) > (asked[0] ?? 0));
});

test("a lost part of a thread is found by what it answers, though another thread says the same", async () => {
  const { publish, live } = await setUp();
  const post = { text: "A thread", parts: [{ text: "Same words" }, { text: "Same words" }] };
  const first = await publish(post);
  assert.equal(first.end, "published", JSON.stringify(first.failure));
  const second = await publish(post, { meddle: losing("publish_reply", "after") });
  assert.equal(second.end, "published", JSON.stringify(second.trace));
  assert.ok(second.trace.some(({ step, outcome }) => step === "publish_reply" && outcome === "outcome_unknown"));
  assert.equal(live().length, 6);
  const ids = [first, second].flatMap(({ state }) => (state as PostState).ids);
  assert.equal(new Set(ids).size, 6);
});

test("a published post that no list names is known by its container, and is not deleted unseen", async () => {
  const { world, connected, publish, live } = await setUp();
  world.sim.arm({ fault: "hideFromLists", times: "always" });
  const done = await publish({}, { meddle: losing("publish", "after") });
  assert.deepEqual(
    [done.end, live().length, (done.state as PostState).isUnnamed],
    ["published", 1, true],
    JSON.stringify(done.trace),
  );
  const ref = { externalId: done.published?.externalId ?? "", format: "text", state: done.state };
  const removed = await threads.publishing.remove?.run(ref, world.context(connected, "visible"));
  assert.ok(removed && !removed.ok && removed.error.kind === "content_rejected", JSON.stringify(removed));
});
