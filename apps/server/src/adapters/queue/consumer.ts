import type { Task } from "@postd/core";

/** A task taken from an engine; without `task` its payload was not one of ours. */
export interface Taken {
  readonly id: string;
  readonly task?: Task;
}

export interface Consumer {
  /** There may be something to take. */
  wake(): void;
  /** Takes nothing more and resolves when running handlers have ended. */
  stop(): Promise<void>;
}

const longestPauseMs = 5_000;

/**
 * Takes tasks as slots come free and settles finished ones in whatever batch has gathered during the last round trip.
 * A failing engine is asked again with growing pauses until it answers; a failing handler loses its task only.
 */
export function startConsumer(options: {
  readonly concurrency: number;
  readonly pollMs: number;
  readonly take: (limit: number) => Promise<readonly Taken[]>;
  readonly settle: (ids: readonly string[]) => Promise<void>;
  readonly handle: (task: Task) => Promise<void>;
  readonly onError: (
    error: unknown,
    context: { readonly doing: "take" | "settle" | "handle"; readonly task?: Task },
  ) => void;
}): Consumer {
  const running = new Set<Promise<void>>();
  let finished: string[] = [];
  let settling: Promise<void> | undefined;
  let isStopping = false;
  let isWoken = false;
  let endWait = () => {};
  /** The engine had at least as many tasks as there were slots when last asked. */
  let mayHaveMore = false;

  const wake = () => {
    isWoken = true;
    endWait();
  };
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        endWait = () => {};
        resolve();
      };
      const timer = setTimeout(done, ms);
      endWait = done;
      if (isWoken) done();
    });

  const settleFinished = () => {
    settling ??= (async () => {
      while (finished.length > 0) {
        const batch = finished;
        finished = [];
        try {
          await options.settle(batch);
        } catch (error) {
          finished = batch.concat(finished);
          options.onError(error, { doing: "settle" });
          return; // again at the loop's next turn, which waits while the engine is away
        }
      }
    })().finally(() => {
      settling = undefined;
    });
    return settling;
  };

  const start = ({ id, task }: Taken) => {
    const run = Promise.resolve()
      .then(() => (task ? options.handle(task) : Promise.reject(new Error("a task without tenantId and jobId"))))
      .catch((error) => options.onError(error, { doing: "handle", ...(task && { task }) }))
      .then(() => {
        running.delete(run);
        finished.push(id);
        settleFinished();
        if (mayHaveMore) wake();
      });
    running.add(run);
  };

  const loop = (async () => {
    for (let failures = 0; !isStopping; ) {
      isWoken = false;
      const free = options.concurrency - running.size;
      try {
        const taken = free > 0 ? await options.take(free) : [];
        failures = 0;
        mayHaveMore = taken.length === free;
        for (const one of taken) start(one);
        if (finished.length > 0) settleFinished();
        if (mayHaveMore && free > 0) continue;
      } catch (error) {
        options.onError(error, { doing: "take" });
        failures += 1;
      }
      if (!isStopping)
        await wait(failures > 0 ? Math.min(longestPauseMs, 100 * 2 ** Math.min(failures, 10)) : options.pollMs);
    }
  })();

  return {
    wake,
    async stop() {
      isStopping = true;
      wake();
      await loop;
      await Promise.all(running);
      await settling;
      if (finished.length > 0) await settleFinished();
    },
  };
}
