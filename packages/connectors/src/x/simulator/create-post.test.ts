import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setUp } from "./client-harness.ts";
import { weightOf } from "./count-text.ts";

const minute = 60_000;

describe("the weight of a text", () => {
  const family = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}";
  const cases: readonly (readonly [string, number])[] = [
    ["x".repeat(280), 280],
    ["漢".repeat(140), 280],
    [family, 2],
    ["e\u0301", 1],
    ["https://example.com/a/very/long/path?with=a&query=1", 23],
    ["README.md", 23],
    ["see Example.COM now", 31],
    ["someone@example.com", 19],
    ["“quotes” – and…", 16],
    ["❤️", 2],
    ["\u1100", 2],
  ];
  for (const [text, weight] of cases)
    it(`${text.slice(0, 30)} is ${weight}`, () => {
      assert.equal(weightOf(text), weight);
    });

  it("does not count the people a reply begins with", () => {
    assert.deepEqual([weightOf("@ida @jonas Hello", true), weightOf("@ida Hello")], [5, 10]);
  });
});

describe("a post", () => {
  it("is live with its links as t.co's, and the answer has an id beyond 2^53", async () => {
    const { tweet, simulator, shown, username } = setUp();
    const { status, json, headers } = await tweet("Fresh beans https://example.com/beans #coffee");
    assert.equal(status, 201);
    const { id, text, edit_history_tweet_ids } = json.data;
    assert.ok(BigInt(id) > 2n ** 53n && /^Fresh beans https:\/\/t\.co\/\w+ #coffee$/.test(text));
    assert.deepEqual(edit_history_tweet_ids, [id]);
    const [live] = simulator.posts();
    assert.equal(live?.text, "Fresh beans https://example.com/beans #coffee");
    assert.equal(live?.permalink, `https://x.com/${username}/status/${id}`);
    const { data } = await shown(id, "tweet.fields=entities");
    assert.equal(data.entities.urls[0].expanded_url, "https://example.com/beans");
    assert.equal(data.entities.hashtags[0].tag, "coffee");
    assert.deepEqual([headers["x-rate-limit-limit"], headers["x-app-limit-24hour-limit"]], ["100", "10000"]);
  });

  it("shows three signs escaped, or as they were written", async () => {
    const { tweet, act, simulator } = setUp();
    assert.equal((await tweet("a < b & c > d")).json.data.text, "a &lt; b &amp; c &gt; d");
    await act("set", { escapes: false });
    assert.equal((await tweet("d < e & f > g")).json.data.text, "d < e & f > g");
    assert.equal(simulator.posts()[0]?.text, "a < b & c > d");
  });

  it("weighs 280 at most on a plain account, 25,000 with Premium, whose lists show the beginning", async () => {
    const plain = setUp();
    assert.equal((await plain.tweet("x".repeat(280))).status, 201);
    const over = await plain.tweet("x".repeat(281));
    assert.deepEqual([over.status, over.json.detail], [403, "You are not permitted to perform this action."]);
    const premium = setUp({ kind: "premium" });
    const id = await premium.posted("x".repeat(25_000));
    assert.equal((await premium.tweet("y".repeat(25_001))).status, 403);
    const { data } = await premium.shown(id, "tweet.fields=note_tweet");
    assert.ok(data.text.length < 300 && data.note_tweet.text.length === 25_000);
    assert.equal((await premium.shown(id, "post.fields=note_post")).data.note_post.text.length, 25_000);
  });

  it("is refused with two cashtags, without words and media, and with fields nobody knows", async () => {
    const { tweet } = setUp();
    const two = await tweet("$AAPL or $MSFT?");
    assert.ok(two.status === 403 && two.json.detail.includes("maximum of one cashtag"));
    assert.equal((await tweet("$AAPL costs $100")).status, 201);
    for (const more of [{ text: " " }, { colour: "red" }, { poll: { options: ["a"], duration_minutes: 60 } }]) {
      const { status, json } = await tweet("Words", more);
      assert.deepEqual([status, json.type], [400, "https://api.x.com/2/problems/invalid-request"]);
    }
  });

  it("takes one of media, poll, quote, card and message link", async () => {
    const { tweet, posted } = setUp();
    const quote_tweet_id = await posted("One");
    const poll = { options: ["a", "b"], duration_minutes: 5 };
    const { status, json } = await tweet("Two", { quote_tweet_id, poll });
    assert.ok(status === 400 && json.errors[0].message.includes("mutually exclusive"));
    assert.equal((await tweet("Two", { poll, reply_settings: "following", made_with_ai: true })).status, 201);
  });

  it("with the same words is refused for a day, another's and a deleted one's are not", async () => {
    const { tweet, posted, own, advance, as, simulator, client, account } = setUp();
    const id = await posted("Twice");
    const twin = await tweet("Twice");
    assert.deepEqual(
      [twin.status, twin.json.type, twin.json.detail],
      [403, "about:blank", "You are not allowed to create a Tweet with duplicate content."],
    );
    assert.equal((await as(simulator.createAccount({}).accessToken).post("tweets", { text: "Twice" })).status, 201);
    assert.equal((await own.remove(`tweets/${id}`)).json.data.deleted, true);
    assert.equal((await tweet("Twice")).status, 201);
    await client.act("set", { duplicateWindowMs: minute });
    advance(minute);
    assert.equal((await tweet("Twice")).status, 201);
    assert.equal(simulator.posts().filter(({ accountId }) => accountId === account.id).length, 2);
  });
});

describe("what the sheet leaves open", () => {
  it("can be had either way: how a history is told, quotes of one's own, communities", async () => {
    const { tweet, posted, act, me } = setUp();
    const quote_tweet_id = await posted("One");
    assert.equal((await tweet("Mine", { quote_tweet_id })).status, 201);
    await act("set", { ownQuotes: false, createdHistory: "blank" });
    assert.equal((await tweet("Mine again", { quote_tweet_id })).status, 403);
    assert.deepEqual((await tweet("Two")).json.data.edit_history_tweet_ids, [""]);
    await act("set", { createdHistory: "absent" });
    assert.deepEqual(Object.keys((await tweet("Three")).json.data), ["id", "text"]);
    await act("set", { createdHistory: "ids", dialect: "new" });
    assert.equal((await tweet("Four")).json.data.edit_history_post_ids.length, 1);
    assert.equal((await tweet("Five", { community_id: "77" })).status, 403);
    await act("setPerson", { person: me, communities: ["77"] });
    assert.equal((await tweet("Five", { community_id: "77", share_with_followers: true })).status, 201);
  });
});

describe("replies and quotes", () => {
  it("of one's own make a thread, once the post above is visible everywhere", async () => {
    const { tweet, posted, reply, act, advance, simulator, shown } = setUp();
    await act("set", { replicaLagMs: 5000 });
    const root = await posted("One");
    const early = await tweet("Two", reply(root));
    assert.deepEqual(
      [early.status, early.json.detail],
      [403, "You attempted to reply to a Tweet that is deleted or not visible to you."],
    );
    advance(5000);
    const second = await posted("Two", reply(root));
    advance(5000);
    const third = await posted("Three", reply(second));
    assert.deepEqual(simulator.posts()[0]?.replies, ["Two", "Three"]);
    const { data } = await shown(third, "tweet.fields=conversation_id,referenced_tweets,in_reply_to_user_id");
    assert.deepEqual([data.conversation_id, data.referenced_tweets], [root, [{ type: "replied_to", id: second }]]);
  });

  it("of others need an invitation, and a deleted post takes none", async () => {
    const { tweet, reply, act, username, posted } = setUp();
    const post = async (input: Record<string, string>) =>
      String(((await act("postAs", { person: "jonas_berg", ...input })) as { id: string }).id);
    const cold = await post({ text: "Nobody in particular" });
    const mentions = await post({ text: `Hello @${username}` });
    const quotes = await post({ text: "Look", quote: await posted("Mine") });
    const refused = await tweet("Hi", reply(cold));
    assert.deepEqual(
      [refused.status, refused.json.detail],
      [403, "You can only reply to or quote posts where you are mentioned or are the author."],
    );
    assert.equal((await tweet("Hi", { quote_tweet_id: mentions })).status, 403);
    assert.equal((await tweet("Hi", reply(mentions))).status, 201);
    assert.equal((await tweet("Hi", reply(quotes))).status, 201);
    await act("takeDown", { id: mentions });
    assert.equal((await tweet("Again", reply(mentions))).status, 403);
    await act("set", { enterprise: true });
    assert.equal((await tweet("Hi", reply(cold))).status, 201);
    assert.equal((await tweet("Hi all", { quote_tweet_id: cold })).status, 201);
  });

  it("below one's own conversation can be hidden, elsewhere not", async () => {
    const { own, posted, act, simulator, username } = setUp();
    const id = await posted("Mine");
    const rude = (await act("postAs", { person: "jonas_berg", text: "Rude", reply_to: id })) as { id: string };
    const other = (await act("postAs", { person: "jonas_berg", text: `Hi @${username}` })) as { id: string };
    assert.deepEqual(simulator.posts()[0]?.replies, ["Rude"]);
    assert.deepEqual((await own.put(`tweets/${rude.id}/hidden`, { hidden: true })).json, { data: { hidden: true } });
    assert.deepEqual(simulator.posts()[0]?.replies, []);
    assert.equal((await own.put(`tweets/${rude.id}/hidden`, { hidden: false })).json.data.hidden, false);
    assert.equal((await own.put(`tweets/${other.id}/hidden`, { hidden: true })).status, 403);
  });
});

describe("an edit", () => {
  it("of a Premium account is a new post in the old one's place, for an hour", async () => {
    const { tweet, posted, simulator, shown, advance, own } = setUp({ kind: "premium" });
    const first = await posted("Tpyo");
    const second = await posted("Typo", { edit_options: { previous_post_id: first } });
    assert.deepEqual(
      simulator.posts().map(({ id, text }) => [id, text]),
      [[second, "Typo"]],
    );
    const { data } = await shown(second, "tweet.fields=edit_controls");
    assert.deepEqual([data.edit_history_tweet_ids, data.edit_controls.edits_remaining], [[first, second], 4]);
    assert.equal((await tweet("Old", { edit_options: { previous_post_id: first } })).status, 403);
    advance(60 * minute);
    assert.equal((await tweet("Late", { edit_options: { previous_post_id: second } })).status, 403);
    await own.remove(`tweets/${second}`);
    assert.deepEqual([simulator.posts(), (await shown(first, "")).errors.length], [[], 1]);
  });

  it("is not for plain accounts, for others' posts, or for replies and polls", async () => {
    const plain = setUp();
    const id = await plain.posted("One");
    assert.equal((await plain.tweet("Two", { edit_options: { previous_post_id: id } })).status, 403);
    const { posted, tweet, reply, act } = setUp({ kind: "premium" });
    const theirs = (await act("postAs", { person: "jonas_berg" })) as { id: string };
    const root = await posted("Root");
    const below = await posted("Below", reply(root));
    const poll = await posted("Poll", { poll: { options: ["a", "b"], duration_minutes: 5 } });
    for (const previous_post_id of [theirs.id, below, poll])
      assert.equal((await tweet(`Edit ${previous_post_id}`, { edit_options: { previous_post_id } })).status, 403);
  });
});
