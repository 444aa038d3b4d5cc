import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf as bytesBody, type OutgoingPost } from "@postd/connector-kit";
import { bodyOf, htmlOf, plainTextOf } from "./content.ts";
import { fileBody } from "./pictures.ts";

const post = (text: string, over: Partial<OutgoingPost> = {}): OutgoingPost => ({
  format: "campaign",
  text,
  media: [],
  options: {},
  ...over,
});

test("words are shown as written: signs of HTML are none, addresses lead where they say, merge tags stay", () => {
  const text = 'Hi *|FNAME|*, 2 < 3 & "so"\nnext line\n\nSee https://example.com/a?b=1&c=2.';
  assert.equal(
    bodyOf(post(text), []),
    '<p>Hi *|FNAME|*, 2 &lt; 3 &amp; &quot;so&quot;<br>\nnext line</p>\n<p>See <a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a>.</p>',
  );
  assert.ok(!htmlOf(post("<script>alert(1)</script>"), []).includes("<script>"));
});

test("a link and what is said of a picture cannot leave their place", () => {
  const link = { url: 'https://example.com/"><b>', title: "A & B", description: "<i>" };
  const html = bodyOf(post("", { link }), ['https://example.com/x.jpg"onload="y']);
  assert.ok(!html.includes('"><b>') && !html.includes('"onload'), html);
  assert.match(html, /A &amp; B<\/a><br>\n&lt;i&gt;/);
});

test("both forms of the mail have the way out and the postal address", () => {
  for (const mail of [htmlOf(post("x"), []), plainTextOf(post("x"))])
    for (const tag of ["*|UNSUB|*", "*|LIST:ADDRESS|*"]) assert.ok(mail.includes(tag), tag);
});

test("a picture is sent as base64 in JSON, of the length that was said, however its bytes arrive", async () => {
  for (const length of [0, 1, 2, 3, 4, 1_000, 1_001]) {
    const bytes = Uint8Array.from({ length }, (_, at) => at % 251);
    const whole = bytesBody(bytes, "image/png");
    const pieces = {
      ...whole,
      async *open() {
        for (let at = 0; at < length; at += 7) yield bytes.subarray(at, at + 7);
      },
    };
    const body = fileBody("a.png", pieces);
    const sent: number[] = [];
    for await (const piece of body.open()) sent.push(...piece);
    assert.equal(sent.length, body.sizeBytes);
    const { name, file_data } = JSON.parse(new TextDecoder().decode(Uint8Array.from(sent)));
    assert.equal(name, "a.png");
    assert.deepEqual(new Uint8Array(Buffer.from(file_data, "base64")), bytes);
  }
});
