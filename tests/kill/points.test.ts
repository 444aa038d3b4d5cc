import assert from "node:assert/strict";
import { test } from "node:test";
import { isComplete } from "./chance.ts";
import { type Point, places, pointsOf, sample } from "./points.ts";

const points = (calls: number): readonly Point[] =>
  pointsOf(
    Array.from({ length: calls }, (_, nth) => ({
      scenario: "facebook photo" as Point["scenario"],
      method: "POST",
      path: "^/feed$",
      nth,
      shown: `POST feed #${nth}`,
    })),
  );

test("no round is without two points of a scenario, however few it has", () => {
  for (const calls of [1, 2, 3, 4, 20])
    for (let salt = 0; salt < 12; salt += 1) assert.ok(sample(points(calls), salt).length >= 2, `${calls} ${salt}`);
});

test("rounds that follow each other strike every point, and one round strikes before, in and after a call", () => {
  const all = points(20);
  const struck = new Set(Array.from({ length: 8 }, (_, salt) => sample(all, salt)).flat());
  assert.equal(struck.size, all.length);
  assert.deepEqual(new Set(sample(all, 0).map(({ at }) => at)), new Set(places));
  if (!isComplete) assert.ok(sample(all, 0).length <= all.length / 7);
});
