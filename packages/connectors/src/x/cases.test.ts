import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPost, type HttpResponse, type OutgoingPost } from "@postd/connector-kit";
import {
  type Connected,
  createWorld,
  type RunFormatOptions,
  runFormat,
  sampleMedia,
  samplePng,
} from "@postd/connector-kit/conformance";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import type { JsonObject } from "@postd/contracts";
import { connect, simulator } from "./connect-harness.ts";
import { failures } from "./failures.ts";
import { segmentsOf } from "./limits.ts";
import { type PostState, startState } from "./media.ts";
import { x } from "./platform.ts";
import { postsById } from "./posts.ts";
import { provider } from "./provider.ts";
import { bodyOf, formats } from "./publish.ts";
import { scopes } from "./sign-in.ts";
import { weightedLength } from "./weighted.ts";

const picture = samplePng();
const film = sampleMedia(sampleMp4({ width: 640, height: 360, durationMs: 5_000, payloadBytes: 2_400_000 }), {
  ...{ kind: "video", mimeType: "video/mp4", width: 640, height: 360, durationMs: 5_000 },
});

async function setUp(kind = "premium", granted: readonly string[] = [...scopes.required, ...scopes.optional]) {
  const world = createWorld({ provider, platform: x }, simulator);
  for (const one of [picture, film]) world.add(one);
  const connected = await connect(world, kind, granted);
  const publish = (post: Partial<OutgoingPost>, more: Partial<RunFormatOptions> = {}) =>
    runFormat({
      world,
      connected,
      post: { format: "text", text: "Fresh beans", media: [], options: {}, ...post },
      ...more,
    });
  const sent = (method: string, path: RegExp) =>
    world.sim.requests().filter((one) => one.method === method && path.test(one.path));
  const ctx = (who: Connected = connected) => world.context(who, "visible");
  return { world, connected, publish, sent, ctx, live: () => world.sim.simulator.posts() };
}
const makes = /\/2\/tweets$/;
const problemsOf = (post: Partial<OutgoingPost>, { account }: Pick<Connected, "account">) =>
  checkPost(x, { format: "text", text: "", media: [], options: {}, ...post }, account)
    .filter(({ severity }) => severity === "error")
    .map(({ field, code }) => `${field} ${code}`);

test("X-1: 140 × 漢 fill a post, any address is 23, a family emoji 2, a letter with its accent apart 1", () => {
  assert.equal(weightedLength("漢".repeat(140)), 280);
  for (const link of ["https://a.co", `https://example.com/${"a".repeat(300)}`, "README.md", "Example.COM"])
    assert.equal(weightedLength(link), 23, link);
  assert.equal(weightedLength("👨‍👩‍👧‍👦"), 2);
  assert.equal(weightedLength("e\u0301"), 1);
});

test("X-3: 281 are refused on a plain account, before and by X, and taken on one with Premium", async () => {
  const long = { text: "x".repeat(281) };
  const plain = await setUp("plain");
  assert.deepEqual(problemsOf(long, plain.connected), ["text text_too_long"]);
  const refused = await plain.publish(long);
  assert.deepEqual([refused.end, refused.failure?.kind], ["failed", "content_rejected"]);
  assert.deepEqual(problemsOf({ ...long, options: { premium: true } }, plain.connected), []);
  const premium = await setUp("premium");
  assert.deepEqual(problemsOf(long, premium.connected), []);
  assert.equal((await premium.publish(long)).end, "published");
  const told = await x.publishing?.accountLimits?.(premium.ctx());
  assert.ok(told?.ok && told.value.textMax === 25_000, JSON.stringify(told));
});

