import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { type InboundRequest, secret, type VerifyInput } from "@postd/connector-kit";
import { createWorld, type World } from "@postd/connector-kit/conformance";
import { answer, answering, connect, setUp, simulator } from "./connect-harness.ts";
import { x } from "./platform.ts";
import { provider } from "./provider.ts";
import { xWebhooks } from "./webhooks.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const keys = [secret("consumer-secret")];
const signed = (text: string, encoding: "base64" | "hex" = "base64") =>
  `sha256=${createHmac("sha256", "consumer-secret").update(text).digest(encoding)}`;
async function verdict(request: Partial<InboundRequest>) {
  const world = createWorld({ provider, platform: x }, simulator);
  const whole = { method: "POST", query: {}, headers: {}, rawBody: bytes(""), ...request };
  const input: VerifyInput = { request: whole, keys, now: world.clock.now(), publicUrl: "https://postd.example" };
  return xWebhooks.verify(input, world.authContext("x"));
}

test("X's question is answered with its token, signed in base64 by the consumer secret", async () => {
  const told = await verdict({ method: "GET", query: { crc_token: "MTc2Nzg5Ng==", nonce: "1" } });
  assert.ok(told.kind === "handshake");
  assert.deepEqual(JSON.parse(told.body), { response_token: signed("MTc2Nzg5Ng==") });
  for (const crc_token of [undefined, '{"data":{}}', "x".repeat(201)])
    assert.equal((await verdict({ method: "GET", query: { crc_token } })).kind, "refused");
});

test("a signature in hexadecimal is none of X's", async () => {
  const text = '{"data":{}}';
  const headers = (signature: string) => ({ "x-twitter-webhooks-signature": signature });
  assert.equal((await verdict({ rawBody: bytes(text), headers: headers(signed(text)) })).kind, "accepted");
  assert.equal((await verdict({ rawBody: bytes(text), headers: headers(signed(text, "hex")) })).kind, "refused");
});

test("a sign-in that was withdrawn at X is told of its account, though the event has no filter", () => {
  for (const filter of [{}, null, { user_id: null }, undefined]) {
    const data = {
      ...{ event_uuid: "e1", event_type: "oauth.revoke", filter },
      payload: { date_time: "2026-11-20T12:00:00Z", user_id: "7", app_id: "1" },
    };
    const [event, ...more] = xWebhooks.parse({ headers: {}, query: {}, rawBody: bytes(JSON.stringify({ data })) });
    assert.deepEqual(more, []);
    assert.deepEqual([event?.type, event?.accountExternalId, event?.dedupeKey], ["account.deauthorized", "7", "x:e1"]);
    assert.equal(event?.occurredAt?.toISOString(), "2026-11-20T12:00:00.000Z");
  }
});

test("what is subscribed already is kept, on whatever page it stands, and led to where events are taken now", async () => {
  const { ctx, connected, world, act } = await setUp();
  const [old, address] = ["https://old.example/api/webhooks/x", "https://postd.example/api/webhooks/x"];
  const subscribe = async (to: string) => {
    const told = await xWebhooks.subscribe?.(ctx(), { address: to });
    assert.ok(told?.ok, JSON.stringify(told));
    return told.value.id;
  };
  await act("set", { subscriptionsPerPage: 1 });
  const first = await subscribe(old);
  assert.equal(await subscribe(address), first);
  assert.equal(first.split(",").length, 5);
  await publishAs(world, `Hi @${connected.account.handle}`);
  assert.deepEqual(
    world.delivered.map(({ url }) => url),
    [address],
  );
});
async function publishAs(world: World, text: string) {
  await world.sim.simulator.act?.("postAs", { person: "jonas_berg", text });
}

test("that a person ended the app's access is heard where X tells of it, and nothing is amiss where it does not", async () => {
  for (const refusals of [0, 1]) {
    const { ctx, connected, world, act } = await setUp();
    const body = {
      title: "Invalid Request",
      type: "https://api.x.com/2/problems/invalid-request",
      detail: "$.event_type",
    };
    const fault = { fault: "platformError", status: 400, body, match: { method: "POST", path: "subscriptions$" } };
    if (refusals > 0) world.sim.arm({ ...fault, skip: 4 });
    const told = await xWebhooks.subscribe?.(ctx(), { address: "https://postd.example/api/webhooks/x" });
    assert.ok(told?.ok && told.value.id.split(",").length === 5 - refusals, JSON.stringify(told));
    await act("withdraw", { subject: connected.account.externalId });
    const events = world.delivered.flatMap((one) =>
      xWebhooks.parse({ headers: one.headers, query: {}, rawBody: bytes(one.body) }),
    );
    assert.deepEqual(
      events.map(({ type, accountExternalId }) => [type, accountExternalId]),
      refusals > 0 ? [] : [["account.deauthorized", connected.account.externalId]],
    );
  }
});

test("a webhook X has given up is proved anew within a day, and nothing is subscribed again", async () => {
  const { ctx, connected, world } = await setUp();
  const url = "https://postd.example/api/webhooks/x";
  const there = ["post.mention.create", "post.reply.create", "post.quote.create", "post.delete", "oauth.revoke"].map(
    (event_type, at) => ({
      ...{ subscription_id: `s-${at}`, event_type, webhook_id: "1" },
      filter: { user_id: connected.account.externalId },
    }),
  );
  const { asked, ctx: told } = answering(
    ctx(),
    answer(200, { data: [{ id: "1", url, valid: false }] }),
    answer(200, { data: { valid: true } }),
    answer(200, { data: there }),
  );
  const kept = await xWebhooks.subscribe?.(told, { address: url });
  assert.ok(kept?.ok, JSON.stringify(kept));
  assert.equal(kept.value.id, "s-0,s-1,s-2,s-3,s-4");
  assert.deepEqual(
    asked.map(({ method, url: at }) => `${method} ${at}`),
    [
      "GET https://api.x.com/2/webhooks",
      "PUT https://api.x.com/2/webhooks/1",
      "GET https://api.x.com/2/activity/subscriptions",
    ],
  );
  const { expiresAt } = kept.value;
  assert.ok(expiresAt && expiresAt.getTime() - world.clock.now().getTime() <= 24 * 3_600_000);
});

test("an app has one webhook for all its accounts, however each is named in the address of its own", async () => {
  const { ctx, connected, world, sent } = await setUp();
  const other = await connect(world);
  for (const [who, name] of [
    [undefined, "whs_1"],
    [other, "whs_2"],
    [other, "whs_3"],
  ] as const) {
    const address = `https://postd.example/api/webhooks/x?subscription=${name}`;
    const told = await xWebhooks.subscribe?.(ctx(who), { address });
    assert.ok(told?.ok, JSON.stringify(told));
  }
  assert.deepEqual([sent("POST", /\/webhooks$/).length, sent("POST", /subscriptions$/).length], [1, 10]);
  await publishAs(world, `Hi @${connected.account.handle} and @${other.account.handle}`);
  assert.deepEqual(
    world.delivered.map(({ url }) => url),
    Array(2).fill("https://postd.example/api/webhooks/x"),
  );
});

test("events nobody asked for, and bodies nobody knows, are no events", () => {
  const unknown = { data: { event_uuid: "e2", event_type: "dm.received", filter: { user_id: "7" }, payload: {} } };
  for (const text of [JSON.stringify(unknown), "{}", "[]", "<html>"])
    assert.deepEqual(xWebhooks.parse({ headers: {}, query: {}, rawBody: bytes(text) }), [], text);
});
