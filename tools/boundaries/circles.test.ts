import assert from "node:assert/strict";
import { test } from "node:test";
import { circlesIn } from "./circles.ts";

const arrows = (given: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(given).map(([name, to]) => [name, new Set(to)]));

test("a tree has no circle, however often its ends are reached", () => {
  assert.deepEqual(circlesIn(arrows({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] })), []);
});

test("a file that imports itself is a circle", () => {
  assert.deepEqual(circlesIn(arrows({ a: ["a"] })), [["a", "a"]]);
});

test("a circle is named by a shortest walk round it, and what only leads to it is left out", () => {
  const found = circlesIn(arrows({ entry: ["a"], a: ["b", "c"], b: ["c"], c: ["a"], leaf: [] }));
  assert.deepEqual(found, [["a", "c", "a"]]);
});

test("circles that do not touch are told apart", () => {
  const found = circlesIn(arrows({ a: ["b"], b: ["a", "x"], x: ["y"], y: ["z"], z: ["x"] }));
  assert.deepEqual(found.map((walk) => walk.join(" ")).sort(), ["a b a", "x y z x"]);
});
