import { performance } from "node:perf_hooks";
import type { JobQueue } from "@postd/core";

export interface EngineRate {
  readonly pushedPerSecond: number;
  readonly handledPerSecond: number;
}

/**
 * The engine's own pace with handlers that do nothing: how fast it accepts `tasks` in batches, then how fast it hands
 * them all out. The queue must be empty and nobody else may consume it. Yardstick for what the pipeline adds.
 */
export async function measureEngineRate(
  queue: JobQueue,
  options: { readonly tasks: number; readonly batch?: number; readonly concurrency?: number },
): Promise<EngineRate> {
  const batch = options.batch ?? 500;
  const startMs = performance.now();
  for (let first = 0; first < options.tasks; first += batch) {
    const size = Math.min(batch, options.tasks - first);
    await queue.push(
      Array.from({ length: size }, (_, i) => ({ tenantId: "ten_bench", jobId: `job_bench${first + i}` })),
    );
  }
  const pushedMs = performance.now();
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const consumer = await queue.consume({ concurrency: options.concurrency ?? 100 }, async () => {
    handled += 1;
    if (handled === options.tasks) all.resolve();
  });
  await all.promise;
  await consumer.stop();
  const handledMs = performance.now();
  const perSecond = (ms: number) => Math.round((options.tasks / ms) * 1_000);
  return { pushedPerSecond: perSecond(pushedMs - startMs), handledPerSecond: perSecond(handledMs - pushedMs) };
}
