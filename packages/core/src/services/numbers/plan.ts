const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;

/** Ages at which the numbers of a post of ours are read: they move fast at first, and every reading costs calls. */
export const plannedAgesMs = [hourMs, 6 * hourMs, dayMs, 3 * dayMs, 7 * dayMs, 30 * dayMs] as const;

/** The last reading is made this long before numbers end. */
const beforeEndMs = hourMs;

export interface PlanFacts {
  /** How late the platform's numbers may be. */
  readonly delayMs: number;
  /** The platform gives none of it after this age, as of a story. */
  readonly endsAfterMs?: number;
}

/** One reading of a post by its age. */
export interface PlannedReading {
  readonly ageMs: number;
  /** Planned ages it stands for; what lies before `ageMs` is put off, because the platform may have nothing by then. */
  readonly standsFor: readonly number[];
}

/**
 * The readings of one post. What is planned sooner than the platform may have numbers is put off until it has; where they
 * end, one is made an hour before the end, whatever the delay, and none after it. Pure.
 */
export function planOf({ delayMs, endsAfterMs }: PlanFacts): readonly PlannedReading[] {
  const lastMs = endsAfterMs === undefined ? Number.POSITIVE_INFINITY : endsAfterMs - beforeEndMs;
  const wished = [
    ...plannedAgesMs.filter((ageMs) => ageMs < lastMs),
    ...(endsAfterMs === undefined ? [] : [Math.max(0, lastMs)]),
  ];
  const byAge = new Map<number, number[]>();
  for (const ageMs of wished) {
    const atMs = Math.min(Math.max(ageMs, delayMs), Math.max(0, lastMs));
    byAge.set(atMs, [...(byAge.get(atMs) ?? []), ageMs]);
  }
  return [...byAge].map(([ageMs, standsFor]) => ({ ageMs, standsFor }));
}

export interface ReadingTurn {
  /** A reading is due: one that was missed is made now, once, whatever was planned since. */
  readonly isDue: boolean;
  /** When there is one after now; absent: never by itself. */
  readonly nextAt?: Date;
}

const turn = (isDue: boolean, nextMs: number | undefined): ReadingTurn => ({
  isDue,
  ...(nextMs !== undefined && { nextAt: new Date(nextMs) }),
});

/** Where a post of ours stands in its plan. `readAt`: its newest reading. Pure. */
export function turnOf(
  facts: PlanFacts,
  { madeAt, readAt, now }: { readonly madeAt: Date; readonly readAt: Date | undefined; readonly now: Date },
): ReadingTurn {
  const ageMs = now.getTime() - madeAt.getTime();
  if (facts.endsAfterMs !== undefined && ageMs >= facts.endsAfterMs) return turn(false, undefined);
  const plan = planOf(facts);
  const reached = plan.findLast((planned) => planned.ageMs <= ageMs);
  const next = plan.find((planned) => planned.ageMs > ageMs);
  const isRead = reached === undefined || (readAt && readAt.getTime() - madeAt.getTime() >= reached.ageMs);
  return turn(!isRead, next && madeAt.getTime() + next.ageMs);
}

/** Ages until which a post made elsewhere is read by itself, and how often. */
const elsewhere = [
  { untilMs: 7 * dayMs, everyMs: dayMs },
  { untilMs: 30 * dayMs, everyMs: 7 * dayMs },
] as const;

/** The same for a post made elsewhere: at once when it is first seen, then daily while it is young. Pure. */
export function turnElsewhere(
  { endsAfterMs }: PlanFacts,
  { madeAt, readAt, now }: { readonly madeAt: Date; readonly readAt: Date | undefined; readonly now: Date },
): ReadingTurn {
  const ageMs = now.getTime() - madeAt.getTime();
  if (endsAfterMs !== undefined && ageMs >= endsAfterMs) return turn(false, undefined);
  const pace = elsewhere.find(({ untilMs }) => ageMs < untilMs);
  if (!readAt) return turn(true, pace && now.getTime() + pace.everyMs);
  if (!pace) return turn(false, undefined);
  const nextMs = readAt.getTime() + pace.everyMs;
  return nextMs <= now.getTime() ? turn(true, now.getTime() + pace.everyMs) : turn(false, nextMs);
}

export interface PlannedPoint extends PlannedReading {
  readonly dueAt: Date;
  /** The reading that answers it; its real age may be later than planned. */
  readonly readAt?: Date;
  /** `none`: it was asked for, and the platform told none. `missed`: its time passed without that, and nothing is made up. */
  readonly state: "read" | "none" | "missed" | "due" | "planned";
}

/** The plan of a post against the readings that there are, oldest first. One that was late answers the newest point it reached. Pure. */
export function seriesOf(
  facts: PlanFacts,
  {
    madeAt,
    readings,
    noneAt = [],
    now,
    isOver = false,
  }: {
    readonly madeAt: Date;
    readonly readings: readonly Date[];
    /** Readings without numbers. */
    readonly noneAt?: readonly Date[];
    readonly now: Date;
    /** Nothing is read any more. */
    readonly isOver?: boolean;
  },
): readonly PlannedPoint[] {
  const plan = planOf(facts);
  const ageOf = (at: Date) => at.getTime() - madeAt.getTime();
  const endMs = facts.endsAfterMs ?? Number.POSITIVE_INFINITY;
  return plan.map((planned, index) => {
    const untilMs = plan[index + 1]?.ageMs ?? Number.POSITIVE_INFINITY;
    const within = (at: Date) => ageOf(at) >= planned.ageMs && ageOf(at) < untilMs;
    const toldAt = readings.find(within);
    const readAt = toldAt ?? noneAt.find(within);
    const passed = ageOf(now) >= Math.min(untilMs, endMs);
    const state = toldAt
      ? "read"
      : readAt
        ? "none"
        : passed || isOver
          ? "missed"
          : ageOf(now) >= planned.ageMs
            ? "due"
            : "planned";
    return {
      ...planned,
      dueAt: new Date(madeAt.getTime() + planned.ageMs),
      ...(readAt && { readAt }),
      state,
    };
  });
}

/** A look that failed is made again after a quarter of an hour, then after twice as long each time, at most after six hours. */
export const backoffMs = (failures: number): number =>
  Math.min(6 * hourMs, 15 * 60_000 * 2 ** Math.min(10, Math.max(0, failures - 1)));
