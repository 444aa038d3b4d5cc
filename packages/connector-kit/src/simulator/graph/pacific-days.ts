const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const hour = new Intl.DateTimeFormat("en-US", { timeZone: "America/Los_Angeles", hour: "2-digit", hourCycle: "h23" });

/** The midnight in Meta's own zone at or before an instant; both in milliseconds. Days of insights begin there. */
export function pacificMidnight(ms: number): number {
  const today = Math.floor(ms / dayMs) * dayMs;
  const found = [today, today - dayMs]
    .flatMap((day) => [day + 8 * hourMs, day + 7 * hourMs])
    .find((midnight) => midnight <= ms && hour.format(midnight) === "00");
  if (found === undefined) throw new Error(`no Pacific midnight before ${new Date(ms).toISOString()}`);
  return found;
}

/** The midnight so many days after, or before, the day of an instant. Twice a year a day has 23 or 25 hours. */
export const pacificDaysOn = (ms: number, days: number): number =>
  pacificMidnight(pacificMidnight(ms) + days * dayMs + 12 * hourMs);

/**
 * Where the days of a window end, in milliseconds: the first one a day after it begins, the last one not after its end. A value with
 * such an `end_time` belongs to the day before.
 */
export function pacificDayEnds(since: number, until: number): readonly number[] {
  const ends: number[] = [];
  for (let end = pacificDaysOn(since, 1); end <= until; end = pacificDaysOn(end, 1)) ends.push(end);
  return ends;
}
