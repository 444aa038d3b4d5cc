import assert from "node:assert/strict";
import { createPublicKey, createVerify } from "node:crypto";
import { describe, it } from "node:test";
import { simRsaKeys } from "./rsa-keys.ts";

const json = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

describe("keys others verify with", () => {
  it("show the public half of what signs, and nothing of the private one", () => {
    const keys = simRsaKeys("k1");
    const [head = "", body = "", signature = ""] = keys.sign({ sub: "ida" }).split(".");
    assert.deepEqual([json(head), json(body)], [{ alg: "RS256", kid: "k1", typ: "JWT" }, { sub: "ida" }]);
    const [jwk] = keys.jwks().keys;
    assert.ok(jwk);
    assert.deepEqual(Object.keys(jwk), ["kty", "alg", "use", "kid", "n", "e"]);
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const isGenuine = (text: string) => createVerify("RSA-SHA256").update(text).verify(key, signature, "base64url");
    assert.deepEqual([isGenuine(`${head}.${body}`), isGenuine(`${head}.${body}x`)], [true, false]);
  });
});
