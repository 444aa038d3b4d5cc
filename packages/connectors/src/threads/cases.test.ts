import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccountRef, checkPost, type OutgoingPost } from "@postd/connector-kit";
import type { RunFormatOptions } from "@postd/connector-kit/conformance";
import { creates, film, losing, one, setUp, two } from "./case-harness.ts";
import { threads } from "./platform.ts";
import { countThreads, topicIn } from "./words.ts";

const account: AccountRef = { externalId: "1", kind: "profile", authKind: "threads", name: "Ida", extras: {} };
const told = (post: Partial<OutgoingPost>) =>
  checkPost(threads, { format: "text", text: "x", media: [], options: {}, ...post }, account).map(
    ({ field, code, severity }) => `${field} ${code} ${severity}`,
  );

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

test("a thread is not begun where the sign-in may not post the answers it is made of", async () => {
  const { connected, publish, calls } = await setUp();
  const granted = (connected.credentials.scopes ?? []).filter((scope) => scope !== "threads_manage_replies");
  connected.credentials = { ...connected.credentials, scopes: granted };
  const { end, failure } = await publish({ parts: [{ text: "Second" }] });
  assert.ok(
    end === "failed" && failure?.kind === "content_rejected" && failure.field === "parts",
    JSON.stringify(failure),
  );
  assert.equal(calls(creates), 0);
  assert.equal((await publish()).end, "published");
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
