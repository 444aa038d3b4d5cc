import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { pageFacts } from "./page-facts.ts";

const facts = (html: string | Uint8Array, contentType = "text/html; charset=utf-8") =>
  pageFacts({
    bytes: typeof html === "string" ? Buffer.from(html) : html,
    contentType,
    from: "https://example.com/a/b",
  });

test("Open Graph counts before Twitter's names, and those before HTML's own", () => {
  const html = `<!doctype html><html><head><title>Own</title>
    <meta name="description" content="Own words"><meta name="twitter:title" content="Twitter">
    <meta property="og:title" content=" Open  Graph "><meta property="OG:Description" content="Said &amp; done">
    <meta property="og:image" content="/img/x.png"></head><body><meta property="og:title" content="late"></body>`;
  assert.deepEqual(facts(html), {
    title: "Open Graph",
    description: "Said & done",
    imageUrl: "https://example.com/img/x.png",
  });
  assert.deepEqual(facts("<title>Only\n this</title>"), { title: "Only this" });
  assert.deepEqual(facts('<link rel="image_src" href="p.png"><meta name="twitter:title" content="T">'), {
    title: "T",
    imageUrl: "https://example.com/a/p.png",
  });
  assert.deepEqual(facts('<title></title><meta property="og:title" content=" ">'), {});
});

test("a page is read in the encoding it was sent in, declared or not", () => {
  const shiftJis = Buffer.concat([
    Buffer.from('<meta charset="Shift_JIS"><title>'),
    Buffer.from([0x93, 0xfa, 0x96, 0x7b]),
    Buffer.from("</title>"),
  ]);
  assert.equal(facts(shiftJis, "text/html").title, "日本");
  const latin = Buffer.from("<title>Caf\xe9</title>", "latin1");
  assert.equal(facts(latin, "text/html").title, "Café");
  assert.equal(facts(latin, "text/html; charset=iso-8859-1").title, "Café");
  assert.equal(facts("<title>Café 日本</title>", "text/html").title, "Café 日本");
  assert.equal(facts("<title>Café</title>", "text/html; charset=no-such-thing").title, "Café");
  const cut = Buffer.from("<title>Café</title>日");
  assert.equal(facts(cut.subarray(0, cut.length - 1), "text/html").title, "Café", "a page cut inside a character");
});

test("what a page says can be stored, is one line, and is cut between characters", () => {
  const hostile = `${"x".repeat(298)}👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦`;
  const { title } = facts(`<meta property="og:title" content="${hostile}">`);
  assert.equal(title, `${"x".repeat(298)}👨‍👩‍👧‍👦…`);
  assert.equal(facts("<title>a&#0;b&#xD83D;c\u202ed\u0007</title>").title?.isWellFormed(), true);
  assert.doesNotMatch(facts("<title>a&#0;b\u202ec\u0007\n\nd</title>").title ?? "", /[\p{Cc}\u202e]/u);
  assert.equal([...(facts(`<meta name="description" content="${"d ".repeat(5000)}">`).description ?? "")].length, 1000);
});

test("only web addresses are a page's picture", () => {
  const image = (content: string) => facts(`<meta property="og:image" content="${content}">`).imageUrl;
  assert.equal(image("https://img.example/x.png"), "https://img.example/x.png");
  for (const bad of [
    "javascript:alert(1)",
    "data:image/png;base64,AA",
    "file:///etc/passwd",
    "https://u:p@img.example/x",
    `https://img.example/${"x".repeat(3000)}`,
    "http://",
  ])
    assert.equal(image(bad), undefined, bad.slice(0, 40));
});

test("scripts, comments and text are no metadata", () => {
  const html = `<head><script>var x = '<meta property="og:title" content="no">';</script>
    <!-- <meta property="og:title" content="no"> --><title>Yes</title></head>`;
  assert.deepEqual(facts(html), { title: "Yes" });
  assert.deepEqual(facts('<meta property="__proto__" content="x"><meta property="constructor" content="y">'), {});
});

for (const [name, unit] of [
  ["tags that never end", "<b>"],
  ["ends without a tag", "</x>"],
  ["attributes", '<meta a="'],
  ["open tags, then ends of others", "<b></x>"],
  ["titles", "<title>"],
  ["brackets", "<"],
  ["entities", "&amp"],
  ["metadata", '<meta property="og:x" content="y">'],
  ["comments", "<!--"],
  ["attribute names", "<meta a b c d e f "],
] as const)
  test(`two megabytes of ${name} hold nobody up`, () => {
    const began = process.hrtime.bigint();
    facts(unit.repeat(Math.ceil(2_097_152 / unit.length)));
    const elapsedMs = Number(process.hrtime.bigint() - began) / 1e6;
    assert.ok(elapsedMs < 6000, `${elapsedMs.toFixed(0)} ms`);
  });

test("a deep pile of tags followed by as many ends is given up, not walked", () => {
  const began = process.hrtime.bigint();
  facts("<b>".repeat(300_000) + "</x>".repeat(250_000));
  assert.ok(Number(process.hrtime.bigint() - began) / 1e6 < 6000);
});
