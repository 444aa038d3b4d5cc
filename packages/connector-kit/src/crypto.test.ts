import assert from "node:assert/strict";
import { test } from "node:test";
import { base64UrlDecode, base64UrlEncode, constantTimeEqual, hmacSha256Hex, md5Hex, sha256Hex } from "./crypto.ts";
import { secret } from "./secret.ts";

test("digests match published vectors, a secret key is revealed only inside", () => {
  assert.equal(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(md5Hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  const expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
  const text = "The quick brown fox jumps over the lazy dog";
  assert.equal(hmacSha256Hex("key", text), expected);
  assert.equal(hmacSha256Hex(secret("key"), new TextEncoder().encode(text)), expected);
});

test("base64url goes both ways and refuses other alphabets", () => {
  const bytes = new Uint8Array([255, 254, 253, 0]);
  assert.equal(base64UrlEncode(bytes), "__79AA");
  assert.deepEqual(new Uint8Array(base64UrlDecode("__79AA") ?? []), bytes);
  assert.deepEqual(new Uint8Array(base64UrlDecode("__79AA==") ?? []), bytes);
  for (const bad of ["a+b/", "a", "é", "ab cd"]) assert.equal(base64UrlDecode(bad), undefined, bad);
});

test("signatures of another length or content are not equal", () => {
  assert.ok(constantTimeEqual("abc", "abc"));
  assert.ok(!constantTimeEqual("abc", "abd"));
  assert.ok(!constantTimeEqual("abc", "abcd"));
  assert.ok(!constantTimeEqual("", "a"));
});
