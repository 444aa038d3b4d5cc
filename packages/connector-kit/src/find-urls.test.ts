import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findUrls } from "./find-urls.ts";

/** Lines of a table; `\n` and `\u{..}` in them stand for characters that cannot be seen. */
function linesOf(file: string): string[] {
  const text = readFileSync(new URL(`./find-urls/${file}`, import.meta.url), "utf8");
  const shown = (line: string) =>
    line
      .replaceAll("\\n", "\n")
      .replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# "))
    .map(shown);
}

for (const line of linesOf("valid.txt"))
  test(`finds the addresses of ${JSON.stringify(line)}`, () => {
    const [text = "", addresses = ""] = line.split("\t");
    const found = findUrls(text);
    assert.deepEqual(
      found.map((url) => url.text),
      addresses.split(" "),
    );
    for (const { start, end, text: written, url } of found) {
      assert.equal(text.slice(start, end), written);
      assert.equal(url, /^https?:/i.test(written) ? written : `https://${written}`);
    }
  });

for (const text of linesOf("invalid.txt"))
  test(`finds no address in ${JSON.stringify(text)}`, () => assert.deepEqual(findUrls(text), []));

test("an address of 2,048 characters is found, and a longer one is left alone instead of cut", () => {
  const address = (chars: number) => "https://example.com/".padEnd(chars, "a");
  assert.equal(findUrls(`x ${address(2048)} y`)[0]?.text.length, 2048);
  assert.deepEqual(findUrls(address(2100)), []);
});

/** What an attacker repeats: starts of addresses, brackets that are never closed, names without an end. */
const repeated = [
  "a",
  "a.",
  "a-b.",
  "a.com,",
  "a.com(",
  "日a.com",
  "a.co日",
  "(",
  "[({",
  "http://",
  "https://ü.",
  "http://a.b,",
  "http://a.b/(",
  "http://a.b/[({",
  "http://a.b/'",
  "http://a.b/-",
  "http://a.b/((((((((((((((((((((",
  "https://a.b/”",
  "www.",
  "、",
];

const elapsedMs = (text: string): number => {
  const began = process.hrtime.bigint();
  findUrls(text);
  return Number(process.hrtime.bigint() - began) / 1e6;
};

for (const unit of repeated)
  test(`time grows with the length and nothing else: ${JSON.stringify(unit)}`, () => {
    const text = (chars: number) => unit.repeat(Math.ceil(chars / unit.length));
    elapsedMs(text(20_000));
    const short = elapsedMs(text(100_000));
    const long = elapsedMs(text(1_000_000));
    // Ten times the text; a square would be a hundred times. Short times are mostly noise.
    assert.ok(long < 30 * Math.max(short, 40), `${short.toFixed(1)} ms, then ${long.toFixed(1)} ms`);
  });
