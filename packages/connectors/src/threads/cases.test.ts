import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccountRef, checkPost, type OutgoingPost } from "@postd/connector-kit";
import {
  createWorld,
  type RunFormatOptions,
  runFormat,
  type SampleMedia,
  sampleMedia,
} from "@postd/connector-kit/conformance";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { connect, simulator } from "./connect-harness.ts";
import { threads } from "./platform.ts";
import { provider } from "./provider.ts";
import type { PostState } from "./state.ts";
import { countThreads, topicIn } from "./words.ts";

const photo = (seed: number): SampleMedia =>
  sampleMedia(sampleJpeg({ width: 720, height: 960, seed }), {
    kind: "image",
    mimeType: "image/jpeg",
    width: 720,
    height: 960,
  });
const [one, two] = [photo(1), photo(2)];
const film = sampleMedia(sampleMp4({ width: 540, height: 960, durationMs: 5_000, seed: 3 }), {
  kind: "video",
  mimeType: "video/mp4",
  width: 540,
  height: 960,
  durationMs: 5_000,
});

async function setUp() {
  const world = createWorld({ provider, platform: threads }, simulator);
  for (const file of [one, two, film]) world.add(file);
  const connected = await connect(world);
  const publish = (post: Partial<OutgoingPost> = {}, more: Partial<RunFormatOptions> = {}) =>
    runFormat({
      world,
      connected,
      post: { format: "text", text: "Fresh bread", media: [], options: {}, ...post },
      ...more,
    });
  const act = (name: string, about: object) => world.sim.simulator.act?.(name, about as never);
  // Containers are known at once, so that refusals are those of the test.
  await act("set", { spreadMs: 0 });
  const calls = (path: RegExp) =>
    world.sim.requests().filter((it) => it.method === "POST" && path.test(it.path)).length;
  /** Refuses the next matching calls by an error of Threads. */
  const refuse = (path: string, error: object, more: object = {}) => {
    const body = { error: { message: "refused", type: "THApiException", fbtrace_id: "A1", ...error } };
    world.sim.arm({ fault: "platformError", status: 400, body, match: { method: "POST", path }, ...more } as never);
  };
  return { world, connected, publish, act, calls, refuse, live: () => world.sim.simulator.posts() };
}
/** The first answer to this step is lost. */
function losing(step: string, when: "before" | "after"): NonNullable<RunFormatOptions["meddle"]> {
  let times = 0;
  return (_run, { name }) => (name === step && times++ === 0 ? { kind: "cut", when } : undefined);
}
const publishes = /threads_publish$/;
const creates = /\/threads$/;
const notFound = { code: 24, error_subcode: 4279009, is_transient: false };
const account: AccountRef = { externalId: "1", kind: "profile", authKind: "threads", name: "Ida", extras: {} };
const told = (post: Partial<OutgoingPost>) =>
  checkPost(threads, { format: "text", text: "x", media: [], options: {}, ...post }, account).map(
    ({ field, code, severity }) => `${field} ${code} ${severity}`,
  );

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

test("TH-3: six links are refused at the check, four and five warned of, the card's among them once", () => {
  const links = (count: number) => Array.from({ length: count }, (_, n) => `https://example.com/${n}`).join(" ");
  assert.deepEqual(told({ text: links(6) }), ["text too_many_links error"]);
  assert.deepEqual(told({ text: links(4) }), ["text many_links warning"]);
  assert.deepEqual(told({ text: links(3) }), []);
  assert.deepEqual(told({ text: links(5), link: { url: "https://example.com/5" } }), ["text too_many_links error"]);
  assert.deepEqual(told({ text: links(3), link: { url: "https://example.com/2" } }), []);
  assert.deepEqual(told({ text: "x", parts: [{ text: links(6) }] }), ["parts.0.text too_many_links error"]);
});

