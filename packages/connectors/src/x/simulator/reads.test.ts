import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setUp } from "./client-harness.ts";

const day = 86_400_000;

describe("names of an answer", () => {
  it("follow the question: old ones, new ones, and fields of the other are refused", async () => {
    const { own, posted, reply } = setUp();
    const root = await posted("One");
    const id = await posted("Two", reply(root));
    const old = (
      await own.get(
        `tweets?ids=${id}&tweet.fields=public_metrics,referenced_tweets,author_id&expansions=referenced_tweets.id,author_id`,
      )
    ).json;
    assert.deepEqual(Object.keys(old.data[0]).sort(), [
      "author_id",
      "edit_history_tweet_ids",
      "id",
      "public_metrics",
      "referenced_tweets",
      "text",
    ]);
    assert.ok("retweet_count" in old.data[0].public_metrics && old.includes.tweets[0].id === root);
    const fresh = (await own.get(`tweets?ids=${id}&post.fields=public_metrics&expansions=referenced_posts,author_id`))
      .json;
    assert.deepEqual(Object.keys(fresh.data[0]).sort(), [
      "author_id",
      "id",
      "public_metrics",
      "referenced_posts",
      "text",
    ]);
    assert.ok("repost_count" in fresh.data[0].public_metrics && fresh.includes.posts[0].id === root);
    for (const query of [
      "post.fields=author_id",
      "tweet.fields=note_post",
      "tweet.fields=text&expansions=referenced_posts",
    ])
      assert.equal((await own.get(`tweets?ids=${id}&${query}`)).status, 400, query);
  });

  it("of an account count its posts by either name", async () => {
    const { own, posted, act, me } = setUp();
    await posted("One");
    const ask = async (more: string) =>
      (await own.get(`users/me?user.fields=public_metrics,subscription_type,protected${more}`)).json.data;
    const { public_metrics, subscription_type, protected: isClosed } = await ask("");
    assert.deepEqual(
      [public_metrics.tweet_count, public_metrics.followers_count, subscription_type, isClosed],
      [1, 240, "None", false],
    );
    assert.equal((await ask("&post.fields=text")).public_metrics.post_count, 1);
    await act("engage", { id: me, counts: { followers_count: 900 } });
    assert.equal((await ask("")).public_metrics.followers_count, 900);
    assert.equal((await own.get("users/me?user.fields=shoe_size")).status, 400);
  });
});

describe("reading posts", () => {
  it("tells missing ones beside those there are", async () => {
    const { own, posted, act } = setUp();
    const id = await posted("Here");
    const { status, json } = await own.get(`tweets?ids=${id},1`);
    assert.deepEqual(
      [status, json.data.length, json.errors[0].type],
      [200, 1, "https://api.x.com/2/problems/resource-not-found"],
    );
    assert.equal((await own.get("tweets/1")).json.data, undefined);
    await act("set", { missingPostStatus: 404 });
    assert.deepEqual([(await own.get("tweets/1")).status, (await own.remove("tweets/1")).status], [404, 404]);
    assert.equal((await own.get(`tweets?ids=${Array(101).fill(id).join()}`)).status, 400);
  });

  it("lists an account's newest first, page by page, with or without replies", async () => {
    const { own, posted, reply, me, advance, mount } = setUp();
    const ids = [];
    for (let nth = 0; nth < 7; nth += 1) {
      ids.unshift(await posted(`Post ${nth}`));
      advance(1000);
    }
    ids.unshift(await posted("Below", reply(ids[0] ?? "")));
    const list = async (query: string) => (await own.get(`users/${me}/tweets?${query}`)).json;
    const names = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id);
    const first = await list("max_results=5");
    assert.deepEqual([names(first), first.meta.result_count, first.meta.newest_id], [ids.slice(0, 5), 5, ids[0]]);
    const second = await list(`max_results=5&pagination_token=${first.meta.next_token}`);
    assert.deepEqual([names(second), second.meta.next_token], [ids.slice(5), undefined]);
    assert.equal(names(await list("exclude=replies")).length, 7);
    assert.deepEqual(names(await list(`since_id=${ids[2]}`)), ids.slice(0, 2));
    assert.equal((await own.get(`users/${me}/tweets?max_results=4`)).status, 400);
    mount.arm({ fault: "hideFromLists" });
    assert.deepEqual(await list(""), { meta: { result_count: 0 } });
  });

  it("finds a conversation for a week, and who mentions an account", async () => {
    const { own, posted, reply, act, username, me, later } = setUp();
    const root = await posted("Root");
    const mine = await posted("Mine", reply(root));
    const theirs = (await act("postAs", { person: "jonas_berg", text: "Theirs", reply_to: root })) as { id: string };
    const call = (await act("postAs", { person: "jonas_berg", text: `Hey @${username}` })) as { id: string };
    const find = async (query: string) =>
      (await own.get(`tweets/search/recent?query=${encodeURIComponent(query)}`)).json;
    const names = (page: { data?: { id: string }[] }) => (page.data ?? []).map(({ id }) => id);
    assert.deepEqual(names(await find(`conversation_id:${root}`)), [theirs.id, mine, root]);
    assert.deepEqual(names(await find(`conversation_id:${root} -from:${username} is:reply`)), [theirs.id]);
    assert.equal((await find("colour:red")).status, 400);
    assert.deepEqual(names((await own.get(`users/${me}/mentions`)).json), [call.id, theirs.id]);
    await later(7 * day);
    assert.deepEqual(names(await find(`conversation_id:${root}`)), []);
  });

  it("of a protected account is for itself", async () => {
    const { own, posted, me, as, simulator, alone } = setUp({ kind: "protected" });
    const id = await posted("Closed");
    assert.equal((await own.get(`tweets/${id}`)).json.data.id, id);
    const stranger = as(simulator.createAccount({}).accessToken);
    assert.equal((await stranger.get(`tweets/${id}`)).json.data, undefined);
    assert.equal((await stranger.get(`users/${me}/tweets`)).status, 403);
    assert.equal((await alone.get(`tweets/${id}`)).json.errors.length, 1);
  });
});

describe("numbers", () => {
  it("for oneself are there for 30 days, and missing ones are told one by one", async () => {
    const { own, posted, act, as, simulator, later } = setUp();
    const id = await posted("Counted");
    await act("engage", { id, counts: { like_count: 3, impression_count: 40, url_link_clicks: 2 } });
    const ask = async (who = own) =>
      (await who.get(`tweets?ids=${id}&tweet.fields=public_metrics,non_public_metrics`)).json;
    const { data } = await ask();
    assert.deepEqual([data[0].public_metrics.like_count, data[0].non_public_metrics.url_link_clicks], [3, 2]);
    const stranger = as(simulator.createAccount({}).accessToken);
    const partial = await ask(stranger);
    assert.deepEqual(
      [partial.data[0].public_metrics.like_count, partial.data[0].non_public_metrics, partial.errors[0].field],
      [3, undefined, "non_public_metrics"],
    );
    await later(30 * day);
    assert.ok((await ask()).data[0].non_public_metrics);
    await later(1);
    assert.equal((await ask()).errors[0].type, "https://api.x.com/2/problems/not-authorized-for-field");
    await act("set", { hiddenNumbers: "post" });
    assert.equal((await ask()).data, undefined);
  });
});
