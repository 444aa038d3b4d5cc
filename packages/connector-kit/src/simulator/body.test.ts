import assert from "node:assert/strict";
import { it } from "node:test";
import { base64UrlEncode, constantTimeEqual, hmacSha256Hex } from "../crypto.ts";
import { authorization, formBody, jsonBody, multipartBody } from "./body.ts";
import { randomDigits } from "./random.ts";

const request = (type: string, text: string) => ({
  headers: { "content-type": type },
  rawBody: new TextEncoder().encode(text),
});

it("reads JSON only where the content type says JSON, and only UTF-8", () => {
  assert.deepEqual(jsonBody(request("application/json; charset=utf-8", '{"a":1}')), { ok: true, value: { a: 1 } });
  assert.equal(jsonBody(request("text/plain", "{}")).ok, false);
  assert.equal(jsonBody(request("application/json", "{")).ok, false);
  assert.equal(
    jsonBody({ headers: { "content-type": "application/json" }, rawBody: Uint8Array.from([0x22, 0xff, 0x22]) }).ok,
    false,
  );
});

it("reads forms only where the content type says form", () => {
  const form = formBody(request("application/x-www-form-urlencoded", "a=1&a=2&b=%C3%A9"));
  assert.ok(form.ok);
  assert.deepEqual([form.value.getAll("a"), form.value.get("b")], [["1", "2"], "é"]);
  assert.equal(formBody(request("application/json", "a=1")).ok, false);
});

it("reads multipart fields and files with exact bytes, and refuses a body cut short", async () => {
  const text =
    '--b\r\nContent-Disposition: form-data; name="caption"\r\n\r\nHi\r\n--b\r\nContent-Disposition: form-data; name="source"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\r\nPNG\r\n\r\n--b--\r\n';
  const form = await multipartBody(request("multipart/form-data; boundary=b", text));
  assert.ok(form.ok);
  const [file] = form.value.files;
  assert.deepEqual(
    [form.value.fields.get("caption"), file?.name, file?.filename, file?.contentType],
    ["Hi", "source", "a.png", "image/png"],
  );
  assert.deepEqual(file?.bytes, new TextEncoder().encode("\r\nPNG\r\n"));
  assert.equal((await multipartBody(request("multipart/form-data; boundary=b", text.slice(0, 120)))).ok, false);
});

it("takes one token of the asked scheme and nothing else", () => {
  const of = (value: string) => authorization({ headers: { authorization: value } });
  assert.deepEqual(
    [of("Bearer abc"), of("bearer abc"), of("Basic abc"), of("Bearer a b"), of("Bearer ")],
    ["abc", "abc", undefined, undefined, undefined],
  );
});

it("signs as RFC 4231 case 2 says and compares whole strings", () => {
  assert.equal(
    hmacSha256Hex("Jefe", "what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  assert.equal(base64UrlEncode(Uint8Array.from([251, 255])), "-_8");
  assert.deepEqual([constantTimeEqual("a", "a"), constantTimeEqual("a", "ab")], [true, false]);
  assert.match(randomDigits(17), /^[1-9]\d{16}$/);
});
