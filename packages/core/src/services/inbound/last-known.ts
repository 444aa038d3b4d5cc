/** Entries kept; the oldest goes first. */
const atMost = 500;
const keptMs = 10 * 60_000;

/**
 * What was read last, for when reading fails for a reason that passes: ten minutes old at most. While the database answers
 * every use reads anew, so a key that was replaced or erased is never taken then.
 */
export function createLastKnown<T>(deps: {
  readonly isPassing: (error: unknown) => boolean;
  /** Milliseconds that only run forward. */
  readonly monotonicMs: () => number;
}) {
  const known = new Map<string, { readonly value: T; readonly atMs: number }>();
  return async (name: string, read: () => Promise<T>): Promise<T> => {
    try {
      const value = await read();
      known.delete(name);
      const [oldest] = known.keys();
      if (known.size >= atMost && oldest !== undefined) known.delete(oldest);
      known.set(name, { value, atMs: deps.monotonicMs() });
      return value;
    } catch (error) {
      const last = known.get(name);
      if (!last || !deps.isPassing(error) || deps.monotonicMs() - last.atMs > keptMs) throw error;
      return last.value;
    }
  };
}
