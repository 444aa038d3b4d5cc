import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf, wantsCsv } from "./csv.ts";

const accepts: readonly (readonly [string | undefined, boolean])[] = [
  [undefined, false],
  ["*/*", false],
  ["text/csv", true],
  [" TEXT/CSV ; charset=utf-8 ; q=0.5", true],
  ["text/csv;q=0", false],
  ["text/csv;q=zero", false],
  ["text/csvx", false],
  ["text/html, text/csv;q=0.9, */*;q=0.1", true],
  ["application/json, text/csv", false],
  ["application/json;q=0.5, text/csv;q=0.9", true],
];
for (const [accept, expected] of accepts)
  test(`Accept: ${accept ?? "nothing"} is answered as ${expected ? "CSV" : "JSON"}`, () =>
    assert.equal(wantsCsv(undefined, accept), expected));

test("format says it beyond doubt", () => {
  assert.equal(wantsCsv("json", "text/csv"), false);
  assert.equal(wantsCsv("csv", "application/json"), true);
});

test("what a spreadsheet would run is text, numbers stay numbers, and what is not known is an empty field", async () => {
  async function* lines() {
    yield { name: "=1+1", text: '@a "b", c', value: -5, change: 0, simulated: false };
    yield { name: "＝1", value: 1.5 };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of csvOf(lines())) chunks.push(chunk);
  const [head = "", first, second] = Buffer.concat(chunks).toString("utf8").split("\r\n");
  const at = (line: string | undefined, column: string) =>
    (line ?? "")
      .match(/("([^"]|"")*"|[^,]*)(,|$)/g)
      ?.[head.replace("\ufeff", "").split(",").indexOf(column)]?.replace(/,$/, "");
  assert.equal(head.startsWith("\ufeffperiod_from,"), true);
  assert.deepEqual(
    ["name", "text", "value", "change", "simulated", "before"].map((column) => at(first, column)),
    ["'=1+1", '"\'@a ""b"", c"', "-5", "0", "false", ""],
  );
  assert.deepEqual([at(second, "name"), at(second, "value")], ["'＝1", "1.5"]);
});

test("a page that fails ends the table with an error, and not as if it were whole", async () => {
  async function* lines() {
    yield { name: "likes", value: 1 };
    throw new Error("the database is away");
  }
  await assert.rejects(async () => {
    for await (const _chunk of csvOf(lines()));
  }, /the database is away/);
});