test("X-4: a sign-in that may post and not send files is asked for media.write by name", async () => {
  const { publish, live } = await setUp(
    "premium",
    scopes.required.filter((scope) => scope !== "media.write"),
  );
  const told = await publish({ format: "images", media: [picture.info] }, { onFailure: "stop" });
  assert.ok(told.failure?.kind === "scope_missing", JSON.stringify(told.failure));
  assert.deepEqual(told.failure.scopes, ["media.write"]);
  assert.match(told.failure.message, /media\.write/);
  assert.equal((await publish({})).end, "published");
  assert.equal(live().length, 1);
});

test("X-6: files go by initialize, append and finalize, and no call that sends says command", async () => {
  const { publish, world, sent, live } = await setUp();
  const told = await publish({ format: "video", media: [film.info] });
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  assert.equal(live()[0]?.media[0]?.sha256, film.info.sha256);
  const counts = ["initialize", "append", "finalize"].map((last) =>
    sent("POST", new RegExp(`/2/media/upload.*/${last}$`)),
  );
  assert.deepEqual(
    counts.map(({ length }) => length),
    [1, segmentsOf(film.info.sizeBytes).length, 1],
  );
  const posted = world.sim.requests().filter(({ method }) => method === "POST");
  assert.ok(posted.every((request) => !JSON.stringify(request).includes("command")));
});

test("segments stay under X's 8 MB and their numbers under 1,000, whatever the size", () => {
  for (const size of [1, 999_999, 1_000_001, 999_999_999, 1_000_000_001, 8_000_000_000]) {
    const parts = segmentsOf(size);
    assert.ok(parts.length <= 1_000 && parts.every(({ from, to }) => to - from <= 8_000_000), String(size));
    assert.equal(parts.at(-1)?.to, size);
  }
});

test("X-8: where part 3 of 5 fails the thread goes on below part 2, and there is no second thread", async () => {
  const parts = ["Two", "Three", "Four", "Five"].map((text) => ({ text }));
  const { publish, live, ctx, sent } = await setUp();
  let posts = 0;
  const told = await publish(
    { text: "One", parts },
    {
      meddle: (_run, { name }) => {
        posts += name.startsWith("create_") ? 1 : 0;
        return name === "create_parts" && posts === 3 ? { kind: "unsent" } : undefined;
      },
    },
  );
  assert.equal(told.end, "published", JSON.stringify(told.failure));
  const { posts: ids } = told.state as PostState;
  assert.deepEqual([ids.length, live().length, sent("POST", makes).length], [5, 5, 5]);
  assert.equal(told.published?.externalId, ids[0]);
  const shown = await postsById(ctx(), ids);
  assert.ok(shown.ok);
  assert.deepEqual(
    ids.map((id) => shown.value.find((post) => post.id === id)?.repliesTo),
    [undefined, ...ids.slice(0, 4)],
  );
});

test("a part whose answer was lost is found below the job's own part before it, and nowhere else", async () => {
  const { publish, world, ctx, live } = await setUp();
  const older = await publish({ text: "One", parts: [{ text: "Two" }] });
  assert.equal(older.end, "published");
  const [create, createParts] = formats.text?.steps.slice(-2) ?? [];
  assert.ok(create && createParts?.probe);
  const post = { format: "text", text: "Another one", parts: [{ text: "Two" }], media: [], options: {} };
  const begun = await create.run({ post, state: startState(), prepared: { text: post.text } }, ctx());
  assert.ok(begun.ok, JSON.stringify(begun));
  const prepared = { text: "Two", reply: { in_reply_to_tweet_id: begun.value.published?.externalId ?? "" } };
  const intentAt = new Date(world.clock.now().getTime() - 30_000);
  const look = () => createParts.probe?.({ post, state: begun.value.state, prepared, intentAt }, ctx());
  const absent = await look();
  assert.ok(absent?.ok && absent.value.kind === "not_seen", JSON.stringify(absent));
  world.advance(3_600_000);
  const part = await createParts.run({ post, state: begun.value.state, prepared }, ctx());
  assert.ok(part.ok, JSON.stringify(part));
  const found = await createParts.probe(
    { post, state: begun.value.state, prepared, intentAt: world.clock.now() },
    ctx(),
  );
  assert.ok(found.ok && found.value.kind === "found", JSON.stringify(found));
  assert.deepEqual(
    found.value.candidates.map(({ state }) => state.posts),
    [part.value.state.posts],
  );
  assert.equal(live().length, 4);
});