test("TH-5: the subcode decides over code 1: a file that was not fetched is asked for again, twice", async () => {
  const unfetched = { code: 1, error_subcode: 2207052, message: "An unknown error occurred" };
  const passing = await setUp();
  passing.refuse("/threads$", unfetched, { times: 2 });
  const done = await passing.publish({ media: [one.info, two.info], format: "carousel" });
  assert.deepEqual([done.end, passing.live().length], ["published", 1], JSON.stringify(done.failure));
  const ever = await setUp();
  ever.refuse("/threads$", unfetched, { times: "always" });
  const bad = await ever.publish({ media: [one.info], format: "image" });
  assert.ok(bad.failure?.kind === "content_rejected" && bad.failure.field === "media", JSON.stringify(bad.failure));
  assert.equal(ever.calls(creates), 3);
  const late = await setUp();
  late.refuse("threads_publish", unfetched);
  const again = await late.publish({ media: [one.info], format: "image" });
  assert.deepEqual(
    [again.end, late.live().length, late.calls(creates)],
    ["published", 1, 2],
    JSON.stringify(again.failure),
  );
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

test("TH-9: a topic with a full stop or an ampersand is refused by its field", () => {
  for (const topicTag of ["v1.0", "Salt & bread"])
    assert.deepEqual(told({ options: { topicTag } }), ["options.topicTag invalid_option error"]);
  assert.deepEqual(told({ options: { topicTag: "Salt and bread" } }), []);
});

test("the author is told which tag becomes the topic, and nothing where one is chosen", () => {
  assert.deepEqual(told({ text: "Fresh #bread, #rye" }), ["text becomes_topic warning"]);
  assert.deepEqual(told({ text: "Fresh #bread", options: { topicTag: "Baking" } }), []);
  const topics = ["#1 of #bread!", "C#2", "see https://x.com/#frag", "#1", "#rye-bread ok", "#東京、"].map(topicIn);
  assert.deepEqual(topics, ["bread", undefined, undefined, undefined, "rye-bread", "東京、"]);
});

test("emoji count as their UTF-8 bytes, everything else as characters people see", () => {
  assert.deepEqual(
    ["", "abc", "é", "e\u0301", "😀", "👨‍👩‍👧‍👦", "🇩🇪", "日本"].map(countThreads),
    [0, 3, 1, 1, 4, 25, 8, 2],
  );
  assert.deepEqual(told({ text: "😀".repeat(125) }), []);
  assert.deepEqual(told({ text: "😀".repeat(126) }), ["text text_too_long error"]);
});

test("poll, long text, link and who may reply are shown; two attachments are refused", async () => {
  const { publish, live } = await setUp();
  const shown = async (post: Partial<OutgoingPost>) => {
    const done = await publish(post);
    assert.equal(done.end, "published", JSON.stringify(done.failure));
    return JSON.stringify(live().find(({ id }) => id === done.published?.externalId));
  };
  assert.match(
    await shown({ text: "Which?", options: { poll: ["Rye", "Wheat"], replyControl: "followers_only" } }),
    /Rye.*Wheat/,
  );
  assert.match(await shown({ text: "More", options: { longText: { text: "The whole story" } } }), /The whole story/);
  assert.match(await shown({ text: "Look", link: { url: "https://example.com/card" } }), /example\.com\/card/);
  assert.deepEqual(told({ options: { poll: ["a", "b"], longText: { text: "y" } } }), [
    "options.longText one_attachment error",
  ]);
  assert.deepEqual(told({ options: { poll: ["a"] } }), ["options.poll invalid_option error"]);
});

test("GIFs, hidden pictures, posts of a day and quotes are shown as chosen", async () => {
  const { publish, act, connected, live } = await setUp();
  const shown = async (post: Partial<OutgoingPost>, more: Partial<RunFormatOptions> = {}) => {
    const done = await publish(post, more);
    assert.equal(done.end, "published", JSON.stringify(done.failure));
    return live().find(({ id }) => id === done.published?.externalId);
  };
  assert.equal((await shown({ options: { gifId: "g1" } }))?.details?.gif, "g1");
  const lost = { meddle: losing("publish", "after") };
  assert.equal((await shown({ text: "Wave", options: { gifId: "g1" } }, lost))?.details?.gif, "g1");
  assert.equal((await shown({ text: "A day", options: { ghost: true } }))?.details?.isGhost, true);
  const hidden = { format: "carousel", media: [one.info, two.info], options: { spoiler: true } };
  assert.equal((await shown(hidden))?.details?.isSpoilerMedia, true);
  await act("postByHand", { person: connected.account.externalId, text: "Look" });
  const quoted = live().find(({ text }) => text === "Look");
  for (const quote of [quoted?.id, quoted?.permalink])
    assert.equal((await shown({ text: `Well ${quote}`, options: { quote } as never }))?.details?.quoted, quoted?.id);
  assert.deepEqual(told({ options: { gifId: "g", poll: ["a", "b"] } }), ["options.gifId one_attachment error"]);
  assert.deepEqual(told({ options: { spoiler: true } }), ["options.spoiler not_for_format error"]);
});

test("a post that is to be quoted or answered and is gone is said to be gone, by its field, and the account is well", async () => {
  const { publish, world, connected } = await setUp();
  for (const quote of ["17999", "https://www.threads.net/@ida/post/none"]) {
    const { failure } = await publish({ options: { quote } });
    assert.ok(failure?.kind === "content_rejected" && failure.field === "options.quote", JSON.stringify(failure));
    assert.match(failure.message, /gone/);
  }
  const reply = await publish({ format: "reply", text: "Yes", destination: "17999" });
  assert.ok(
    reply.failure?.kind === "content_rejected" && reply.failure.field === "post",
    JSON.stringify(reply.failure),
  );
  const remove = threads.publishing.remove?.run;
  let removed = false;
  const thread = await publish(
    { text: "A", parts: [{ text: "B" }] },
    {
      meddle(_run, { name }) {
        if (name !== "make_reply" || removed) return undefined;
        removed = true;
        for (const { id } of world.sim.simulator.posts())
          void remove?.({ externalId: id, format: "text", state: {} }, world.context(connected, "visible"));
        return undefined;
      },
    },
  );
  assert.ok(thread.failure?.kind === "content_rejected" && thread.failure.field === "post", JSON.stringify(thread));
  assert.match(thread.failure.message, /gone/);
});

test("a part that Threads has taken and does not find yet is answered a little later", async () => {
  const { publish, refuse, live, calls } = await setUp();
  refuse("/threads$", { code: 100, error_subcode: 33 }, { skip: 1, times: 2 });
  const done = await publish({ text: "A", parts: [{ text: "B" }, { text: "C" }] });
  assert.deepEqual([done.end, live().length, calls(creates)], ["published", 3, 5], JSON.stringify(done.failure));
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

test("a thread is not begun where the day's replies would not hold it, and what is left of posts is told", async () => {
  const { world, connected, publish, act, calls } = await setUp();
  await act("set", { repliesPerDay: 1 });
  const limits = await threads.publishing.accountLimits?.(world.context(connected, "none"));
  assert.ok(limits?.ok && limits.value.postsLeft?.count === 250, JSON.stringify(limits));
  const parts = [{ text: "Second" }, { text: "Third" }];
  const held = await publish({ parts }, { onFailure: "stop" });
  assert.ok(held.failure?.kind === "rate_limited" && held.failure.quota, JSON.stringify(held.failure));
  assert.equal(calls(creates), 0);
  await act("set", { postsPerDay: 0 });
  assert.equal((await publish({}, { onFailure: "stop" })).failure?.kind, "rate_limited");
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

test("a broken container is said with its field; one broken for no told reason is made anew once", async () => {
  const bad = await setUp();
  await bad.act("failNext", { error: "INVALID_DURATION" });
  const refused = await bad.publish({ format: "video", media: [film.info] });
  assert.ok(refused.failure?.kind === "content_rejected" && refused.failure.field === "media");
  assert.deepEqual([refused.end, bad.calls(creates)], ["failed", 1]);
  const second = await setUp();
  await second.act("set", { imageProcessingMs: 0 });
  await second.act("failNext", { error: "INVALID_FRAME_RATE" });
  const named = await second.publish({ format: "carousel", media: [film.info, one.info] });
  assert.ok(
    named.failure?.kind === "content_rejected" && named.failure.field === "media.0",
    JSON.stringify(named.failure),
  );
  const odd = await setUp();
  await odd.act("failNext", { error: "UNKNOWN" });
  const done = await odd.publish({ format: "carousel", media: [one.info, film.info] });
  assert.deepEqual(
    [done.end, odd.live().length, odd.live()[0]?.media.length],
    ["published", 1, 2],
    JSON.stringify(done.failure),
  );
});

test("a film that breaks after long work, again and again, fails in the end", async () => {
  const { publish, act, calls } = await setUp();
  await act("set", { videoProcessingMs: 14 * 60_000 });
  const done = await publish(
    { format: "video", media: [film.info] },
    { meddle: (_run, { name }) => void (name === "make_container" && act("failNext", { error: "UNKNOWN" })) },
  );
  assert.deepEqual([done.end, done.failure?.kind, calls(creates)], ["failed", "content_rejected", 2]);
});
