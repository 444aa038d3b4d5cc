import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { type InboundRequest, secret } from "@postd/connector-kit";
import feed from "./fixtures/webhook-feed.json" with { type: "json" };
import comments from "./fixtures/webhook-instagram-comments.json" with { type: "json" };
import { contextOf, scriptedGraph } from "./scripted-graph.ts";
import { parseEvents } from "./webhook-events.ts";
import { metaWebhooks } from "./webhooks.ts";

const ctx = contextOf(scriptedGraph({}), { app: { webhook_verify_token: "vt" } });
const hooks = metaWebhooks;
const address = "https://postd.example/api/webhooks/meta";
const verify = (request: InboundRequest, keys = ["s3", "igs"]) =>
  hooks.verify(
    { request, keys: keys.map((key) => secret(key)), now: ctx.clock.now(), publicUrl: "https://postd.example" },
    ctx,
  );
const bytes = (text: string) => new TextEncoder().encode(text);
const post = (body: string, more: Partial<InboundRequest> = {}): InboundRequest => ({
  method: "POST",
  query: {},
  headers: {},
  rawBody: bytes(body),
  ...more,
});
const signature = (body: string, key = "s3") => ({
  "x-hub-signature-256": `sha256=${createHmac("sha256", key).update(body).digest("hex")}`,
});

