import assert from "node:assert/strict";
import { test } from "node:test";
import type { InboxEntry } from "@postd/connector-kit";
import { nextLookMs } from "./pace.ts";
import { toldEntries } from "./told-entry.ts";

const now = new Date("2026-11-27T12:00:00Z");
const entry = (more: Partial<InboxEntry>): InboxEntry => ({
  ...{ externalId: "c1", kind: "comment", text: "Hello", createdAt: new Date("2026-11-27T11:00:00Z") },
  ...more,
});
const told = (more: Partial<InboxEntry>): InboxEntry | undefined => toldEntries([entry(more)], now)[0];

test("words keep their lines, and lose what cannot be seen, stored or read in order", () => {
  assert.equal(told({ text: " one\r\ntwo\n\n\n\n\u202ethree\u0000\u200b\ud800 " })?.text, "one\ntwo\n\nthree\ufffd");
  assert.equal(told({ text: "👨‍👩‍👧 with love" })?.text, "👨‍👩‍👧 with love");
  assert.ok((told({ text: "x".repeat(100_000) })?.text.length ?? 0) <= 10_000);
});

test("names are one line, pictures come by https, and an author of nothing is none", () => {
  const author = {
    name: "Nora\nBerg\u202e",
    handle: "nora",
    pictureUrl: "http://example.com/a.png",
    externalId: "\u0000",
  };
  assert.deepEqual(told({ author })?.author, { name: "Nora Berg", handle: "nora" });
  assert.equal(told({ author: { name: " " } })?.author, undefined);
});

test("an entry that cannot be kept under its id, or has no time, is left out", () => {
  for (const broken of [{ externalId: "" }, { externalId: "a\u0000" }, { createdAt: new Date(Number.NaN) }])
    assert.equal(told(broken), undefined, JSON.stringify(broken));
  assert.deepEqual(told({ createdAt: new Date("2030-01-01T00:00:00Z") })?.createdAt, now);
});

test("stars outside of one to five, and addresses that are none, are left out", () => {
  assert.deepEqual(
    [told({ rating: 4 })?.rating, told({ rating: 0 })?.rating, told({ rating: 9 })?.rating],
    [4, undefined, undefined],
  );
  assert.equal(told({ permalink: "javascript:alert(1)" })?.permalink, undefined);
  assert.equal(told({ permalink: "https://example.com/c1" })?.permalink, "https://example.com/c1");
});

test("an account is looked at sooner the less time went by since something happened there", () => {
  const ago = (hours: number) => nextLookMs(new Date(now.getTime() - hours * 3_600_000), now) / 60_000;
  assert.deepEqual([ago(0), ago(23), ago(25), ago(167), ago(169)], [10, 10, 60, 60, 360]);
  assert.equal(nextLookMs(undefined, now) / 60_000, 360);
});
