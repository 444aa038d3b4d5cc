import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { type InboundRequest, secret } from "@postd/connector-kit";
import { createWorld } from "@postd/connector-kit/conformance";
import { simulator } from "./connect-harness.ts";
import { threads } from "./platform.ts";
import { provider } from "./provider.ts";
import { threadsWebhooks } from "./webhooks.ts";

const world = createWorld({ provider, platform: threads }, simulator);
const publicUrl = "https://postd.example";
const bytes = (text: string) => new TextEncoder().encode(text);
const verify = (request: InboundRequest, keys: readonly string[]) =>
  threadsWebhooks.verify(
    { request, keys: keys.map((key) => secret(key)), now: world.clock.now(), publicUrl },
    world.authContext("threads"),
  );
const eventOf = (field: string, target: string, value: object) => {
  const about = { app_id: "1", topic: "moderate", target_id: target, time: 1_763_640_000, subscription_id: "9" };
  const rawBody = bytes(JSON.stringify({ ...about, has_uid_field: false, values: { field, value } }));
  return { headers: {}, query: {}, rawBody };
};
const parsed = (...given: Parameters<typeof eventOf>) =>
  threadsWebhooks.parse(eventOf(...given)).map(({ type, accountExternalId, data }) => [type, accountExternalId, data]);

test("events are taken with the Threads app's secret and with the Meta app's, with and without the form's name", async () => {
  const body = JSON.stringify({ a: 1 });
  for (const key of ["threads", "meta"])
    for (const form of ["sha256=", ""]) {
      const digest = createHmac("sha256", key).update(body).digest("hex");
      const headers = { "x-hub-signature-256": `${form}${digest}` };
      const request = { method: "POST", query: {}, headers, rawBody: bytes(body) };
      assert.equal((await verify(request, ["threads", "meta"])).kind, "accepted", key);
      assert.equal((await verify(request, ["another"])).kind, "refused", key);
    }
  const signing = provider.apps.flatMap(({ fields }) => fields.filter(({ signs }) => signs).map(({ name }) => name));
  assert.deepEqual(signing, ["app_secret", "meta_app_secret"]);
});

test("the handshake is answered to whoever knows the verify token alone", async () => {
  const ask = async (token: string) => {
    const query = { "hub.mode": "subscribe", "hub.challenge": "42", "hub.verify_token": token };
    return verify({ method: "GET", query, headers: {}, rawBody: bytes("") }, ["threads"]);
  };
  const right = simulator.appCredentials.threads?.webhook_verify_token ?? "";
  const answer = await ask(right);
  assert.deepEqual(answer, { kind: "handshake", status: 200, body: "42", contentType: "text/plain" });
  assert.equal((await ask(`${right}x`)).kind, "refused");
});

test("answers and mentions reach the inbox, publish and delete the post they are about, each by its account", () => {
  const value = { id: "18001", username: "ada", text: "Nice", timestamp: "2025-11-20T12:00:00+0000" };
  const root = { id: "18000", owner_id: "777", username: "ida" };
  assert.deepEqual(parsed("replies", "18000", { ...value, replied_to: { id: "18000" }, root_post: root }), [
    [
      "comment.created",
      "777",
      { field: "replies", postId: "18000", commentId: "18001", parentId: "18000", text: "Nice", authorName: "ada" },
    ],
  ]);
  const named = (list: ReturnType<typeof parsed>) => list.map(([type, account]) => [type, account]);
  assert.deepEqual(named(parsed("mentions", "777", value)), [["mention.created", "777"]]);
  assert.deepEqual(parsed("publish", "777", { id: "18002", permalink: "https://www.threads.net/@ida/post/a" }), [
    ["post.changed", "777", { field: "publish", post: "18002", permalink: "https://www.threads.net/@ida/post/a" }],
  ]);
  const deleted = { id: "18002", owner: { owner_id: "777" }, deleted_at: "2025-11-20T12:00:00+0000" };
  assert.deepEqual(named(parsed("delete", "18002", deleted)), [["post.changed", "777"]]);
  const byName = { id: "18002", username: "ida" };
  assert.deepEqual(named(parsed("publish", "18002", byName)), [["post.changed", "@ida"]]);
  assert.deepEqual(named(parsed("delete", "18002", byName)), [["post.changed", "@ida"]]);
  assert.deepEqual(parsed("publish", "18002", { id: "18002" }), []);
  assert.deepEqual(parsed("likes", "777", value), []);
});

test("ids beyond 2^53 that are written as numbers keep every digit", () => {
  const rawBody = bytes(
    '{"target_id":28334822967084186123,"values":{"field":"publish","value":{"id":17841405793187218123}}}',
  );
  const [event] = threadsWebhooks.parse({ headers: {}, query: {}, rawBody });
  assert.deepEqual([event?.accountExternalId, event?.data.post], ["28334822967084186123", "17841405793187218123"]);
});

test("uninstall and deletion callbacks are taken with either secret and name the person", async () => {
  const payload = Buffer.from(JSON.stringify({ user_id: "777", algorithm: "HMAC-SHA256", issued_at: 1_763_640_000 }));
  const part = payload.toString("base64url");
  for (const [event, type] of [
    ["deauthorize", "account.deauthorized"],
    ["data_deletion", "data_deletion.requested"],
  ] as const) {
    const digest = createHmac("sha256", "meta").update(part).digest("base64url");
    const rawBody = bytes(new URLSearchParams({ signed_request: `${digest}.${part}` }).toString());
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const request = { method: "POST", query: { event }, headers, rawBody };
    const answer = await verify(request, ["threads", "meta"]);
    assert.ok(answer.kind === "accepted", JSON.stringify(answer));
    assert.equal((await verify(request, ["threads"])).kind, "refused");
    const [told] = threadsWebhooks.parse(request);
    assert.deepEqual([told?.type, told?.platform, told?.accountExternalId], [type, "threads", "777"]);
  }
});

test("a callback that is signed otherwise, or not at all, is refused whatever algorithm it names", async () => {
  for (const algorithm of ["HMAC-SHA256", "HMAC-SHA1", "none"]) {
    const part = Buffer.from(JSON.stringify({ user_id: "777", algorithm, issued_at: 1_763_640_000 })).toString(
      "base64url",
    );
    const weak = createHmac("sha1", "threads").update(part).digest("base64url");
    const bare = createHash("sha256").update(part).digest("base64url");
    const right = createHmac("sha256", "threads").update(part).digest("base64url");
    for (const signed of [
      `${weak}.${part}`,
      `${bare}.${part}`,
      `.${part}`,
      part,
      `${right}.${part}.`,
      `${right}.${part}x`,
    ]) {
      const rawBody = bytes(new URLSearchParams({ signed_request: signed }).toString());
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const answer = await verify({ method: "POST", query: { event: "deauthorize" }, headers, rawBody }, ["threads"]);
      assert.equal(answer.kind, "refused", signed);
    }
  }
});
