import assert from "node:assert/strict";
import { test } from "node:test";
import { runFormat } from "@postd/connector-kit/conformance";
import { answer, answering, connect, makes, picture, problemsOf, setUp } from "./connect-harness.ts";
import { failures } from "./failures.ts";
import { type PostState, startState } from "./media.ts";
import { postsById } from "./posts.ts";
import { bodyOf, formats } from "./publish.ts";

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
  const refused = answering(ctx(), answer(403, { title: "Forbidden", detail, type: "about:blank" })).ctx;
  const createParts = formats.text?.steps.at(-1);
  const post = { format: "text", text: "One", parts: [{ text: "Two" }], media: [], options: {} };
  let state: PostState = { ...startState(), posts: ["12"] };
  const prepared = { text: "Two", reply: { in_reply_to_tweet_id: "12" } };
  for (let times = 0; times < 3; times += 1) {
    const told = await createParts?.run({ post, state, prepared }, refused);
    assert.ok(told?.ok && told.value.refused && (told.value.waitMs ?? 0) >= 5_000, JSON.stringify(told));
    state = told.value.state;
    assert.deepEqual(state.posts, ["12"]);
  }
  const last = await createParts?.run({ post, state, prepared }, refused);
  assert.ok(last && !last.ok && last.error.kind === "content_rejected", JSON.stringify(last));
});

test("files X does not take are asked for, then sent anew and asked for once more", async () => {
  const { ctx } = await setUp();
  const body = {
    title: "Invalid Request",
    detail: "Your media IDs are invalid.",
    type: "https://api.x.com/2/problems/invalid-request",
  };
  const refused = answering(ctx(), answer(400, body)).ctx;
  const create = formats.images?.steps.at(-2);
  const post = { format: "images", text: "One", media: [picture.info], options: {} };
  const state: PostState = { files: { names: ["5"], ready: 1 }, described: 1, posts: [] };
  const run = async (state: PostState) => {
    const told = await create?.run({ post, state, prepared: { text: "One" } }, refused);
    assert.ok(told);
    return told;
  };
  for (const restarts of [0, 1]) {
    const named = { names: ["5"], ready: 1, restarts };
    const asked = await run({ ...state, files: named });
    assert.ok(asked.ok && asked.value.refused, JSON.stringify(asked));
    assert.deepEqual(asked.value.state, { ...state, files: { ...named, ready: 0 }, isDoubted: true });
    const again = await run({ ...asked.value.state, files: named });
    if (restarts === 0)
      assert.deepEqual(again.ok && again.value.state, { ...startState(), files: { names: [], ready: 0, restarts: 1 } });
    else assert.ok(!again.ok && again.error.kind === "content_rejected", JSON.stringify(again));
  }
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

test("an own post is quoted where X lets the app, and the refusal is the post's alone where not", async () => {
  for (const [ownQuotes, end] of [
    [true, "published"],
    [false, "failed"],
  ] as const) {
    const { publish, act, ctx } = await setUp();
    await act("set", { ownQuotes });
    const own = await publish({ text: "Mine" });
    const told = await publish({ text: "As I said", options: { quote: own.published?.externalId ?? "" } });
    assert.equal(told.end, end, JSON.stringify(told.failure));
    const quoted = await postsById(ctx(), [told.published?.externalId ?? ""]);
    if (end === "published") assert.ok(quoted.ok && quoted.value[0]?.quotes === own.published?.externalId);
    else assert.ok(told.failure?.kind === "content_rejected" && told.failure.field === "options.quote");
  }
});

test("an app that X lets address everybody quotes and answers others, without reading first whose the post is", async () => {
  const { world, connected, publish, act, sent } = await setUp("premium", undefined, { others_posts: "Yes" });
  await act("set", { enterprise: true });
  assert.equal(connected.account.extras.othersPosts, true);
  const other = await connect(world);
  const theirs = await runFormat({
    ...{ world, connected: other, post: { format: "text", text: "Theirs", media: [], options: {} } },
  });
  const named = theirs.published?.permalink ?? "";
  for (const option of ["quote", "replyTo"]) {
    assert.deepEqual(problemsOf({ text: "Look", options: { [option]: named } }, connected), []);
    const told = await publish({ text: `Look ${option}`, options: { [option]: named } });
    assert.equal(told.end, "published", JSON.stringify(told.failure));
  }
  assert.equal(sent("GET", makes).length, 0);
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

test("only a limit that is used up waits for its reset, though every answer tells it", () => {
  const now = new Date("2026-11-26T12:00:00Z");
  const headers = { "x-rate-limit-remaining": "99", "x-rate-limit-reset": String(now.getTime() / 1000 + 900) };
  for (const status of [402, 413, 503]) {
    const failure = failures.failureOf({ ...answer(status, {}), headers, effect: "none" }, { now: () => now });
    assert.ok(failure && !("retryAfterMs" in failure), JSON.stringify(failure));
  }
});
