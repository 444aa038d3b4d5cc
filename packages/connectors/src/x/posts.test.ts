import assert from "node:assert/strict";
import { test } from "node:test";
import { postNamed } from "./api.ts";
import { ShownPost } from "./posts.ts";
import { isExactText, isSameText } from "./texts.ts";

test("a post reads the same in X's older words and in its newer ones", () => {
  const common = { id: "2", text: "Hi", author_id: "7", created_at: "2026-11-20T12:00:00.000Z" };
  const older = ShownPost.parse({
    ...common,
    referenced_tweets: [{ type: "replied_to", id: "1" }],
    edit_history_tweet_ids: ["1", "2"],
    note_tweet: { text: "Hi, at length" },
    public_metrics: { retweet_count: 3 },
  });
  const newer = ShownPost.parse({
    ...common,
    referenced_posts: [{ type: "replied_to", id: "1" }],
    edit_history_post_ids: ["1", "2"],
    note_post: { text: "Hi, at length" },
    public_metrics: { retweet_count: 3 },
  });
  assert.deepEqual(newer, older);
  assert.deepEqual([older.repliesTo, older.text, older.latestId], ["1", "Hi, at length", "2"]);
});

test("an empty name in the history of edits, as X has answered, is no post", () => {
  assert.equal(ShownPost.parse({ id: "2", edit_history_tweet_ids: [""] }).latestId, "2");
});

test("a text is shown with its own addresses, and without those X adds for files", () => {
  const post = ShownPost.parse({
    id: "2",
    text: "Beans &amp; more https://t.co/a1 https://t.co/b2",
    entities: {
      urls: [
        { url: "https://t.co/a1", expanded_url: "https://example.com/a?b=c" },
        { url: "https://t.co/b2", expanded_url: "https://x.com/ida/status/2/photo/1", media_key: "3_1" },
      ],
    },
  });
  assert.equal(post.text, "Beans & more https://example.com/a?b=c");
});

for (const [theirs, ours, added] of [
  ["Read http://README.md", "Read README.md"],
  ["Read https://example.com/ now", "Read https://EXAMPLE.com now"],
  ["Café  au lait", "Cafe\u0301 au lait"],
  ["a < b & c", "a &lt; b &amp; c"],
  ["@ida thanks", "thanks", { isReply: true }],
  ["@ida @jonas thanks", "@jonas thanks", { isReply: true }],
  ["Well said https://twitter.com/ida/status/12", "Well said", { isQuote: true }],
] as const)
  test(`${JSON.stringify(theirs)} is ${JSON.stringify(ours)} as X shows it`, () =>
    assert.equal(isSameText(theirs, ours, added), true));

for (const [theirs, ours, added] of [
  ["Read https://example.com/a", "Read https://example.com/b"],
  ["@ida thanks", "thanks"],
  ["@ida thanks", "@jonas thanks", { isReply: true }],
  ["thanks", "@jonas thanks", { isReply: true }],
  ["no thanks", "thanks", { isReply: true }],
  ["Well said https://x.com/ida/status/12", "Well said"],
  ["Read https://example.com/A", "Read https://example.com/a"],
  ["One", "One more"],
] as const)
  test(`${JSON.stringify(theirs)} is not ${JSON.stringify(ours)}`, () =>
    assert.equal(isSameText(theirs, ours, added), false));

test("what is short is told by its own address alone, whatever stands in the long one", () => {
  const urls = [
    { url: "https://t.co/ab", expanded_url: "https://example.com/?a=$&b=$1&c=$$&amp;" },
    { url: "https://t.co/abc", expanded_url: "https://t.co/ab" },
    { url: "https://t.co/d", expanded_url: "https://x.com/jonas/status/9/photo/1" },
    { url: "https://t.co/e", expanded_url: "https://x.com/ida/status/2/photo/1" },
  ];
  const text = "https://t.co/abc https://t.co/ab https://t.co/d https://t.co/e";
  assert.equal(
    ShownPost.parse({ id: "2", text, entities: { urls } }).text,
    "https://t.co/ab https://example.com/?a=$&b=$1&c=$$&amp; https://x.com/jonas/status/9/photo/1",
  );
});

test("a text that is to be changed counts to the letter, but for what X does to addresses", () => {
  assert.ok(
    isExactText("Read http://README.md\nand https://Example.com", "Read README.md\r\nand https://example.com/ "),
  );
  for (const [theirs, ours] of [
    ["a b", "a\nb"],
    ["a  b", "a b"],
    ["thanks", "@ida thanks"],
    ["See http://example.com", "See https://example.com"],
    ["Well said", "Well said https://x.com/ida/status/12"],
  ] as const)
    assert.ok(!isExactText(theirs, ours), ours);
});

test("a post is named by its number or its address, and by nothing else", () => {
  assert.deepEqual(postNamed("https://x.com/ida_holm/status/1990000000000000001?s=20"), {
    id: "1990000000000000001",
    handle: "ida_holm",
  });
  assert.deepEqual(postNamed("https://twitter.com/i/web/status/12"), { id: "12" });
  for (const wrong of ["https://example.com/ida/status/1", "x.com/ida/status/1", "12a", "https://x.com/ida"])
    assert.equal(postNamed(wrong), undefined, wrong);
});
