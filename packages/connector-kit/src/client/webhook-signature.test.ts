import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base64Encode, hmacSha256, hmacSha256Hex } from "../crypto.ts";
import { secret } from "../secret.ts";
import { type SignatureFacts, signedRequests, webhookSignature } from "./webhook-signature.ts";

const now = new Date("2026-11-26T12:00:00Z");
const seconds = String(now.getTime() / 1000);
const body = '{"a":1}';
const keys = [secret("new"), secret("old")];
const base64 = (key: string, text: string) => base64Encode(hmacSha256(key, text));

/** What each platform documents, and how it would sign this body with a key. Sources: platforms/<name>.md, "Webhooks". */
const platforms: Record<string, [SignatureFacts, (key: string, t: string) => Record<string, string>]> = {
  meta: [
    { header: "x-hub-signature-256", form: /^sha256=(?<digest>[0-9a-f]{64})$/, encoding: "hex" },
    (key) => ({ "x-hub-signature-256": `sha256=${hmacSha256Hex(key, body)}` }),
  ],
  linkedin: [
    { header: "x-li-signature", encoding: "hex", prefix: () => "hmacsha256=" },
    (key) => ({ "x-li-signature": hmacSha256Hex(key, `hmacsha256=${body}`) }),
  ],
  x: [
    { header: "x-twitter-webhooks-signature", form: /^sha256=(?<digest>.+)$/, encoding: "base64" },
    (key) => ({ "x-twitter-webhooks-signature": `sha256=${base64(key, body)}` }),
  ],
  tiktok: [
    {
      header: "tiktok-signature",
      form: /^t=(?<t>\d+),s=(?<digest>[0-9a-f]+)$/,
      encoding: "hex",
      prefix: (t) => `${t}.`,
    },
    (key, t) => ({ "tiktok-signature": `t=${t},s=${hmacSha256Hex(key, `${t}.${body}`)}` }),
  ],
  mailchimp: [
    {
      header: "x-mailchimp-signature",
      form: /^t=(?<t>\d+),v1=(?<digest>[0-9a-f]+)$/,
      encoding: "hex",
      prefix: (t) => `${t}.`,
    },
    (key, t) => ({ "x-mailchimp-signature": `t=${t},v1=${hmacSha256Hex(key, `${t}.${body}`)}` }),
  ],
  slack: [
    {
      header: "x-slack-signature",
      form: /^v0=(?<digest>[0-9a-f]+)$/,
      encoding: "hex",
      timestampHeader: "x-slack-request-timestamp",
      prefix: (t) => `v0:${t}:`,
    },
    (key, t) => ({
      "x-slack-signature": `v0=${hmacSha256Hex(key, `v0:${t}:${body}`)}`,
      "x-slack-request-timestamp": t,
    }),
  ],
  shopify: [
    { header: "x-shopify-hmac-sha256", encoding: "base64" },
    (key) => ({ "x-shopify-hmac-sha256": base64(key, body) }),
  ],
};

describe("webhookSignature", () => {
  for (const [name, [facts, sign]] of Object.entries(platforms))
    it(`${name}: only what a key of ours signed, near its time, is genuine`, () => {
      const check = (headers: Record<string, string>, text = body) =>
        webhookSignature(facts)({ headers, rawBody: new TextEncoder().encode(text) }, keys, now);
      assert.equal(check(sign("new", seconds)), "genuine");
      assert.equal(check(sign("old", seconds)), "genuine");
      assert.equal(check(sign("another", seconds)), "forged");
      assert.equal(check(sign("new", seconds), `${body} `), "forged");
      assert.equal(check({}), "missing");
      const isTimed = JSON.stringify(sign("new", seconds)) !== JSON.stringify(sign("new", "1"));
      const late = String(Number(seconds) - 301);
      assert.equal(check(sign("new", late)), isTimed ? "stale" : "genuine");
      assert.equal(check(sign("new", "999999999999999")), isTimed ? "missing" : "genuine");
    });

  it("nothing is genuine where no key is known", () => {
    const [facts, sign] = platforms.x ?? assert.fail();
    const request = { headers: sign("new", seconds), rawBody: new TextEncoder().encode(body) };
    assert.equal(webhookSignature(facts)(request, [], now), "forged");
  });

  it("signedRequests takes what is genuine and says of anything else what is wrong with it", async () => {
    const [facts, sign] = platforms.x ?? assert.fail();
    const answerTo = (headers: Record<string, string>) =>
      signedRequests(facts)({
        request: { method: "POST", query: {}, headers, rawBody: new TextEncoder().encode(body) },
        ...{ keys, now, publicUrl: "https://postd.example" },
      });
    assert.deepEqual(answerTo(sign("new", seconds)), { kind: "accepted" });
    const reason = (verdict: string) => `the signature in the header ${facts.header} is ${verdict}`;
    assert.deepEqual(answerTo({}), { kind: "refused", status: 401, reason: reason("missing") });
    assert.deepEqual(answerTo(sign("another", seconds)), { kind: "refused", status: 401, reason: reason("forged") });
  });
});
