import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { bodyOf, callEffect, decodeAnswer, encodeRequest } from "./encode-request.ts";
import type { HttpBody } from "./http.ts";
import { multipartBody } from "./multipart.ts";
import { secret } from "./secret.ts";

async function read(body: HttpBody | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body?.open() ?? []) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  assert.equal(all.length, body?.sizeBytes ?? 0, "the declared length is the real one");
  return all.toString();
}

test("secrets are revealed on the wire in query, header, bearer, form and nested JSON", async () => {
  const key = secret("s3cret&1");
  const get = encodeRequest({
    method: "GET",
    url: "https://a.example/x?y=1",
    query: { key, no: undefined },
    bearer: key,
  });
  assert.equal(get.url.href, "https://a.example/x?y=1&key=s3cret%261");
  assert.equal(get.headers.authorization, "Bearer s3cret&1");
  const form = encodeRequest({ method: "POST", url: "https://a.example", form: { key, n: 2, gone: undefined } });
  assert.equal(await read(form.body), "key=s3cret%261&n=2");
  const json = encodeRequest({ method: "POST", url: "https://a.example", json: { a: [{ key }], b: "é" } });
  assert.equal(await read(json.body), '{"a":[{"key":"s3cret&1"}],"b":"é"}');
  assert.equal(
    encodeRequest({ method: "GET", url: "https://a.example", headers: { "X-Key": key } }).headers["x-key"],
    "s3cret&1",
  );
});

test("a changing request without a body says length 0, a read says nothing", () => {
  assert.equal(encodeRequest({ method: "POST", url: "https://a.example" }).headers["content-length"], "0");
  assert.equal(encodeRequest({ method: "GET", url: "https://a.example" }).headers["content-length"], undefined);
});

test("multipart streams parts with an exact length and names that cannot break out of their header", async () => {
  const body = multipartBody(
    [
      { name: 'a"\r\nX: y', value: secret("ü") },
      { name: "file", filename: "ä.png", body: bodyOf("bytes", "image/png") },
    ],
    "B",
  );
  assert.equal(
    await read(body),
    '--B\r\nContent-Disposition: form-data; name="a%22%0D%0AX: y"\r\n\r\nü\r\n' +
      '--B\r\nContent-Disposition: form-data; name="file"; filename="ä.png"\r\nContent-Type: image/png\r\n\r\nbytes\r\n' +
      "--B--\r\n",
  );
  assert.equal(await read(body), await read(body), "a second try sends the same bytes");
});

test("a call may be weaker than its step, never stronger", () => {
  assert.equal(callEffect("visible", "none"), "none");
  assert.equal(callEffect("none", "visible"), "none");
  assert.equal(callEffect("invisible", undefined), "invisible");
});

test("an answer that is not JSON has text and no json", () => {
  const answer = (text: string) => decodeAnswer({ status: 200, headers: {}, bytes: Buffer.from(text), effect: "none" });
  assert.deepEqual(answer('{"a":1}').json, { a: 1 });
  assert.equal(answer("<html>").json, undefined);
  assert.equal(answer("").json, undefined);
  assert.equal(answer("<html>").text, "<html>");
});
