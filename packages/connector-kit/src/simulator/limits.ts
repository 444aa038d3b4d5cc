/** So many points in a window of so many seconds, which begins with the first use. */
export interface SimLimit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** The tightest limit after a use: what headers tell. `retryAfterSeconds` where it is exceeded. */
export interface LimitState {
  readonly limit: SimLimit;
  readonly left: number;
  readonly endsAt: Date;
  readonly retryAfterSeconds?: number;
}

/** Counts uses against a platform's limits. */
export function simLimits(env: { now(): Date }) {
  const windows = new Map<string, { readonly endsAt: number; used: number }>();
  let enforced = true;
  return {
    /** Takes points of every limit; the answer is of the one with the least left. */
    take(limits: readonly [SimLimit, ...SimLimit[]], key: string, points = 1): LimitState {
      const now = env.now().getTime();
      const states = limits.map((limit) => {
        const id = `${limit.name}:${key}`;
        const open = windows.get(id);
        const window = open !== undefined && open.endsAt > now ? open : { endsAt: now + limit.seconds * 1000, used: 0 };
        window.used += points;
        windows.set(id, window);
        return { limit, endsAt: window.endsAt, left: limit.points - window.used };
      });
      const { limit, endsAt, left } = states.reduce((least, state) => (state.left < least.left ? state : least));
      return {
        limit,
        left: Math.max(left, 0),
        endsAt: new Date(endsAt),
        ...(enforced && left < 0 ? { retryAfterSeconds: Math.ceil((endsAt - now) / 1000) } : {}),
      };
    },
    /** Off for load tests; uses are still counted. */
    enforce(on: boolean): void {
      enforced = on;
    },
  };
}
export type SimLimits = ReturnType<typeof simLimits>;