test("the handshake answers the raw challenge to the right token only", async () => {
  const get = async (query: Record<string, string>) => verify(post("", { method: "GET", query }));
  const right = await get({ "hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "vt" });
  assert.deepEqual(right, { kind: "handshake", status: 200, body: "1158201444", contentType: "text/plain" });
  const wrong = await get({ "hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "wrong" });
  assert.equal(wrong.kind, "refused");
  assert.equal((await get({})).kind, "refused");
});

test("the signature is over the bytes as they came, with any secret of the app", async () => {
  const body = '{"object":"page",  "entry":[]}';
  assert.equal((await verify(post(body, { headers: signature(body) }))).kind, "accepted");
  assert.equal((await verify(post(body, { headers: signature(body, "igs") }))).kind, "accepted");
  assert.equal((await verify(post(body, { headers: signature(body, "other") }))).kind, "refused");
  assert.equal((await verify(post(body.replace("  ", " "), { headers: signature(body) }))).kind, "refused");
  assert.equal((await verify(post(body))).kind, "refused");
});

test("Page events become comments and changes, unknown fields nothing", () => {
  const events = parseEvents(post(JSON.stringify(feed.answer)));
  assert.deepEqual(
    events.map((it) => [it.type, it.platform, it.accountExternalId, it.occurredAt?.getTime()]),
    [
      ["comment.created", "facebook", "123", 1_763_632_790_000],
      ["post.changed", "facebook", "123", 1_763_632_795_000],
    ],
  );
  assert.deepEqual(events[0]?.data, {
    field: "feed",
    item: "comment",
    verb: "add",
    postId: "123_1",
    commentId: "1_5",
    text: "Nice",
    authorId: "9",
    authorName: "Ida",
  });
});

test("an answer to a comment names the comment, at both platforms", () => {
  const parentOf = (object: string, field: string, value: object) => {
    const body = { object, entry: [{ id: "1", changes: [{ field, value }] }] };
    return parseEvents(post(JSON.stringify(body)))[0]?.data.parentId;
  };
  const page = { item: "comment", verb: "add", post_id: "1_2", comment_id: "2_4", parent_id: "2_3" };
  assert.equal(parentOf("page", "feed", page), "2_3");
  assert.equal(parentOf("instagram", "comments", { id: "4", media: { id: "2" }, parent_id: "3" }), "3");
});

test("Instagram events name the Instagram account whichever connector reads them", () => {
  const [event] = parseEvents(post(JSON.stringify(comments.answer)));
  assert.deepEqual(
    [event?.platform, event?.accountExternalId, event?.data.postId, event?.data.commentId],
    ["instagram", "17841400000000001", "m1", "c1"],
  );
});

test("the same event gives the same key though its parts and its batch are ordered differently", () => {
  const original = parseEvents(post(JSON.stringify(feed.answer)));
  const entry = feed.answer.entry[0];
  const changes = (entry?.changes ?? [])
    .map(({ field, value }) => ({ value: Object.fromEntries(Object.entries(value).reverse()), field }))
    .reverse();
  const again = parseEvents(post(JSON.stringify({ entry: [{ ...entry, time: 1, changes }], object: "page" })));
  assert.deepEqual(again.map((it) => it.dedupeKey).sort(), original.map((it) => it.dedupeKey).sort());
  assert.equal(new Set(original.map((it) => it.dedupeKey)).size, 2);
});

test("a body of another shape gives no events and no throw", () => {
  for (const body of ["", "not json", "[]", '{"object":"page","entry":[5,{"id":"1","changes":[7]}]}'])
    assert.deepEqual(parseEvents(post(body)), []);
});

const signedRequest = (payload: object, key = "s3") => {
  const data = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return `${createHmac("sha256", key).update(data).digest("base64url")}.${data}`;
};
const callback = (signed: string, event: string) =>
  post(`signed_request=${signed}`, {
    query: { event },
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      host: "evil.example",
      "x-forwarded-host": "evil.example",
    },
  });

test("removing the app names the person", async () => {
  const request = callback(
    signedRequest({ user_id: "1", issued_at: 1_763_632_800, algorithm: "HMAC-SHA256" }),
    "deauthorize",
  );
  assert.equal((await verify(request)).kind, "accepted");
  assert.deepEqual(
    hooks.parse(request).map((it) => [it.type, it.accountExternalId]),
    [["account.deauthorized", "1"]],
  );
});

test("a data deletion is confirmed with an address of the public URL, whatever host is claimed, and a code that the event carries too", async () => {
  const request = callback(signedRequest({ user_id: "1" }), "data_deletion");
  const answer = await verify(request);
  assert.ok(answer.kind === "accepted" && answer.answer);
  const { url, confirmation_code: code } = answer.answer.json;
  assert.equal(url, `https://postd.example/api/webhooks/meta?deletion=${code}`);
  assert.equal(hooks.parse(request)[0]?.data.confirmationCode, code);
  const shown = await verify(
    post("", { method: "GET", query: { deletion: new URL(String(url)).searchParams.get("deletion") ?? "" } }),
  );
  assert.ok(shown.kind === "handshake" && shown.body.includes(String(code)));
});

test("a signed request of another key is refused", async () => {
  assert.equal((await verify(callback(signedRequest({ user_id: "1" }, "other"), "deauthorize"))).kind, "refused");
  assert.equal((await verify(callback("a.b.c", "deauthorize"))).kind, "refused");
  assert.equal((await verify(callback("garbage", "deauthorize"))).kind, "refused");
});

test("Instagram behind a Page subscribes the Page and never unsubscribes it; its own login subscribes itself", async () => {
  const graph = scriptedGraph({
    "POST graph.facebook.com/v25.0/123/subscribed_apps": { success: true },
    "POST graph.instagram.com/v25.0/789/subscribed_apps": { success: true },
  });
  const account = { externalId: "789", kind: "professional", extras: { pageId: "123" } };
  const linked = contextOf(graph, { account });
  assert.equal((await hooks.subscribe?.(linked, { address }))?.ok, true);
  assert.equal((await hooks.unsubscribe?.(linked, {}))?.ok, true);
  assert.equal(
    (await hooks.subscribe?.(contextOf(graph, { account: { ...account, authKind: "instagram_login" } }), { address }))
      ?.ok,
    true,
  );
  assert.deepEqual(
    graph.calls.map(({ fields }) => fields.subscribed_fields),
    ["feed,mention,ratings,name,picture,description,phone,hours,website", "comments,mentions"],
  );
});

test("odd values of an event cost only themselves: times, numbers as ids, broken characters, long texts", () => {
  const value = {
    item: "comment",
    verb: "add",
    post_id: 123,
    comment_id: 456,
    sender_name: "I\ud83dda\u0000",
    message: "👩‍👩‍👧".repeat(5000),
    created_time: 1e300,
  };
  const body = { object: "page", entry: [{ id: 1, time: 1e300, changes: [{ field: "feed", value }] }] };
  const rawBody = new TextEncoder().encode(JSON.stringify(body));
  const [event] = parseEvents({ headers: {}, query: {}, rawBody });
  assert.equal(event?.occurredAt, undefined);
  assert.deepEqual([event?.data.postId, event?.data.commentId, event?.data.authorName], ["123", "456", "I\ufffdda"]);
  assert.ok(typeof event?.data.text === "string" && event.data.text.isWellFormed());
});
