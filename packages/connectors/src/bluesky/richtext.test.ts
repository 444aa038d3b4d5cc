import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { facetsFor, mentionedHandles, tagOf } from "./richtext.ts";

const dids = { "ida.example": "did:plc:ida", "bo.bsky.social": "did:plc:bo" };

/** Facets as `kind value = bytes they cover`, read back from the UTF-8 bytes as the platform does. */
function seen(text: string): string[] {
  const bytes = Buffer.from(text, "utf8");
  return facetsFor(text, dids).map((facet) => {
    const { index, features } = facet as {
      index: { byteStart: number; byteEnd: number };
      features: { $type: string; uri?: string; did?: string; tag?: string }[];
    };
    const [feature] = features;
    const value = feature?.uri ?? feature?.did ?? feature?.tag;
    const covered = bytes.subarray(index.byteStart, index.byteEnd).toString("utf8");
    return `${feature?.$type.split("#")[1]} ${value} = ${covered}`;
  });
}

const cases: [text: string, facets: string[]][] = [
  ["plain text", []],
  ["see https://example.com/a now", ["link https://example.com/a = https://example.com/a"]],
  ["👨‍👩‍👧 ünï https://example.com/é.", ["link https://example.com/é = https://example.com/é"]],
  ["日本語 #日本 ok", ["tag 日本 = #日本"]],
  ["hi @ida.example!", ["mention did:plc:ida = @ida.example"]],
  ["hi @Ida.Example.", ["mention did:plc:ida = @Ida.Example"]],
  ["hi @nobody.example", []],
  ["mail me@ida.example", []],
  ["(@bo.bsky.social)", ["mention did:plc:bo = @bo.bsky.social"]],
  ["#one #two, #three!", ["tag one = #one", "tag two = #two", "tag three = #three"]],
  ["issue #42 and a#b and # alone", []],
  ["#2026年 #c++", ["tag 2026年 = #2026年", "tag c = #c"]],
  ["#🎉", []],
  ["https://example.com/#top", ["link https://example.com/#top = https://example.com/#top"]],
  [
    "https://bsky.app/profile/@ida.example",
    ["link https://bsky.app/profile/@ida.example = https://bsky.app/profile/@ida.example"],
  ],
  [
    "#tag https://a.example @ida.example",
    ["tag tag = #tag", "link https://a.example = https://a.example", "mention did:plc:ida = @ida.example"],
  ],
  ["www.example.com", ["link https://www.example.com = www.example.com"]],
];

for (const [text, facets] of cases)
  test(`facets of ${JSON.stringify(text)} cover exactly their own bytes`, () => assert.deepEqual(seen(text), facets));

test("handles are named once, in lower case, and only where they could be handles", () => {
  assert.deepEqual(mentionedHandles("@Ida.Example @ida.example, @bo.bsky.social @nodot a@b.example"), [
    "ida.example",
    "bo.bsky.social",
  ]);
});

test("a tag fits 64 graphemes and 640 bytes, and one more is no tag", () => {
  assert.equal(tagOf("x".repeat(64)), "x".repeat(64));
  assert.equal(tagOf("x".repeat(65)), undefined);
  assert.equal(tagOf("日".repeat(64)), "日".repeat(64));
  const family = "a👨‍👩‍👧‍👦".repeat(25);
  assert.equal(tagOf(`${family}b`), undefined);
});
