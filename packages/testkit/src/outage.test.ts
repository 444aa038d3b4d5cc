import assert from "node:assert/strict";
import { test } from "node:test";
import { mostProbes, resumeAfterMs } from "./outage.ts";

test("a platform that is down for so long is asked so often at most", () => {
  assert.deepEqual([10_000, 30_000, 90_000, 600_000, 3_600_000].map(mostProbes), [0, 1, 2, 4, 14]);
});

test("what waited goes out 1, 2, 4, 8 ... in a second, up to 256", () => {
  const seconds = new Map<number, number>();
  for (let place = 0; place < 3_000; place += 1) {
    const second = Math.floor(resumeAfterMs(place) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
    assert.ok(place === 0 || resumeAfterMs(place) >= resumeAfterMs(place - 1));
  }
  assert.deepEqual([...seconds.values()].slice(0, 12), [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 256]);
});
