/** Entries kept; the oldest goes first. */
const atMost = 500;
const keptMs = 10 * 60_000;

/**
 * What was read last, for when reading fails for a reason that passes: ten minutes old at most. While the database answers
 * every use reads anew, so a key that was replaced or erased is never taken then. Only what proved good is to be remembered,
 * or strangers could push out what counts.
 */
export function createLastKnown<T>(deps: {
  readonly isPassing: (error: unknown) => boolean;
  /** Milliseconds that only run forward. */
  readonly monotonicMs: () => number;
}) {
  const known = new Map<string, { readonly value: T; readonly atMs: number }>();
  return {
    async read(name: string, read: () => Promise<T>): Promise<T> {
      try {
        return await read();
      } catch (error) {
        const last = known.get(name);
        if (!last || !deps.isPassing(error) || deps.monotonicMs() - last.atMs > keptMs) throw error;
        return last.value;
      }
    },
    remember(name: string, value: T): void {
      // Read again and again while the database is away, it grows old all the same.
      if (known.get(name)?.value === value) return;
      known.delete(name);
      const [oldest] = known.keys();
      if (known.size >= atMost && oldest !== undefined) known.delete(oldest);
      known.set(name, { value, atMs: deps.monotonicMs() });
    },
  };
}
