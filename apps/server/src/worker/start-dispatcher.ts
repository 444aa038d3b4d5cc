import type { DueJobs, JobQueue } from "@postd/core";

export interface DispatcherLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const batchSize = 200;

/**
 * Hands due jobs to the queue engine, in any number of processes at once. It sleeps until the next job falls due, at
 * most `pollMs`; `wake` ends the sleep. What one tenant may have handed at a time is bounded, so the end of jobs makes
 * room for more: after `refillAfter` ends it looks again. A database or engine that is away is waited for; what was
 * marked as handed and then lost is handed again by the marks' age.
 */
export function startDispatcher(options: {
  readonly due: Pick<DueJobs, "takeDue" | "nextDueInMs">;
  readonly queue: Pick<JobQueue, "push">;
  readonly log: DispatcherLog;
  readonly pollMs?: number;
  readonly refillAfter?: number;
}): { wake(): void; ended(): void; stop(): Promise<void> } {
  const { due, queue, log, pollMs = 1_000, refillAfter = 24 } = options;
  let stopped = false;
  let woken = false;
  let ends = 0;
  let endSleep: (() => void) | undefined;
  const wake = () => {
    woken = true;
    endSleep?.();
  };
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      endSleep = () => {
        clearTimeout(timer);
        resolve();
      };
      if (woken || stopped) endSleep();
    });

  const running = (async () => {
    while (!stopped) {
      woken = false;
      ends = 0;
      let sleepMs = pollMs;
      try {
        const jobs = await due.takeDue(batchSize);
        if (jobs.length > 0) await queue.push(jobs);
        sleepMs = jobs.length === batchSize ? 0 : Math.min(pollMs, (await due.nextDueInMs()) ?? pollMs);
      } catch (error) {
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          "the dispatcher could not reach the database; it goes on trying",
        );
      }
      // One millisecond more, so that what is due then is due.
      if (!stopped && sleepMs > 0) await sleep(sleepMs + 1);
    }
  })();

  return {
    wake,
    ended() {
      ends += 1;
      if (ends >= refillAfter) wake();
    },
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
