/** Numbers that follow from a seed, so that one action plays the same whenever it is played. */
export interface Random {
  /** 0 to 1. */
  next(): number;
  /** Whether something of this chance happens. */
  chance(of: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** By weight. */
  weighted<T>(from: readonly (readonly [number, T])[]): T;
}

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const pick = <T>(from: readonly T[]): T => {
    const one = from[Math.floor(next() * from.length)];
    if (one === undefined) throw new Error("nothing to choose from");
    return one;
  };
  return {
    next,
    chance: (of) => next() < of,
    pick,
    weighted(from) {
      const all = from.reduce((sum, [weight]) => sum + weight, 0);
      let at = next() * all;
      for (const [weight, one] of from) {
        at -= weight;
        if (at < 0) return one;
      }
      return pick(from)[1];
    },
  };
}
