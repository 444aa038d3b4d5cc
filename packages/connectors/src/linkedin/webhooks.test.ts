import assert from "node:assert/strict";
import { test } from "node:test";
import { type AuthContext, secret } from "@postd/connector-kit";
import { createWorld } from "@postd/connector-kit/conformance";
import { connect, simulator } from "./connect-harness.ts";
import { linkedin } from "./platform.ts";
import { provider } from "./provider.ts";
import { linkedinWebhooks } from "./webhooks.ts";

const keys = [secret("the-page-app's-client-secret")];
const now = new Date("2026-11-26T12:00:00Z");
const ctx = {} as AuthContext;

const ask = (challengeCode: string) => {
  const request = { method: "GET" as const, headers: {}, query: { challengeCode }, rawBody: new Uint8Array() };
  return linkedinWebhooks.verify({ request, keys, now, publicUrl: "https://postd.example.org" }, ctx);
};
const send = (body: string, digest: string) => {
  const headers = { "x-li-signature": digest };
  const request = { method: "POST" as const, headers, query: {}, rawBody: new TextEncoder().encode(body) };
  return linkedinWebhooks.verify({ request, keys, now, publicUrl: "https://postd.example.org" }, ctx);
};

test("a handshake answers LinkedIn's code with the signature of it", async () => {
  const code = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
  const answer = await ask(code);
  assert.equal(answer.kind, "handshake");
  assert.equal(answer.kind === "handshake" && JSON.parse(answer.body).challengeCode, code);
});

test("a handshake signs nothing that could be sent as an event", async () => {
  const body = JSON.stringify({
    notifications: [{ notificationId: 1, organizationalEntity: "urn:li:organization:1", action: "LIKE" }],
  });
  const answer = await ask(`hmacsha256=${body}`);
  const forged = answer.kind === "handshake" ? String(JSON.parse(answer.body).challengeResponse) : "0".repeat(64);
  assert.equal((await send(body, forged)).kind, "refused");
  assert.equal(answer.kind, "refused");
});

test("a subscription's address names no account, since one subscription may serve several", async () => {
  const world = createWorld({ provider, platform: linkedin }, simulator);
  const ctx = world.context(await connect(world, "linkedin_page"), "invisible");
  const told: unknown[] = [];
  const http: typeof ctx.http = {
    ...ctx.http,
    async request(call) {
      if (call.method === "PUT") told.push(call);
      return { ok: true, value: { status: 200, headers: {}, text: "{}", json: {}, effect: call.effect ?? "none" } };
    },
  };
  const address = "https://postd.example/api/webhooks/linkedin";
  await linkedinWebhooks.subscribe?.({ ...ctx, http }, { address: `${address}?subscription=whs_1` });
  assert.match(JSON.stringify(told), new RegExp(`"webhook":"${address}"`));
});
