import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base64Encode, hmacSha256 } from "@postd/connector-kit/simulator";
import { setUp } from "./client-harness.ts";
import { app } from "./world.ts";

const url = "https://postd.test/api/webhooks/x";
const digest = (text: string, key: string = app.api_secret) => `sha256=${base64Encode(hmacSha256(key, text))}`;

/** An app whose address proves itself, and its webhook. */
function withAddress(kind = "plain") {
  const all = setUp({ kind });
  let key: string = app.api_secret;
  all.client.onAsk = (asked) => {
    const response_token = digest(asked.searchParams.get("crc_token") ?? "", key);
    return { status: 200, text: JSON.stringify({ response_token }) };
  };
  const create = (address = url) => all.alone.post("webhooks", { url: address });
  async function subscribed(event_type: string, filter: object, more: object = {}): Promise<string> {
    const { status, json, text } = await all.alone.post("activity/subscriptions", { event_type, filter, ...more });
    assert.equal(status, 200, text);
    return json.data.subscription.subscription_id;
  }
  const bodies = () => all.delivered.map(({ body }) => JSON.parse(body).data);
  return {
    ...all,
    create,
    subscribed,
    bodies,
    forget: () => {
      key = "another key";
    },
  };
}

describe("a webhook", () => {
  it("is made where its address proves itself with the app's secret, and is the app's alone", async () => {
    const { create, own, alone, forget } = withAddress();
    assert.equal((await own.post("webhooks", { url })).json.title, "Unsupported Authentication");
    const { json } = await create();
    assert.deepEqual([json.data.url, json.data.valid], [url, true]);
    const failed = async (address: string) => (await create(address)).json.errors[0].message.split(":")[0];
    assert.equal(await failed(url), "DuplicateUrlFailed");
    for (const wrong of [
      "http://postd.test/x",
      "https://postd.test:8443/x",
      "nowhere",
      `https://a.b/${"x".repeat(200)}`,
    ])
      assert.equal(await failed(wrong), "UrlValidationFailed", wrong);
    forget();
    assert.equal(await failed(`${url}/2`), "CrcValidationFailed");
    assert.equal((await alone.get("webhooks")).json.data.length, 1);
    const id = json.data.id;
    assert.equal((await alone.put(`webhooks/${id}`)).json.errors[0].message.split(":")[0], "CrcValidationFailed");
    assert.equal((await alone.remove(`webhooks/${id}`)).json.data.deleted, true);
    assert.equal((await alone.remove(`webhooks/${id}`)).status, 400);
  });

  it("gets signed events of what is subscribed, in the older names, and none once it fails its check", async () => {
    const { create, subscribed, posted, own, me, act, delivered, bodies, forget, username } = withAddress();
    await create();
    await subscribed("post.create", { user_id: me }, { tag: "ours" });
    await subscribed("post.delete", { user_id: me });
    await subscribed("post.mention.create", { user_id: me });
    const id = await posted("Hello");
    const [event] = delivered;
    assert.equal(event?.headers["x-twitter-webhooks-signature"], digest(event?.body ?? ""));
    const { event_uuid, ...data } = bodies()[0];
    assert.ok(event_uuid);
    assert.deepEqual(
      [data.event_type, data.filter, data.tag, data.payload.id, data.includes.users[0].id],
      ["post.create", { user_id: me }, "ours", id, me],
    );
    assert.ok("retweet_count" in data.payload.public_metrics && data.payload.edit_history_tweet_ids);
    await act("postAs", { person: "jonas_berg", text: `Hi @${username}` });
    await own.remove(`tweets/${id}`);
    assert.deepEqual(
      bodies().map(({ event_type }) => event_type),
      ["post.create", "post.mention.create", "post.delete"],
    );
    forget();
    await act("checkWebhooks");
    await posted("Nobody hears");
    assert.equal(delivered.length, 3);
  });

  it("hears of replies, quotes, followers and of an access that ended, and nothing of protected accounts", async () => {
    const { create, subscribed, posted, me, act, bodies, client, account } = withAddress();
    await create();
    for (const type of ["post.reply.create", "post.quote.create", "follow.follow"])
      await subscribed(type, { user_id: me });
    await subscribed("oauth.revoke", {});
    const id = await posted("Hello");
    await act("postAs", { person: "jonas_berg", text: "Yes", reply_to: id });
    await act("postAs", { person: "jonas_berg", text: "See", quote: id });
    await act("follow", { follower: "jonas_berg", followed: me });
    await act("withdraw", { subject: me });
    const told = bodies();
    assert.deepEqual(
      told.map(({ event_type }) => event_type),
      ["post.reply.create", "post.quote.create", "follow.follow", "oauth.revoke"],
    );
    assert.deepEqual(Object.keys(told[3].payload).sort(), ["app_id", "date_time", "user_id"]);
    assert.equal((await client.ask({ url: "https://api.x.com/2/users/me", token: account.accessToken })).status, 401);
    const closed = withAddress("protected");
    await closed.create();
    await closed.subscribed("post.create", { user_id: closed.me });
    await closed.posted("Hello");
    assert.equal(closed.delivered.length, 0);
  });

  it("gets the same bytes again on a replay of the last day", async () => {
    const { create, subscribed, posted, me, alone, delivered, advance, act } = withAddress();
    const webhook_id = (await create()).json.data.id;
    await subscribed("post.create", { user_id: me }, { webhook_id });
    await posted("Hello");
    advance(3_600_000);
    const replay = (from_date: string, to_date: string) =>
      alone.post("webhooks/replay", { webhook_id, from_date, to_date });
    assert.ok((await replay("202611261200", "202611261200")).json.data.job_id);
    assert.deepEqual([delivered.length, delivered[1]?.body], [2, delivered[0]?.body]);
    await replay("202611261201", "202611261300");
    assert.equal(delivered.length, 2);
    assert.deepEqual(await act("redeliver"), { sent: ["post.create"] });
    assert.deepEqual([delivered.length, delivered[2]?.body], [3, delivered[0]?.body]);
    assert.equal((await replay("202611251100", "202611261300")).status, 400);
    assert.equal((await replay("2026-11-26", "202611261300")).status, 400);
  });
});

describe("subscriptions", () => {
  it("are listed and ended one by one or together; private ones need the person's own token", async () => {
    const { subscribed, alone, own, me } = withAddress();
    const one = await subscribed("post.create", { user_id: me });
    const two = await subscribed("post.delete", { user_id: me });
    const dm = { event_type: "dm.received", filter: { user_id: me } };
    assert.equal((await alone.post("activity/subscriptions", dm)).status, 400);
    assert.equal((await own.post("activity/subscriptions", dm)).status, 200);
    assert.equal((await alone.post("activity/subscriptions", { event_type: "post.create", filter: {} })).status, 400);
    assert.equal((await alone.get("activity/subscriptions")).json.data.length, 3);
    assert.equal((await alone.remove(`activity/subscriptions/${one}`)).json.data.deleted, true);
    assert.equal((await alone.remove(`activity/subscriptions/${one}`)).status, 404);
    const { json } = await alone.remove(`activity/subscriptions?ids=${one},${two}`);
    assert.deepEqual(
      [json.data, json.errors[0].subscription_id, json.meta.total_subscriptions],
      [[{ subscription_id: two, deleted: true }], one, 1],
    );
  });
});
