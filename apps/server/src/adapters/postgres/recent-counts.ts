/** What is older says nothing about how things are. */
const keptMs = 10_000;
const partMs = 1_000;

interface Counted {
  /** Counts by the second they were made in. */
  readonly parts: Map<number, number>;
  takenMs: number;
}

/** Counts of the last ten seconds by name, in this process's own time. Bounded: names unused for as long are forgotten. */
export function recentCounts(nowMs: () => number = () => performance.now()) {
  const counted = new Map<string, Counted>();
  const forget = ({ parts }: Counted, now: number) => {
    for (const part of parts.keys()) if (part * partMs < now - keptMs) parts.delete(part);
  };
  const forgetNames = (now: number) => {
    if (counted.size < 1_000) return;
    for (const [name, it] of counted) {
      forget(it, now);
      if (it.parts.size === 0) counted.delete(name);
    }
  };
  return {
    add(name: string): void {
      const now = nowMs();
      forgetNames(now);
      const it = counted.get(name) ?? { parts: new Map<number, number>(), takenMs: Number.NEGATIVE_INFINITY };
      counted.set(name, it);
      const part = Math.floor(now / partMs);
      if (!it.parts.has(part)) forget(it, now);
      it.parts.set(part, (it.parts.get(part) ?? 0) + 1);
    },
    /** All of them, which begin at nothing again. */
    take(name: string): number {
      const it = counted.get(name);
      if (!it) return 0;
      forget(it, nowMs());
      const sum = [...it.parts.values()].reduce((all, one) => all + one, 0);
      it.parts.clear();
      it.takenMs = nowMs();
      return sum;
    },
    /** Whether they were last taken so long ago. */
    isTime: (name: string, everyMs: number): boolean =>
      nowMs() - (counted.get(name)?.takenMs ?? Number.NEGATIVE_INFINITY) >= everyMs,
  };
}
