import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Task } from "@postd/core";
import { createFairSlots } from "./fair-slots.ts";

/** Slots whose jobs end when told to. */
function stage(concurrency = 24) {
  const running = new Map<string, { readonly task: Task; readonly end: () => void }>();
  const order: string[] = [];
  let made = 0;
  const slots = createFairSlots({
    concurrency,
    run: (task) =>
      new Promise((end) => {
        order.push(task.jobId);
        running.set(task.jobId, { task, end });
      }),
  });
  const released: string[] = [];
  return {
    slots,
    running,
    order,
    released,
    offer(tenantId: string, connectionId: string, count = 1, platform = "meta") {
      for (let i = 0; i < count; i += 1) {
        made += 1;
        const jobId = `job_${made}`;
        void slots.offer({ tenantId, connectionId, jobId, platform }).then(() => released.push(jobId));
      }
    },
    of: (name: string) =>
      [...running.values()].filter(({ task }) => [task.tenantId, task.connectionId, task.platform].includes(name))
        .length,
    async endAt(platform: string) {
      for (const [id, { task, end }] of [...running]) {
        if (task.platform !== platform) continue;
        running.delete(id);
        end();
      }
      await turn();
    },
    async end(name: string, count = 1) {
      const own = [...running].filter(([, { task }]) => task.tenantId === name).slice(0, count);
      for (const [id, { end }] of own) {
        running.delete(id);
        end();
      }
      await turn();
    },
  };
}

test("a tenant alone gets every slot that was set, over many accounts", async () => {
  const s = stage();
  for (let i = 0; i < 150; i += 1) s.offer("a", `a${i % 24}`);
  assert.equal(s.of("a"), 24);
  await s.end("a", 10);
  assert.equal(s.of("a"), 24, "what ends is replaced at once");
});

test("one account's hanging jobs leave slots to its tenant's other accounts", () => {
  const s = stage();
  s.offer("a", "hangs", 60);
  assert.equal(s.of("hangs"), 18);
  s.offer("a", "flows", 1);
  assert.equal(s.of("flows"), 1);
});

test("a tenant whose jobs hang, over however many accounts, leaves a slot to whoever comes next", () => {
  const s = stage();
  for (let i = 0; i < 60; i += 1) s.offer("a", `a${i}`);
  s.offer("b", "b1");
  assert.equal(s.of("b"), 1);
});

test("with several tenants that hang there is still a slot for another one", () => {
  const s = stage();
  for (const tenant of ["a", "b", "c", "d"]) s.offer(tenant, `${tenant}1`, 60);
  s.offer("e", "e1");
  assert.equal(s.of("e"), 1);
});

test("a platform that hangs, over however many tenants, leaves slots to the others, and they to one more", () => {
  const s = stage();
  for (let i = 0; i < 60; i += 1) s.offer(`t${i}`, `a${i}`, 4, "hangs");
  assert.equal(s.of("hangs"), 32, "of 37");
  for (let i = 0; i < 60; i += 1) s.offer(`t${i}`, `b${i}`, 1, "hangs too");
  assert.equal(s.of("hangs too"), 4);
  s.offer("other", "c1", 9, "flows");
  assert.equal(s.of("flows"), 1);
});

test("while one platform hangs, another's jobs go on through what is left", async (t) => {
  const s = stage();
  for (let i = 0; i < 60; i += 1) s.offer(`t${i}`, `a${i}`, 4, "hangs");
  for (let i = 0; i < 60; i += 1) s.offer(`t${i}`, `b${i}`, 2, "flows");
  let rounds = 0;
  for (; s.of("flows") > 0; rounds += 1) await s.endAt("flows");
  t.diagnostic(`120 posts to a platform that answers went out in ${rounds} rounds of at most 4 slots while 32 hung`);
  assert.ok(rounds <= 40, `${rounds} rounds`);
  assert.equal(s.of("hangs"), 32);
});

test("a tenant whose posts hang at one platform still posts to another", () => {
  const s = stage();
  for (let i = 0; i < 60; i += 1) s.offer("a", `a${i}`, 1, "hangs");
  s.offer("a", "b1", 9, "flows");
  assert.deepEqual([s.of("hangs"), s.of("flows")], [24, 3]);
});

test("nobody starves: slots that come free go to whoever has least", async () => {
  const s = stage();
  for (let i = 0; i < 40; i += 1) s.offer("big", `big${i % 4}`);
  s.offer("small", "small1", 40);
  for (let i = 0; i < 20; i += 1) await s.end("big", 1);
  assert.ok(s.of("small") >= 8, `${s.of("small")} of the small one run`);
  assert.ok(s.of("big") >= 8, `${s.of("big")} of the big one run`);
});

test("hints that wait only for fairness let the engine be asked for what stands behind them", async () => {
  const s = stage();
  s.offer("a", "a1", 60);
  await turn();
  assert.equal(s.released.length, 60 - 18, "what runs holds its hint, what waits does not");
});

test("a hint that waits already is dropped, so that repeats cannot pile up", async () => {
  const s = stage(1);
  s.offer("a", "a1");
  const waiting = { tenantId: "a", connectionId: "a1", jobId: "job_w" };
  for (let i = 0; i < 100; i += 1) void s.slots.offer(waiting);
  assert.deepEqual(s.slots.waiting(), ["job_w"]);
  await s.end("a", 1);
  await s.end("a", 1);
  assert.deepEqual(s.order, ["job_1", "job_w"]);
});

test("what waits is named when the worker stops, and is not started", async () => {
  const s = stage(1);
  s.offer("a", "a1", 3);
  const stopped = s.slots.stop();
  assert.deepEqual(s.slots.waiting(), ["job_2", "job_3"]);
  await s.end("a", 1);
  await stopped;
  assert.deepEqual(s.order, ["job_1"]);
});

test("whatever the number of slots, one tenant alone gets them all and never more", () => {
  for (let concurrency = 1; concurrency <= 100; concurrency += 1) {
    const s = stage(concurrency);
    for (let i = 0; i < concurrency * 3; i += 1) s.offer("a", `a${i}`);
    assert.equal(s.of("a"), concurrency);
    s.offer("b", "b1");
    assert.equal(s.of("b"), 1);
  }
});