test("X-10: two cashtags are refused at the check, in each part of a thread for itself", async () => {
  const { connected, publish } = await setUp();
  assert.deepEqual(problemsOf({ text: "$ABC and $DEF" }, connected), ["text too_many_cashtags"]);
  const thread = { text: "$ABC", parts: [{ text: "$DEF" }, { text: "$GHI $JKL" }] };
  assert.deepEqual(problemsOf(thread, connected), ["parts.1.text too_many_cashtags"]);
  assert.deepEqual(problemsOf({ text: "It costs $5 or $6" }, connected), []);
  const told = await publish({ text: "$ABC and $DEF" });
  assert.deepEqual([told.end, told.failure?.kind], ["failed", "content_rejected"]);
});

const answer = (status: number, json: JsonObject): HttpResponse => ({
  ...{ status, headers: {}, text: JSON.stringify(json), json, effect: "visible" },
});

test("used up credits are the operator's, hold everything and are asked once", async () => {
  const body = {
    ...{ title: "CreditsDepleted", detail: "Your enrolled account does not have any credits", status: 402 },
    type: "https://api.x.com/2/problems/credits",
  };
  const { publish, world } = await setUp();
  let asked = 0;
  const told = await publish(
    {},
    {
      tamper: () => {
        asked += 1;
        return answer(402, body);
      },
    },
  );
  assert.deepEqual([told.end, told.failure?.kind, asked], ["held", "operator_must_act", 1], JSON.stringify(told));
  const words = { title: "Payment Required", detail: "credits depleted", type: "about:blank/credits-depleted" };
  const other = failures.failureOf(answer(402, words), world.clock);
  assert.deepEqual([other?.kind, other?.refused], ["operator_must_act", true]);
});

test("an answer to a post X does not see yet waits, and after three waits the post is gone", async () => {
  const { ctx } = await setUp();
  const detail = "You attempted to reply to a Tweet that is deleted or not visible to you.";
  const http = {
    request: async () => ({
      ok: true as const,
      value: answer(403, { title: "Forbidden", detail, type: "about:blank" }),
    }),
  };
  const createParts = formats.text?.steps.at(-1);
  const post = { format: "text", text: "One", parts: [{ text: "Two" }], media: [], options: {} };
  let state: PostState = { ...startState(), posts: ["12"] };
  const prepared = { text: "Two", reply: { in_reply_to_tweet_id: "12" } };
  for (let times = 0; times < 3; times += 1) {
    const told = await createParts?.run({ post, state, prepared }, { ...ctx(), http });
    assert.ok(told?.ok && told.value.refused && (told.value.waitMs ?? 0) >= 5_000, JSON.stringify(told));
    state = told.value.state;
    assert.deepEqual(state.posts, ["12"]);
  }
  const last = await createParts?.run({ post, state, prepared }, { ...ctx(), http });
  assert.ok(last && !last.ok && last.error.kind === "content_rejected", JSON.stringify(last));
});

test("files X has lost are sent anew, once", async () => {
  const { ctx } = await setUp();
  const body = {
    title: "Invalid Request",
    detail: "Your media IDs are invalid.",
    type: "https://api.x.com/2/problems/invalid-request",
  };
  const http = { request: async () => ({ ok: true as const, value: answer(400, body) }) };
  const create = formats.images?.steps.at(-2);
  const post = { format: "images", text: "One", media: [picture.info], options: {} };
  const state: PostState = { files: { names: ["5"], ready: 1 }, described: 1, posts: [] };
  const again = await create?.run({ post, state, prepared: { text: "One" } }, { ...ctx(), http });
  assert.ok(again?.ok && again.value.refused, JSON.stringify(again));
  assert.deepEqual(again.value.state, { files: { names: [], ready: 0, restarts: 1 }, described: 0, posts: [] });
  const twice = { ...state, files: { ...state.files, restarts: 1 } };
  const last = await create?.run({ post, state: twice, prepared: { text: "One" } }, { ...ctx(), http });
  assert.ok(last && !last.ok && last.error.kind === "content_rejected", JSON.stringify(last));
});

