import { randomInt } from "node:crypto";

/** Every point is run; else a sample. */
export const isComplete = process.env.POSTD_KILL === "all";
/** What this run is drawn by; printed, and the same again with POSTD_KILL_SEED. */
export const seed = Number(process.env.POSTD_KILL_SEED ?? randomInt(1_000_000));

/** Numbers from 0 to below 1; the same for the same seed and name (mulberry32). */
export function chance(name: string): () => number {
  let state = seed;
  for (const char of name) state = Math.imul(state ^ char.charCodeAt(0), 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(from: readonly T[], next: () => number): T {
  const chosen = from[Math.floor(next() * from.length)];
  if (chosen === undefined) throw new Error("nothing to pick from");
  return chosen;
}

/** So many of them, drawn without putting back; the order is the drawing's. */
export function drawn<T>(from: readonly T[], count: number, next: () => number): T[] {
  const left = [...from];
  const taken: T[] = [];
  while (taken.length < count && left.length > 0) taken.push(...left.splice(Math.floor(next() * left.length), 1));
  return taken;
}

export const sampleNote = (count: number, total: number): string =>
  count === total ? `all ${total}` : `sampled ${count} of ${total}, seed ${seed}; --all runs all`;
