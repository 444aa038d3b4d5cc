import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldByPlace } from "./field-by-place.ts";

const fieldAt = fieldByPlace({
  "/commentary": "text",
  "/content/article": "link",
  "/content/article/title": "link.title",
  "/images/#/alt": "media.#.altText",
});

test("a place in the platform's body is a field of the post, however the path is written", () => {
  for (const [path, field] of [
    ["/commentary", "text"],
    ["commentary", "text"],
    ["content.article.title", "link.title"],
    ["/content/article/title/0", "link.title"],
    ["/content/article/source", "link"],
    ["/images/12/alt", "media.12.altText"],
    ["images[3].alt", "media.3.altText"],
  ])
    assert.equal(fieldAt(path ?? ""), field);
});

test("what no place covers is not guessed at", () => {
  for (const path of ["", "/", "/content", "/images/x/alt", "constructor", "__proto__", "/images/99999999/alt"])
    assert.equal(fieldAt(path), undefined, path);
});