test("own posts are quoted and answered, and somebody else's are refused before anything is sent", async () => {
  const { world, connected, publish, sent, ctx } = await setUp();
  const own = await publish({ text: "Mine" });
  const other = await connect(world);
  const strange = await runFormat({
    ...{ world, connected: other, post: { format: "text", text: "Theirs", media: [], options: {} } },
  });
  const before = sent("POST", makes).length;
  for (const option of ["quote", "replyTo"]) {
    const told = await publish({ text: `Look ${option}`, options: { [option]: strange.published?.externalId ?? "" } });
    assert.deepEqual([told.end, told.failure?.kind], ["failed", "content_rejected"], option);
    assert.match(told.failure?.message ?? "", /own posts/);
    const problems = problemsOf({ text: "Look", options: { [option]: strange.published?.permalink ?? "" } }, connected);
    assert.deepEqual(problems, [`options.${option} not_own_post`]);
  }
  assert.equal(sent("POST", makes).length, before);
  const reply = await publish({ text: "More", options: { replyTo: own.published?.permalink ?? "" } });
  assert.equal(reply.end, "published", JSON.stringify(reply.failure));
  const shown = await postsById(ctx(), [reply.published?.externalId ?? ""]);
  assert.ok(shown.ok && shown.value[0]?.repliesTo === own.published?.externalId);
});

test("scopes that were not ticked are shown as missing", async () => {
  const { connected, world } = await setUp("plain", ["tweet.read", "users.read", "tweet.write"]);
  const told = await x.health(world.context(connected, "none"));
  assert.ok(told.ok, JSON.stringify(told));
  assert.deepEqual(told.value.missingScopes, ["media.write", "offline.access"]);
});

test("an edit asked for again after a lost answer is found, and takes no second of the five", async () => {
  const { publish, sent, ctx, live } = await setUp();
  const { published, state } = await publish({ text: "Fresh been" });
  assert.ok(published);
  const change = { format: "text", text: "Fresh beans", options: {} };
  const edit = () => x.publishing?.edit?.run({ ...published, state }, change, ctx());
  const first = await edit();
  assert.ok(first?.ok && first.value && first.value.externalId !== published.externalId, JSON.stringify(first));
  const calls = sent("POST", makes).length;
  const second = await edit();
  assert.deepEqual(second, first);
  assert.deepEqual([sent("POST", makes).length, live().map(({ text }) => text)], [calls, ["Fresh beans"]]);
  assert.deepEqual((first.value.state as PostState).posts, [first.value.externalId]);
});

test("an account without a subscription is told why its post cannot be edited", async () => {
  const { publish, ctx } = await setUp("plain");
  const { published, state } = await publish({});
  const change = { format: "text", text: "Other words", options: {} };
  const told = await x.publishing?.edit?.run({ externalId: published?.externalId ?? "", state }, change, ctx());
  assert.ok(told && !told.ok && told.error.kind === "content_rejected", JSON.stringify(told));
  assert.match(told.error.message, /Premium/);
});

