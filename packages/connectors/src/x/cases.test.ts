import assert from "node:assert/strict";
import { test } from "node:test";
import { film, makes, picture, problemsOf, setUp } from "./connect-harness.ts";
import { segmentsOf } from "./limits.ts";
import { type PostState, startState } from "./media.ts";
import { x } from "./platform.ts";
import { postsById } from "./posts.ts";
import { formats } from "./publish.ts";
import { scopes } from "./sign-in.ts";
import { weightedLength } from "./weighted.ts";

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

test("X-8: what X refuses of part 3 is said of part 3, 1 and 2 stay, and nothing is sent again", async () => {
  for (const [text, reason] of [
    ["x".repeat(281), "not_permitted"],
    ["$ABC and $DEF", "cashtags"],
  ]) {
    const { publish, live, sent } = await setUp("plain");
    const told = await publish({ text: "One", parts: [{ text: "Two" }, { text: text ?? "" }, { text: "Four" }] });
    assert.ok(told.end === "failed" && told.failure?.kind === "content_rejected", JSON.stringify(told.failure));
    assert.deepEqual([told.failure.field, told.failure.reason], ["parts.1.text", reason]);
    assert.deepEqual([live().length, (told.state as PostState).posts.length, sent("POST", makes).length], [2, 2, 3]);
  }
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
