import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, shared } from "./gate.ts";
import { Refusal } from "./problem.ts";

/** Work that ends when told to. */
function works() {
  const begun: (() => void)[] = [];
  return { begun, work: () => new Promise<void>((end) => begun.push(end)) };
}

test("work that costs the processor runs two at a time, waits in turn, and beyond that is refused with word to come again", async () => {
  const gate = createGate({ running: 2, waiting: 1 });
  const { begun, work } = works();
  const [first, second, third] = [gate(work), gate(work), gate(work)];
  assert.equal(begun.length, 2);
  await assert.rejects(gate(work), (error) => error instanceof Refusal && error.refusal.code === "rate_limited");
  begun[0]?.();
  await first;
  await new Promise(setImmediate);
  assert.equal(begun.length, 3);
  begun[1]?.();
  begun[2]?.();
  await Promise.all([second, third]);
  const last = gate(work);
  assert.equal(begun.length, 4, "places that came free are given again");
  begun[3]?.();
  await last;
});

test("work that fails gives its place back", async () => {
  const gate = createGate({ running: 1, waiting: 1 });
  await assert.rejects(gate(() => Promise.reject(new Error("broken"))));
  assert.equal(await gate(async () => 7), 7);
});

test("many who ask the same at once cause one question, and the next one asks anew", async () => {
  let asked = 0;
  const ask = shared(async () => {
    asked += 1;
    return asked;
  });
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
  assert.equal(await ask(), 2);
});
