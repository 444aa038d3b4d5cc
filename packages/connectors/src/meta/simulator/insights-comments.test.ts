import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { instagramApp, metaApp } from "./apps.ts";
import { errorOf, fb, ig, jpeg, testClient } from "./test-client.ts";

const day = 86_400_000;

async function setUp(kind: "page" | "facebook_login" | "instagram_login") {
  const client = testClient();
  const account = client.simulator.createAccount({ kind });
  const base = kind === "instagram_login" ? ig : fb;
  const token = account.accessToken;
  const get = (path: string) => client.get(base(path), token);
  const post = (path: string, form: Record<string, string> = {}) => client.post(base(path), token, form);
  const image_url = client.host("a.jpg", jpeg(1080, 1080), "image/jpeg");
  const id: string =
    kind === "page"
      ? (await post(`${account.id}/feed`, { message: "Bread" })).json.id
      : (
          await post(`${account.id}/media_publish`, {
            creation_id: (await post(`${account.id}/media`, { image_url })).json.id,
          })
        ).json.id;
  return { ...client, client, account, token, id, getPath: get, postPath: post, url: base };
}

describe("insights", () => {
  it("answers live metric names and refuses dead ones, one of which fails the whole call", async () => {
    const { getPath, account, id } = await setUp("page");
    const page = await getPath(`${account.id}/insights?metric=page_media_view,page_follows&period=day`);
    assert.deepEqual(
      page.json.data.map((metric: { name: string }) => metric.name),
      ["page_media_view", "page_follows"],
    );
    assert.ok(page.json.data[0].values[0].end_time);
    for (const dead of ["page_impressions", "page_fans", "page_media_view,page_fan_adds"])
      assert.equal(errorOf(await getPath(`${account.id}/insights?metric=${dead}`)), "100/-", dead);
    const post = (await getPath(`${id}/insights?metric=post_clicks,post_reactions_by_type_total`)).json.data;
    assert.equal(typeof post[1].values[0].value.like, "number");
    assert.equal(errorOf(await getPath(`${id}/insights?metric=post_impressions`)), "100/-");
    assert.equal(errorOf(await getPath(`${id}/insights`)), "3001/1504028");
    assert.equal(
      errorOf(await getPath(`${account.id}/insights?metric=page_follows&since=1700000000&until=1710000000`)),
      "100/-",
      "more than 90 days",
    );
  });

  it("knows Instagram metrics by media kind, and answers 10 for fewer than five viewers", async () => {
    for (const kind of ["facebook_login", "instagram_login"] as const) {
      const { getPath, id, act } = await setUp(kind);
      assert.equal((await getPath(`${id}/insights?metric=views,reach,saved,profile_visits`)).json.data.length, 4);
      for (const wrong of ["impressions", "views,navigation", "ig_reels_avg_watch_time"])
        assert.equal(errorOf(await getPath(`${id}/insights?metric=${wrong}`)), "100/-", wrong);
      assert.equal((await getPath(`${id}/insights?metric=total_likes`)).status, kind === "facebook_login" ? 200 : 400);
      await act("setViewers", { id, viewers: 4 });
      assert.equal(errorOf(await getPath(`${id}/insights?metric=views`)), "10/-");
    }
  });

  it("wants metric_type=total_value for account totals and the parameters of demographics", async () => {
    const { getPath, account } = await setUp("facebook_login");
    const ask = (query: string) => getPath(`${account.id}/insights?${query}`);
    assert.equal(
      typeof (await ask("metric=views&period=day&metric_type=total_value")).json.data[0].total_value.value,
      "number",
    );
    assert.equal(errorOf(await ask("metric=views&period=day")), "100/-");
    assert.ok((await ask("metric=reach&period=day&metric_type=time_series")).json.data[0].values);
    assert.equal(errorOf(await ask("metric=profile_views&period=day&metric_type=total_value")), "100/-");
    const demographics = "metric=follower_demographics&period=lifetime&metric_type=total_value";
    assert.equal(errorOf(await ask(demographics)), "100/-");
    assert.equal((await ask(`${demographics}&timeframe=this_month&breakdown=country`)).status, 200);
  });
});

