import type { JobQueue, Task } from "@postd/core";
import { type Consumer, startConsumer, type Taken } from "./consumer.ts";

/** An engine inside one process, for tests: what waits is lost with the process, which the contract of a hint allows. */
export function createMemoryQueue(
  options: { readonly onError?: (error: unknown) => void; readonly now?: () => number } = {},
): JobQueue {
  const now = options.now ?? (() => performance.now());
  const consumers = new Set<Consumer>();
  let waiting: { readonly task: Task; readonly pushedMs: number }[] = [];
  return {
    async push(tasks) {
      const pushedMs = now();
      for (const task of tasks) waiting.push({ task: { ...task }, pushedMs });
      for (const consumer of consumers) consumer.wake();
    },
    async consume({ concurrency }, handle) {
      const consumer = startConsumer({
        concurrency,
        pollMs: 1_000,
        handle,
        async take(limit) {
          const batch = waiting.slice(0, limit);
          waiting = waiting.slice(limit);
          return batch.map(({ task }): Taken => ({ id: task.jobId, task }));
        },
        settle: async () => {},
        onError: (error) => options.onError?.(error),
      });
      consumers.add(consumer);
      return {
        stop: async () => {
          consumers.delete(consumer);
          await consumer.stop();
        },
      };
    },
    async depth() {
      const oldest = waiting[0];
      return { waiting: waiting.length, oldestMs: oldest ? now() - oldest.pushedMs : 0 };
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      consumers.clear();
    },
  };
}
