const hour = 60 * 60_000;
const day = 24 * hour;

/** How often a post's numbers are read, by its age: they move fast at first, and every reading costs calls. */
const paces = [
  { until: day, every: 2 * hour },
  { until: 7 * day, every: 12 * hour },
  { until: 30 * day, every: day },
  { until: 90 * day, every: 7 * day },
] as const;

/** Posts older than this are not listed or read by themselves. */
export const readForMs = 90 * day;

/** When a post is read again; undefined: not by itself. A platform whose numbers are older than that is not asked sooner. */
export function nextReading(createdAt: Date, now: Date, delayMs: number): Date | undefined {
  const age = now.getTime() - createdAt.getTime();
  const pace = paces.find(({ until }) => age < until);
  return pace && new Date(now.getTime() + Math.max(pace.every, delayMs));
}

/** When an account is looked at again. */
export const accountEveryMs = hour;