describe("comments", () => {
  it("writes, answers, hides, lists and deletes comments of a Page", async () => {
    const { getPath, postPath, id, url, token, remove, simulator, act, account } = await setUp("page");
    const first = (await postPath(`${id}/comments`, { message: "First" })).json.id;
    assert.deepEqual(simulator.posts()[0]?.replies, ["First"]);
    const reply = (await postPath(`${first}/comments`, { message: "Reply" })).json.id;
    assert.deepEqual(
      (await getPath(`${first}/comments`)).json.data.map((each: { id: string }) => each.id),
      [reply],
    );
    assert.deepEqual((await postPath(first, { is_hidden: "true" })).json, { success: true });
    assert.equal((await getPath(`${first}?fields=is_hidden`)).json.is_hidden, true);
    const counts = (
      await getPath(`${id}?fields=shares,comments.summary(true).limit(0),reactions.summary(true).limit(0)`)
    ).json;
    assert.deepEqual([counts.comments.data, counts.comments.summary.total_count], [[], 1]);
    assert.deepEqual((await remove(url(first), token)).json, { success: true });
    const guest = (await act("comment", { objectId: id, text: "Open on Sunday?" })) as { id: string };
    const reachOut = () =>
      postPath(`${account.id}/messages`, {
        recipient: JSON.stringify({ comment_id: guest.id }),
        message: '{"text":"Yes"}',
      });
    assert.equal((await reachOut()).status, 200);
    assert.equal(errorOf(await reachOut()), "100/-", "one private reply");
  });

  it("writes, answers, hides and deletes comments on Instagram media on both hosts", async () => {
    for (const kind of ["facebook_login", "instagram_login"] as const) {
      const { getPath, postPath, id, url, token, remove } = await setUp(kind);
      const first = (await postPath(`${id}/comments`, { message: "First" })).json.id;
      assert.ok((await postPath(`${first}/replies`, { message: "Reply" })).json.id);
      await postPath(first, { hide: "true" });
      assert.equal((await getPath(`${first}?fields=hidden,text`)).json.hidden, true);
      assert.equal((await getPath(`${id}?fields=comments_count`)).json.comments_count, 1);
      assert.equal(errorOf(await postPath(id, { caption: "not editable" })), "100/-");
      await postPath(id, { comment_enabled: "false" });
      assert.equal(errorOf(await postPath(`${id}/comments`, { message: "Closed" })), "100/-");
      await remove(url(first), token);
      assert.deepEqual((await getPath(`${id}/comments`)).json.data, []);
    }
  });
});

