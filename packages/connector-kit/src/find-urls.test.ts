import assert from "node:assert/strict";
import { test } from "node:test";
import { findUrls } from "./find-urls.ts";

const cases: [text: string, urls: string[]][] = [
  ["no link here", []],
  ["https://example.com", ["https://example.com"]],
  ["see https://example.com/a?b=c#d now", ["https://example.com/a?b=c#d"]],
  ["Read https://example.com.", ["https://example.com"]],
  ["Read https://example.com/a, then b", ["https://example.com/a"]],
  ["(https://example.com/a)", ["https://example.com/a"]],
  ["https://en.wikipedia.org/wiki/Set_(mathematics)", ["https://en.wikipedia.org/wiki/Set_(mathematics)"]],
  ["(see https://en.wikipedia.org/wiki/Set_(mathematics)).", ["https://en.wikipedia.org/wiki/Set_(mathematics)"]],
  ['"https://example.com/q"', ["https://example.com/q"]],
  ["“https://example.com/q”", ["https://example.com/q"]],
  ["<https://example.com>", ["https://example.com"]],
  ["https://example.com/a?!", ["https://example.com/a"]],
  ["https://a.example https://b.example", ["https://a.example", "https://b.example"]],
  ["www.example.com/x", ["https://www.example.com/x"]],
  ["HTTP://Example.COM", ["HTTP://Example.COM"]],
  ["見てhttps://example.jp/日本。次", ["https://example.jp/日本"]],
  ["https://bücher.example/ä", ["https://bücher.example/ä"]],
  ["http://192.0.2.7:8080/x", ["http://192.0.2.7:8080/x"]],
  ["https://example.com:99999/", []],
  ["https://localhost/", []],
  ["https://", []],
  ["https://.", []],
  ["http://..example", []],
  ["mail@www.example.com", []],
  ["xhttps://example.com", []],
  ["file.ts and e.g. this", []],
  ["https://user:pw@example.com", []],
  ["ftp://example.com", []],
  ["line1\nhttps://example.com/1\nline3", ["https://example.com/1"]],
  ["👨‍👩‍👧 https://example.com/👍", ["https://example.com/👍"]],
];

for (const [text, urls] of cases)
  test(`finds ${urls.length === 0 ? "no link" : urls.join(" and ")} in ${JSON.stringify(text)}`, () => {
    const found = findUrls(text);
    assert.deepEqual(
      found.map((url) => url.url),
      urls,
    );
    for (const url of found) assert.equal(text.slice(url.start, url.end), url.text);
  });

test("a long run of brackets is read in reasonable time", () => {
  const started = process.hrtime.bigint();
  findUrls(`https://example.com/${")".repeat(20_000)}`);
  assert.ok(process.hrtime.bigint() - started < 2_000_000_000n);
});
