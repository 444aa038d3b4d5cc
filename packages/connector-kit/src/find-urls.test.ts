import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLinear, tableLines } from "./conformance/tables.ts";
import { findUrls } from "./find-urls.ts";

const linesOf = (file: string) => tableLines(new URL(`./find-urls/${file}`, import.meta.url));

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

for (const unit of repeated)
  test(`time grows with the length and nothing else: ${JSON.stringify(unit)}`, () => assertLinear(unit, findUrls));
