import assert from "node:assert/strict";
import { test } from "node:test";
import { isTid, tid } from "./tid.ts";

test("the same moment and bits give the same id, other bits another", () => {
  const now = new Date("2026-11-20T12:00:00.000Z");
  assert.equal(tid(now, 5n), tid(now, 5n));
  assert.notEqual(tid(now, 5n), tid(now, 6n));
  assert.notEqual(tid(now, 5n), tid(now, 5n | (1n << 10n)));
});

test("ids are valid and sort by time, whatever the bits", () => {
  const ids = [0, 1, 2, 1000, 86_400_000].map((ms, i) =>
    tid(new Date(Date.UTC(2026, 0, 1) + ms), i % 2 ? 0n : (1n << 20n) - 1n),
  );
  for (const id of ids) assert.ok(isTid(id), id);
  assert.deepEqual([...ids].sort(), ids);
});

test("the encoding is the documented one", () => {
  assert.equal(tid(new Date(0), 0n), "2222222222222");
  assert.equal(tid(new Date(0), 1n), "2222222222223");
  // 1 ms = 1000 us = 1,024,000 after the shift by 10: base 32 digits 31 8 0 0, "zc22".
  assert.equal(tid(new Date(1), 0n), "222222222zc22");
});

test("an id of another length, alphabet or with the top bit set is not valid", () => {
  for (const bad of ["", "222222222222", "22222222222222", "1222222222222", "z222222222222", "222222222222A"])
    assert.ok(!isTid(bad), bad);
});