describe("webhooks", () => {
  const signatureOf = (body: string, secret: string) =>
    `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

  it("tells a subscribed Page's changes, signed over the raw body", async () => {
    const { postPath, account, delivered, act } = await setUp("page");
    await act("setWebhook", { url: "https://postd.example/api/webhooks/facebook" });
    await postPath(`${account.id}/feed`, { message: "Nobody subscribed" });
    assert.equal(delivered.length, 0);
    assert.equal(
      errorOf(await postPath(`${account.id}/subscribed_apps`, { subscribed_fields: "everything" })),
      "100/-",
    );
    await postPath(`${account.id}/subscribed_apps`, { subscribed_fields: "feed,mention" });
    await postPath(`${account.id}/feed`, { message: "Told" });
    await act("settle");
    const [event] = delivered;
    assert.equal(event?.headers["x-hub-signature-256"], signatureOf(event?.body ?? "", metaApp.app_secret));
    const parsed = JSON.parse(event?.body ?? "{}");
    assert.deepEqual(
      [parsed.object, parsed.entry[0].id, parsed.entry[0].changes[0].field, parsed.entry[0].changes[0].value.message],
      ["page", account.id, "feed", "Told"],
    );
  });

  it("signs Instagram Login events with the Instagram secret and any event on demand", async () => {
    const { postPath, account, delivered, act, id } = await setUp("instagram_login");
    await act("setWebhook", { url: "https://postd.example/hook" });
    await postPath(`${account.id}/subscribed_apps`, { subscribed_fields: "comments" });
    await act("comment", { objectId: id, text: "Nice" });
    await act("emit", { object: "page", entry: [{ id: "1", time: 1, changes: [] }] });
    await act("settle");
    assert.equal(
      delivered[0]?.headers["x-hub-signature-256"],
      signatureOf(delivered[0]?.body ?? "", instagramApp.app_secret),
    );
    assert.equal(
      delivered[1]?.headers["x-hub-signature-256"],
      signatureOf(delivered[1]?.body ?? "", metaApp.app_secret),
    );
  });

  it("calls back with a signed request when the app is removed, and every token dies with 458", async () => {
    const { account, delivered, act, getPath } = await setUp("page");
    await act("setDeauthorize", { url: "https://postd.example/gone" });
    await act("removeApp", { personId: String(account.extra?.personId) });
    await act("settle");
    const [signature = "", payload = ""] =
      new URLSearchParams(delivered[0]?.body).get("signed_request")?.split(".") ?? [];
    assert.equal(signature, createHmac("sha256", metaApp.app_secret).update(payload).digest("base64url"));
    assert.equal(JSON.parse(Buffer.from(payload, "base64url").toString()).user_id, account.extra?.personId);
    assert.equal(errorOf(await getPath("me")), "190/458");
  });

  it("verifies a handshake only when the raw challenge comes back", async () => {
    const { client } = await setUp("page");
    const handshake = () => client.act("handshake", { url: "https://postd.example/hook" });
    assert.deepEqual(await handshake(), { verified: false });
    client.onAsk = (url) => ({ status: 200, text: url.searchParams.get("hub.challenge") ?? "" });
    assert.deepEqual(await handshake(), { verified: true });
  });
});

describe("faults and limits", () => {
  it("answers the documented codes for named faults, without any effect", async () => {
    const { mount, postPath, account, simulator } = await setUp("page");
    const before = simulator.posts().length;
    mount.arm({ fault: "rateLimited", params: { minutes: 7 } });
    const limited = await postPath(`${account.id}/feed`, { message: "x" });
    assert.equal(errorOf(limited), "32/-");
    assert.match(limited.headers["x-business-use-case-usage"] ?? "", /"estimated_time_to_regain_access":7/);
    mount.arm({ fault: "tokenExpired" });
    assert.equal(errorOf(await postPath(`${account.id}/feed`, { message: "x" })), "190/463");
    mount.arm({ fault: "serverError" });
    const broken = await postPath(`${account.id}/feed`, { message: "x" });
    assert.deepEqual([errorOf(broken), broken.status], ["1/-", 500]);
    assert.equal(simulator.posts().length, before);
  });

  it("keeps the effect of a dropped answer, and of an error told after applying", async () => {
    const { mount, postPath, account, simulator, send, token } = await setUp("page");
    mount.arm({ fault: "dropAfterAccept" });
    const url = fb(`${account.id}/feed`);
    assert.equal(await send({ url, token, form: { message: "Dropped" } }), "drop");
    mount.arm({ fault: "serverError", params: { applied: true } });
    assert.equal((await postPath(`${account.id}/feed`, { message: "Applied" })).status, 500);
    assert.deepEqual(
      simulator.posts().map((post) => post.text),
      ["Bread", "Dropped", "Applied"],
    );
  });

  it("hides new posts from lists while told to, never from reads by id", async () => {
    for (const kind of ["page", "facebook_login"] as const) {
      const { mount, getPath, account, id, advance } = await setUp(kind);
      const list = async () => (await getPath(`${account.id}/${kind === "page" ? "feed" : "media"}`)).json.data.length;
      mount.arm({ fault: "hideFromLists", times: 1 });
      assert.equal(await list(), 0);
      assert.equal(await list(), 1);
      mount.arm({ fault: "hideFromLists", times: "always" });
      assert.equal((await getPath(id)).json.id, id);
      advance(day);
      assert.equal(await list(), 1, "only new ones are hidden");
    }
  });

  it("a revoked token stays revoked", async () => {
    const { mount, getPath } = await setUp("instagram_login");
    mount.arm({ fault: "tokenRevoked" });
    assert.equal(errorOf(await getPath("me")), "190/458");
    assert.equal(errorOf(await getPath("me")), "190/458");
  });

  it("reports usage per Page and Instagram account, and per app for people", async () => {
    const { getPath, account, act, get } = await setUp("page");
    await act("setUsage", { percent: 85 });
    assert.match(
      (await getPath(account.id)).headers["x-business-use-case-usage"] ?? "",
      new RegExp(`"${account.id}":\\[\\{"type":"pages","call_count":85`),
    );
    assert.match(
      (await get(fb("me"), String(account.extra?.userToken))).headers["x-app-usage"] ?? "",
      /"call_count":85/,
    );
  });

  it("reset forgets everything made and brings the ready-made world back", async () => {
    const { simulator, account, get, token } = await setUp("page");
    simulator.reset();
    assert.deepEqual([simulator.posts(), simulator.orphans()], [[], 0]);
    assert.equal(errorOf(await get(fb(account.id), token)), "190/467");
    assert.equal((await get("https://graph.facebook.com/v25.0/104455667788990/picture")).status, 200);
  });
});
