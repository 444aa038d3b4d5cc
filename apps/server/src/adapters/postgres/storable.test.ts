import assert from "node:assert/strict";
import { test } from "node:test";
import { storable } from "./storable.ts";

test("no NUL and no half of a character reaches the database, in text or in JSON", () => {
  assert.equal(storable("a\u0000b\ud83d"), "ab\ufffd");
  const odd = { "ke\u0000y": "x\u0000y", half: "\ud83d!", whole: "😀", deep: [{ tail: "\ude00" }] };
  assert.deepEqual(JSON.parse(storable(JSON.stringify(odd))), {
    key: "xy",
    half: "\ufffd!",
    whole: "😀",
    deep: [{ tail: "\ufffd" }],
  });
});

test("what only looks like an escape stays what its author wrote", () => {
  const literal = { text: "\\u0000 and \\ud83d", pair: "\\\\u0000" };
  assert.deepEqual(JSON.parse(storable(JSON.stringify(literal))), literal);
  assert.equal(storable("plain \\u0000 text"), "plain \\u0000 text");
  assert.deepEqual(JSON.parse(storable('{"a":"\\ud83d\\ude00"}')), { a: "😀" });
});