test("what is said to an account is listed, answered and hidden", async () => {
  const { world, connected, publish, live, ctx } = await setUp();
  const guest = await connect(world);
  const post = await publish({ text: `What do you think, @${guest.account.handle}?` });
  const say = (who: Connected, text: string, destination: string) =>
    runFormat({ world, connected: who, post: { format: "reply", text, media: [], options: {}, destination } });
  const said = await say(guest, `@${connected.account.handle} I like it`, post.published?.externalId ?? "");
  assert.equal(said.end, "published", JSON.stringify(said.failure));
  const list = await x.inbox?.list({}, ctx());
  assert.ok(list?.ok, JSON.stringify(list));
  const [entry] = list.value.entries;
  assert.deepEqual(
    [entry?.externalId, entry?.postId, entry?.author?.handle, entry?.cannot],
    [said.published?.externalId, post.published?.externalId, guest.account.handle, undefined],
  );
  assert.match(entry?.text ?? "", /I like it/);
  const ofPost = await x.inbox?.list({ postId: post.published?.externalId ?? "" }, ctx());
  assert.ok(ofPost?.ok && ofPost.value.entries.some(({ externalId }) => externalId === entry?.externalId));
  const thanks = await say(connected, "Thank you", entry?.externalId ?? "");
  assert.equal(thanks.end, "published", JSON.stringify(thanks.failure));
  assert.equal(live().length, 3);
  for (const isHidden of [true, true, false]) {
    const hidden = await x.inbox?.hide?.({ externalId: entry?.externalId ?? "", isHidden }, ctx());
    assert.ok(hidden?.ok, JSON.stringify(hidden));
  }
});

test("posts of the account are listed whoever made them, newest first, each with its format", async () => {
  const { world, publish, ctx } = await setUp();
  const since = world.clock.now();
  await publish({ text: "Words & more https://example.com/a" });
  world.advance(60_000);
  await publish({ format: "images", text: "A picture", media: [picture.info] });
  world.advance(60_000);
  await publish({ format: "poll", text: "Which?", options: { poll: { options: ["A", "B"], durationMinutes: 60 } } });
  const read = await x.numbers?.recent?.({ since }, ctx());
  assert.ok(read?.ok, JSON.stringify(read));
  assert.deepEqual(
    read.value.posts.map(({ format, text }) => [format, text]),
    [
      ["poll", "Which?"],
      ["images", "A picture"],
      ["text", "Words & more https://example.com/a"],
    ],
  );
});

test("every choice of a post stands in what is sent, and a part of a thread answers the one before it", () => {
  const options = {
    ...{ replySettings: "verified", communityId: "5", madeWithAi: true, paidPartnership: true },
    quote: "https://x.com/ida/status/12",
  };
  const post = { format: "text", text: "One", parts: [{ text: "Two" }], media: [], options };
  assert.deepEqual(bodyOf(post, startState()), {
    ...{ text: "One", quote_tweet_id: "12", reply_settings: "verified", community_id: "5" },
    ...{ made_with_ai: true, paid_partnership: true },
  });
  const reply = { in_reply_to_tweet_id: "99" };
  assert.deepEqual(bodyOf(post, { ...startState(), posts: ["99"] }), { text: "Two", reply });
});

test("the day's limit holds until the day's reset, the quarter hour's until its own, and no header for fifteen minutes", () => {
  const now = new Date("2026-11-26T12:00:00Z");
  const unix = Math.floor(now.getTime() / 1000);
  const told = (headers: Record<string, string>) => {
    const json = { title: "Too Many Requests", type: "about:blank", status: 429 };
    return failures.failureOf({ ...answer(429, json), headers }, { now: () => now });
  };
  const quarter = { "x-rate-limit-remaining": "0", "x-rate-limit-reset": String(unix + 300) };
  const day = { "x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": String(unix + 7_200) };
  const app = { "x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": String(unix + 3_600) };
  const seen = [quarter, { ...quarter, ...day }, { ...quarter, ...app }, {}].map((headers) => {
    const failure = told(headers);
    assert.ok(failure?.kind === "rate_limited");
    return [failure.retryAfterMs, failure.quota, failure.scope];
  });
  assert.deepEqual(seen, [
    [300_000, undefined, undefined],
    [7_200_000, true, undefined],
    [3_600_000, true, "app"],
    [900_000, undefined, undefined],
  ]);
});
