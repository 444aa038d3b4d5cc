import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countCodePoints,
  countGraphemes,
  countUtf8Bytes,
  countUtf16,
  normalizeText,
  truncateGraphemes,
} from "./text.ts";

test("each counter counts its own unit", () => {
  const cases: [string, number, number, number, number][] = [
    // text, graphemes, UTF-16 units, code points, UTF-8 bytes
    ["", 0, 0, 0, 0],
    ["abc", 3, 3, 3, 3],
    ["é", 1, 1, 1, 2],
    ["e\u0301", 1, 2, 2, 3],
    ["😀", 1, 2, 1, 4],
    ["👨‍👩‍👧‍👦", 1, 11, 7, 25],
    ["🇩🇪🇫🇷", 2, 8, 4, 16],
    ["日本", 2, 2, 2, 6],
    ["\r\n", 1, 2, 2, 2],
  ];
  for (const [text, graphemes, utf16, points, bytes] of cases)
    assert.deepEqual(
      [countGraphemes(text), countUtf16(text), countCodePoints(text), countUtf8Bytes(text)],
      [graphemes, utf16, points, bytes],
      JSON.stringify(text),
    );
});

test("cutting never splits a character a person sees", () => {
  assert.equal(truncateGraphemes("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2), "👨‍👩‍👧‍👦…");
  assert.equal(truncateGraphemes("short", 5), "short");
});

test("composed and decomposed letters and different whitespace are the same text", () => {
  assert.equal(normalizeText("  Cafe\u0301\n\n\tau  lait\u00a0"), normalizeText("Café au lait"));
});
