import type { JobQueue } from "@postd/core";

/** An engine that loses every task it accepts: what still gets done is done by the sweeper. */
export function dropping(queue: JobQueue): JobQueue {
  return {
    push: async () => {},
    consume: (options, handle) => queue.consume(options, handle),
    depth: () => queue.depth(),
    close: () => queue.close(),
  };
}

/** An engine that delivers every task twice, close together: only one may have an effect. */
export function doubling(queue: JobQueue): JobQueue {
  return {
    push: (tasks) => queue.push(tasks.flatMap((task) => [task, task])),
    consume: (options, handle) => queue.consume(options, handle),
    depth: () => queue.depth(),
    close: () => queue.close(),
  };
}
