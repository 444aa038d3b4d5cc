import assert from "node:assert/strict";
import { test } from "node:test";
import { PostPatch, PostVersionInput, PublishPayload } from "./publishing.ts";

const fieldsOf = (input: unknown) =>
  PublishPayload.safeParse(input).error?.issues.map(({ path }) => path.join(".")) ?? [];

test("text and its older name are one thing", () => {
  assert.deepEqual(fieldsOf({ text: "x" }), []);
  assert.deepEqual(fieldsOf({ content: "x" }), []);
  assert.deepEqual(fieldsOf({ text: "x", content: "x" }), []);
  assert.deepEqual(fieldsOf({ text: "" }), []);
  assert.deepEqual(fieldsOf({ text: "x", content: "y" }), ["text"]);
  assert.deepEqual(fieldsOf({}), ["text"]);
});

test("hashtags come with or without their sign and are one word", () => {
  assert.deepEqual(PublishPayload.parse({ text: "", hashtags: ["#coffee", "oslo"] }).hashtags, ["coffee", "oslo"]);
  for (const tag of ["", "#", "two words", "a#b", "@ida"])
    assert.deepEqual(fieldsOf({ text: "", hashtags: [tag] }), ["hashtags.0"], tag);
});

test("a product stands within its picture", () => {
  const tag = (x: number, y: number) => ({ text: "", productTags: [{ productId: "1", position: { x, y } }] });
  assert.deepEqual(fieldsOf(tag(0, 1)), []);
  assert.deepEqual(fieldsOf(tag(1.1, -0.1)), ["productTags.0.position.x", "productTags.0.position.y"]);
});

test("a version and a change take a word away with null, a new post has none to take away", () => {
  const none = { link: null, firstComment: null };
  assert.ok(PostVersionInput.safeParse(none).success);
  assert.ok(PostPatch.safeParse(none).success);
  assert.deepEqual(fieldsOf({ text: "", ...none }), ["link", "firstComment"]);
});
