import { isPassing } from "./database-error.ts";

/** Values of one statement. */
const together = 100;
/** Statements at once: while these run, what comes gathers for the next. */
const atOnce = 2;

interface Waiting<T> {
  readonly value: T;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes one by one become writes of many: what arrives while some are under way is written together, so that a burst costs
 * few commits. When a write of many fails for what one of them is, each is tried alone, so that it fails alone.
 */
export function gathered<T>(write: (values: readonly T[]) => Promise<void>): (value: T) => Promise<void> {
  const queue: Waiting<T>[] = [];
  let running = 0;

  async function turn(some: readonly Waiting<T>[]): Promise<void> {
    try {
      await write(some.map(({ value }) => value));
      for (const { done } of some) done();
    } catch (error) {
      const [only] = some;
      if (some.length <= 1) only?.failed(error);
      else if (isPassing(error)) for (const { failed } of some) failed(error);
      else for (const one of some) await turn([one]);
    }
  }

  function next(): void {
    while (running < atOnce && queue.length > 0) {
      running += 1;
      void turn(queue.splice(0, together)).finally(() => {
        running -= 1;
        next();
      });
    }
  }

  return (value) =>
    new Promise((done, failed) => {
      queue.push({ value, done, failed });
      next();
    });
}
