import assert from "node:assert/strict";
import { test } from "node:test";
import { createLastKnown } from "./last-known.ts";
import { createPatience } from "./patience.ts";

const away = new Error("no database");
const isPassing = (error: unknown) => error === away;
const gone = () => Promise.reject(away);

test("what proved good counts for ten minutes while the database is away, and never while it answers", async () => {
  let nowMs = 0;
  const known = createLastKnown<object>({ isPassing, monotonicMs: () => nowMs });
  const key = { key: "old" };
  assert.equal(await known.read("a", async () => key), key);
  await assert.rejects(known.read("a", gone), away, "read, but not proved");
  known.remember("a", key);
  nowMs = 9 * 60_000;
  const again = await known.read("a", gone);
  assert.equal(again, key);
  // Used while the database is away: no younger for that.
  known.remember("a", again);
  assert.deepEqual(await known.read("a", async () => ({ key: "new" })), { key: "new" });
  nowMs = 11 * 60_000;
  await assert.rejects(known.read("a", gone), away);
  await assert.rejects(
    known.read("a", () => Promise.reject(new Error("broken"))),
    /broken/,
  );
});

test("a database that is back within two seconds is waited for, by fifty at most, and another trouble is not", async () => {
  let sleeps = 0;
  const patience = createPatience({
    isPassing,
    async sleep() {
      sleeps += 1;
    },
  });
  let tries = 0;
  const backAtTheFourth = async () => {
    tries += 1;
    return tries < 4 ? gone() : "back";
  };
  assert.deepEqual(await patience(backAtTheFourth), { value: "back" });
  assert.equal(sleeps, 3);
  sleeps = 0;
  assert.equal(await patience(gone), undefined);
  assert.equal(sleeps, 10, "two seconds, a fifth of one at a time");
  await assert.rejects(
    patience(() => Promise.reject(new Error("broken"))),
    /broken/,
  );

  const waiting: (() => void)[] = [];
  const slow = createPatience({ isPassing, sleep: () => new Promise((done) => waiting.push(done)) });
  const asked = Array.from({ length: 60 }, () => slow(gone));
  const refused = await Promise.all(asked.slice(50));
  assert.deepEqual([...new Set(refused)], [undefined], "ten too many are answered at once");
  while (waiting.length > 0) {
    for (const wake of waiting.splice(0)) wake();
    await new Promise(setImmediate);
  }
  assert.deepEqual([...new Set(await Promise.all(asked))], [undefined]);
});
