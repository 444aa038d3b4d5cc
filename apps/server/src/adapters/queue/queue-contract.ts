import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JobQueue, Task } from "@postd/core";
import { doubling, dropping } from "./unreliable.ts";

/** One engine opened for one test; `cut` breaks every connection it holds, where it holds any. */
export interface OpenedQueue {
  readonly queue: JobQueue;
  readonly cut?: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What every engine behind `JobQueue` must do; the ledger relies on nothing else. */
export function describeQueue(
  name: string,
  open: () => Promise<OpenedQueue>,
  traits: { readonly hasConnections: boolean },
): void {
  const guarantee = (title: string, run: (opened: OpenedQueue) => Promise<void>) =>
    test(title, async () => {
      const opened = await open();
      try {
        await run(opened);
      } finally {
        await opened.close();
      }
    });

  describe(name, () => {
    guarantee("delivers every task with its ids, pushed before or after consuming begins", async ({ queue }) => {
      await queue.push(tasks(0, 3));
      const got = collect(6);
      const consumer = await queue.consume({ concurrency: 4 }, got.handle);
      await queue.push(tasks(3, 3));
      assert.deepEqual(await got.all, tasks(0, 6));
      await consumer.stop();
    });

    guarantee("runs at most as many handlers at once as asked for, and that many", async ({ queue }) => {
      let running = 0;
      let most = 0;
      const full = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const got = collect(9);
      const consumer = await queue.consume({ concurrency: 3 }, async (task) => {
        running += 1;
        most = Math.max(most, running);
        if (running === 3) full.resolve();
        await release.promise;
        running -= 1;
        await got.handle(task);
      });
      await queue.push(tasks(0, 9));
      await full.promise;
      release.resolve();
      await got.all;
      await consumer.stop();
      assert.equal(most, 3);
    });

    guarantee("a handler that throws loses that task only, and it does not come again", async ({ queue }) => {
      const got = collect(4);
      let thrown = 0;
      const consumer = await queue.consume({ concurrency: 1 }, async (task) => {
        if (task.jobId === "job_00000001") {
          thrown += 1;
          throw new Error("planted");
        }
        await got.handle(task);
      });
      await queue.push(tasks(0, 5));
      await got.all;
      await consumer.stop();
      assert.equal(thrown, 1);
      assert.deepEqual(await queue.depth(), { waiting: 0, oldestMs: 0 });
    });

    guarantee("stopping waits for running handlers and leaves what was not taken", async ({ queue }) => {
      const started = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const order: string[] = [];
      const consumer = await queue.consume({ concurrency: 1 }, async () => {
        started.resolve();
        await release.promise;
        order.push("handled");
      });
      await queue.push(tasks(0, 2));
      await started.promise;
      const stopped = consumer.stop().then(() => order.push("stopped"));
      release.resolve();
      await stopped;
      assert.deepEqual(order, ["handled", "stopped"]);
      assert.equal((await queue.depth()).waiting, 1);
    });

    guarantee("two consumers share the tasks; nothing is delivered twice", async ({ queue }) => {
      const got = collect(40);
      const consumers = await Promise.all([1, 2].map(() => queue.consume({ concurrency: 2 }, got.handle)));
      await queue.push(tasks(0, 40));
      assert.deepEqual(await got.all, tasks(0, 40));
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      assert.equal(got.count(), 40);
    });

    guarantee("depth counts what waits and how long it has waited", async ({ queue }) => {
      assert.deepEqual(await queue.depth(), { waiting: 0, oldestMs: 0 });
      await queue.push(tasks(0, 3));
      const { waiting, oldestMs } = await queue.depth();
      assert.equal(waiting, 3);
      assert.ok(oldestMs >= 0 && oldestMs < 60_000, `${oldestMs} ms`);
    });

    guarantee("wrapped as dropping nothing arrives, as doubling everything arrives twice", async ({ queue }) => {
      await dropping(queue).push(tasks(0, 2));
      assert.equal((await queue.depth()).waiting, 0);
      await doubling(queue).push(tasks(0, 2));
      const got = collect(4);
      const consumer = await queue.consume({ concurrency: 4 }, got.handle);
      const twice = [...tasks(0, 1), ...tasks(0, 1), ...tasks(1, 1), ...tasks(1, 1)];
      assert.deepEqual(await got.all, twice);
      await consumer.stop();
    });

    if (!traits.hasConnections) return;
    guarantee("works on by itself after every connection was cut", async ({ queue, cut }) => {
      assert.ok(cut);
      const before = collect(2);
      const after = collect(2);
      let handle = before.handle;
      const consumer = await queue.consume({ concurrency: 2 }, (task) => handle(task));
      await queue.push(tasks(0, 2));
      await before.all;
      handle = after.handle;
      await cut();
      await untilPushed(queue, tasks(2, 2));
      assert.deepEqual(await after.all, tasks(2, 2));
      await consumer.stop();
    });
  });
}

function tasks(first: number, count: number): Task[] {
  return Array.from({ length: count }, (_, i) => ({
    tenantId: "ten_contract",
    jobId: `job_${String(first + i).padStart(8, "0")}`,
  }));
}

/** A handler that keeps what it got; `all` resolves, in order of ids, once `count` tasks came. */
function collect(count: number) {
  const got: Task[] = [];
  const all = Promise.withResolvers<Task[]>();
  return {
    all: all.promise,
    count: () => got.length,
    async handle(task: Task) {
      got.push(task);
      if (got.length === count) all.resolve(got.toSorted((a, b) => a.jobId.localeCompare(b.jobId)));
    },
  };
}

/** A push on a connection that was just cut may be refused; the caller sees it and pushes again. */
async function untilPushed(queue: JobQueue, wanted: Task[]): Promise<void> {
  for (let left = 20; ; left -= 1) {
    try {
      await queue.push(wanted);
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
