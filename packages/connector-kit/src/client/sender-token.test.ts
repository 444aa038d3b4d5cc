import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@postd/contracts";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { senderToken } from "./sender-token.ts";

const now = new Date("2026-11-27T12:00:00Z");
const audience = "https://postd.example/hook";
const issuer = "https://issuer.example";
const { publicKey, privateKey } = await generateKeyPair("RS256");
const stranger = await generateKeyPair("RS256");

const check = senderToken({ keysAt: `${issuer}/keys`, issuers: [issuer], algorithm: "RS256" });
const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" }] };
const answering = (status: number, json: unknown) => ({
  clock: { now: () => now },
  http: {
    request: async () => ok({ status, headers: {}, text: JSON.stringify(json), json, effect: "none" as const }),
  },
});

const claims = { iss: issuer, aud: audience, email: "sender@example.com", exp: now.getTime() / 1000 + 600 };
const sign = (
  changed: object = {},
  key = privateKey,
  head: { alg: string; kid: string } = { alg: "RS256", kid: "one" },
) => new SignJWT({ ...claims, ...changed }).setProtectedHeader(head).sign(key);
const judge = async (authorization: string | undefined, keysAnswer = answering(200, keys)) =>
  check({ headers: { authorization } }, { audience, now }, keysAnswer);

test("a token of the platform's own key tells its claims", async () => {
  const told = await judge(`Bearer ${await sign()}`);
  assert.ok(told.ok && "claims" in told.value, JSON.stringify(told));
  assert.equal(told.value.claims.email, "sender@example.com");
  const several = await judge(`Bearer ${await sign({ aud: ["https://other.example", audience] })}`);
  assert.ok(several.ok && "claims" in several.value, "one of several audiences");
});

test("another key, issuer, audience, time or algorithm is refused", async () => {
  const unsigned = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(claims))}.`.replaceAll("=", "");
  const hmac = new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "one" }).sign(new Uint8Array(32));
  const forged = {
    key: sign({}, stranger.privateKey),
    kid: sign({}, privateKey, { alg: "RS256", kid: "two" }),
    issuer: sign({ iss: "https://other.example" }),
    audience: sign({ aud: "https://other.example" }),
    audiences: sign({ aud: ["https://other.example", `${audience}/more`] }),
    endless: sign({ exp: undefined }),
    early: sign({ nbf: now.getTime() / 1000 + 600 }),
    unsigned: Promise.resolve(`${unsigned}x`),
    hmac,
  };
  for (const [what, token] of Object.entries(forged)) {
    const told = await judge(`Bearer ${await token}`);
    assert.deepEqual(told.ok && told.value, { refused: "forged" }, what);
  }
  const late = await judge(`Bearer ${await sign({ exp: now.getTime() / 1000 - 120 })}`);
  assert.deepEqual(late.ok && late.value, { refused: "stale" });
});

test("without a token no key is asked for, and without keys nothing is known", async () => {
  for (const authorization of [undefined, "", "Basic abc", "Bearer abc"])
    assert.deepEqual(await judge(authorization, answering(500, {})), ok({ refused: "missing" }));
  const token = `Bearer ${await sign()}`;
  const down = await judge(token, answering(503, {}));
  assert.ok(!down.ok && down.error.kind === "unavailable", JSON.stringify(down));
  const odd = await judge(token, answering(200, { surprise: true }));
  assert.ok(!odd.ok && odd.error.kind === "unexpected_response", JSON.stringify(odd));
});

test("keys are read once for as long as the platform says, by all who ask at once, and again for a key made since", async () => {
  let at = now;
  let published: object[] = keys.keys;
  let readings = 0;
  const ctx = {
    clock: { now: () => at },
    http: {
      request: async () => {
        readings += 1;
        const json = { keys: published };
        const headers = { "cache-control": "public, max-age=3600, must-revalidate" };
        return ok({ status: 200, headers, text: JSON.stringify(json), json, effect: "none" as const });
      },
    },
  };
  const ask = async (token: string) => {
    const told = await check({ headers: { authorization: `Bearer ${token}` } }, { audience, now }, ctx);
    return told.ok && "claims" in told.value;
  };
  const token = await sign();
  assert.deepEqual(await Promise.all([ask(token), ask(token), ask(token)]), [true, true, true]);
  assert.equal(readings, 1);
  assert.equal(await ask(token), true);
  assert.equal(readings, 1);
  const next = await generateKeyPair("RS256");
  const byNext = await sign({}, next.privateKey, { alg: "RS256", kid: "two" });
  assert.equal(await ask(byNext), false);
  assert.equal(readings, 1, "they were read a moment ago, and a stranger may name any key");
  at = new Date(now.getTime() + 61_000);
  published = [...published, { ...(await exportJWK(next.publicKey)), kid: "two", alg: "RS256", use: "sig" }];
  assert.equal(await ask(byNext), true);
  assert.equal(readings, 2);
  at = new Date(now.getTime() + 61_000 + 3_600_000);
  published = [];
  assert.equal(await ask(token), false, "a key that was withdrawn is good no longer than the platform said");
  assert.equal(readings, 3);
});
