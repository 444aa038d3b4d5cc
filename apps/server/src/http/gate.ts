import { Refusal } from "./problem.ts";

/**
 * Lets so many run at once and so many wait; whoever comes then is refused with word to come again. For work that an
 * unknown client can cause and that costs the processor.
 */
export function createGate(limits: { readonly running: number; readonly waiting: number }) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= limits.running) {
      if (waiting.length >= limits.waiting)
        throw new Refusal({
          code: "rate_limited",
          detail: "Too many people are signing in at this moment.",
          next: "Try again in a few seconds.",
          retryAfterMs: 5_000,
        });
      // Whoever ends hands its place on, so the count stays.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Many who ask the same at once get one answer; nothing is remembered beyond it. */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined;
    });
    return asked;
  };
}
