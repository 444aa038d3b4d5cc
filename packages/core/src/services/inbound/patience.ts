import type { InboundFailure } from "../../ports/operations.ts";

export interface PatienceDeps {
  /** Whether the database is away or busy, so that the same may work later. */
  readonly isPassing: (error: unknown) => boolean;
  readonly sleep: (ms: number) => Promise<void>;
}

const lookEveryMs = 200;
const patienceMs = 2_000;
/** Beyond these nobody waits: they would only fill the memory. */
const waitingAtMost = 50;

/** What could not be read in time: the platform is asked to send it again. */
export const awayNow: InboundFailure = { kind: "unavailable", retryAfterMs: 5_000 };

/**
 * Reads what a signature is checked with. While the database is away the read is tried again for two seconds, by fifty
 * requests at most; `undefined`: it did not come back.
 */
export function createPatience({ isPassing, sleep }: PatienceDeps) {
  let waiting = 0;
  return async <T>(read: () => Promise<T>): Promise<{ readonly value: T } | undefined> => {
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      try {
        return { value: await read() };
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (waitedMs >= patienceMs || waiting >= waitingAtMost) return undefined;
      }
      waiting += 1;
      await sleep(lookEveryMs).finally(() => {
        waiting -= 1;
      });
    }
  };
}
