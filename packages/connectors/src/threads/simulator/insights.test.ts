import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOf, setUp } from "./client-harness.ts";

describe("insights of Threads", () => {
  it("counts a post for its owner, as a whole, and says nothing of reposts", async () => {
    const { publish, get, post, act } = setUp();
    const id = await publish({ text: "Beans" });
    await act("reply", { to: id, text: "Nice" });
    await act("engage", { post: id, counts: { views: 120, likes: 7 } });
    const metric = "views,likes,replies,reposts,quotes,shares";
    const { json } = await get(`${id}/insights`, { metric });
    const values = Object.fromEntries(
      json.data.map((one: { name: string; values: { value: number }[] }) => [one.name, one.values[0]?.value]),
    );
    assert.deepEqual({ ...values, shares: 0 }, { views: 120, likes: 7, replies: 1, reposts: 0, quotes: 0, shares: 0 });
    assert.deepEqual([json.data[0].period, json.data[0].id], ["lifetime", `${id}/insights/views/lifetime`]);
    const repost = (await post(`${id}/repost`)).json.id;
    assert.deepEqual((await get(`${repost}/insights`, { metric })).json, { data: [] });
    assert.equal(errorOf(await get(`${id}/insights`, { metric: "reach" })), "100/-");
    assert.equal(errorOf(await get(`${id}/insights`)), "100/-");
  });

  it("answers a profile's days in Meta's zone, totals, links, and followers without a range", async () => {
    const { get } = setUp();
    const since = String(Date.parse("2026-11-20T00:00:00Z") / 1000);
    const until = String(Date.parse("2026-11-24T00:00:00Z") / 1000);
    const { json } = await get("me/threads_insights", { metric: "views,likes,clicks", since, until });
    const [views, likes, clicks] = json.data;
    assert.deepEqual(
      views.values.map(({ end_time }: { end_time: string }) => end_time),
      ["2026-11-20T08:00:00+0000", "2026-11-21T08:00:00+0000", "2026-11-22T08:00:00+0000", "2026-11-23T08:00:00+0000"],
    );
    assert.equal(typeof likes.total_value.value, "number");
    assert.equal(clicks.link_total_values[0].link_url, "https://example.com/");
    assert.match(json.paging.next, /since=/);
    assert.equal((await get("me/threads_insights?metric=views")).json.data[0].values.length, 2);
    const followers = await get("me/threads_insights?metric=followers_count");
    assert.equal(followers.json.data[0].total_value.value, 4_812);
    assert.equal(errorOf(await get("me/threads_insights", { metric: "followers_count", since })), "100/-");
    assert.equal(errorOf(await get("me/threads_insights", { metric: "views", since: "1712000000" })), "100/-");
    const by = await get("me/threads_insights?metric=follower_demographics&breakdown=country");
    assert.deepEqual(by.json.data[0].total_value.breakdowns[0].dimension_keys, ["country"]);
  });

  it("has no follower numbers without Instagram, and none of few followers", async () => {
    const { get } = setUp({ kind: "no_instagram" });
    const none = await get("me/threads_insights?metric=followers_count");
    assert.match(none.json.error.message, /THREADS_API__FEATURE_NOT_AVAILABLE/);
    assert.equal((await get("me/threads_insights?metric=views")).status, 200);
    const few = setUp();
    await few.act("setPerson", { person: few.account.id, followers: 99 });
    const asked = "me/threads_insights?metric=follower_demographics&breakdown=age";
    assert.equal(errorOf(await few.get(asked)), "10/-");
    const without = setUp({ scopes: ["threads_basic"] });
    assert.equal(errorOf(await without.get("me/threads_insights?metric=views")), "10/-");
  });
});
