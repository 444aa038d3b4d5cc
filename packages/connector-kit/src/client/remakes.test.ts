import assert from "node:assert/strict";
import { test } from "node:test";
import { countRemake, mayRemake, type Remakes, stillAtWork } from "./remakes.ts";

const minutes = (count: number): Date => new Date(Date.UTC(2026, 10, 27, 12, count));

test("what broke is made anew twice, then only after a rest, and twice again", () => {
  let state: Remakes = { remakes: 0 };
  for (const at of [0, 1, 20, 21]) {
    assert.ok(mayRemake(state, minutes(at)), `minute ${at}`);
    state = countRemake(state, minutes(at));
    if (at === 1) assert.ok(!mayRemake(state, minutes(10)));
  }
  assert.ok(!mayRemake(state, minutes(22)));
});

test("work that takes long is no rest", () => {
  let state: Remakes = countRemake(countRemake({ remakes: 0 }, minutes(0)), minutes(0));
  for (const at of [5, 10, 15]) state = stillAtWork(state, minutes(at));
  assert.ok(!mayRemake(state, minutes(20)));
  assert.ok(mayRemake(state, minutes(26)));
  assert.deepEqual(stillAtWork({ remakes: 0 }, minutes(1)), { remakes: 0 });
});
