import assert from "node:assert/strict";
import { test } from "node:test";
import { hmacSha256Hex } from "../crypto.ts";
import { type Secret, secret } from "../secret.ts";
import { withChallenge } from "./webhook-challenge.ts";
import { signedRequests } from "./webhook-signature.ts";

const [newer, older] = [secret("newer"), secret("older")];
const verify = withChallenge(
  {
    parameter: "code",
    keyName: "POSTD_PLACE_SECRET",
    answer: (code, key) => ({ code, proof: hmacSha256Hex(key, code) }),
  },
  signedRequests({ header: "x-sign", encoding: "hex" }),
);
const ask = async (
  given: { readonly query?: Record<string, string>; readonly body?: string; readonly sign?: string },
  keys: readonly Secret[] = [newer, older],
) => {
  const { query = {}, body, sign = "" } = given;
  const rawBody = new TextEncoder().encode(body ?? "");
  const method = body === undefined ? "GET" : "POST";
  const request = { method, query, headers: { "x-sign": sign }, rawBody };
  return verify({ request, keys, now: new Date(0), publicUrl: "https://postd.example" });
};

test("a challenge is answered with the newest key", async () => {
  const answer = await ask({ query: { code: "a-1" } });
  assert.ok(answer.kind === "handshake");
  assert.deepEqual(JSON.parse(answer.body), { code: "a-1", proof: hmacSha256Hex(newer, "a-1") });
});

test("no challenge is answered that could be sent as an event", async () => {
  for (const code of ['{"rows":[]}', "a=b", "a b", "", "x".repeat(201)])
    assert.equal((await ask({ query: { code } })).kind, "refused", code);
  assert.equal((await ask({ query: {} })).kind, "refused");
});

test("an event is taken by any known key, and by no other or none", async () => {
  const signed = (key: Secret) => ({ body: "{}", sign: hmacSha256Hex(key, "{}") });
  assert.equal((await ask(signed(newer))).kind, "accepted");
  assert.equal((await ask(signed(older))).kind, "accepted");
  assert.equal((await ask(signed(secret("stranger")))).kind, "refused");
  assert.equal((await ask({ body: "{}" })).kind, "refused");
  const none = await ask(signed(newer), []);
  assert.ok(none.kind === "refused" && none.reason.includes("POSTD_PLACE_SECRET"));
});
