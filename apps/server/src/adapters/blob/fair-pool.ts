export type FairPool = ReturnType<typeof createFairPool>;

/** A picture of many pixels takes some 250 MB while it is worked on, so a process works on one at a time. */
export const createPicturePool = (): FairPool => createFairPool(1);

/**
 * Runs at most `size` pieces of work at once. Those who wait take turns by `share` (a tenant), so that one who sends a
 * hundred files delays nobody else by more than one of them.
 */
export function createFairPool(size: number) {
  const waiting = new Map<string, (() => void)[]>();
  let running = 0;

  const next = () => {
    for (const [share, queue] of waiting) {
      // To the end of the line, or out of it.
      waiting.delete(share);
      const start = queue.shift();
      if (queue.length > 0) waiting.set(share, queue);
      if (start) return start();
    }
    running -= 1;
  };

  return {
    async run<T>(share: string, work: () => Promise<T>): Promise<T> {
      if (running < size) running += 1;
      else
        await new Promise<void>((start) => {
          const queue = waiting.get(share) ?? [];
          queue.push(start);
          waiting.set(share, queue);
        });
      try {
        return await work();
      } finally {
        next();
      }
    },
  };
}
