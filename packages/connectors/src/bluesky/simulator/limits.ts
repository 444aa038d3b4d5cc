import { XrpcError } from "./answer.ts";

interface Limit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** Fact sheet, "Rate limits". Requests per address (3,000 in 5 min) are left out: all tests share one address. */
export const limits = {
  write: [
    { name: "write-hour", points: 5000, seconds: 3600 },
    { name: "write-day", points: 35_000, seconds: 86_400 },
  ],
  login: [
    { name: "login-5min", points: 30, seconds: 300 },
    { name: "login-day", points: 300, seconds: 86_400 },
  ],
  upload: [{ name: "upload-day", points: 1000, seconds: 86_400 }],
} as const satisfies Record<string, readonly Limit[]>;

export const writePoints = { create: 3, update: 2, delete: 1 } as const;

/** Fixed windows that begin with the first use, as the reference server counts. */
export function createLimiter(now: () => Date) {
  const windows = new Map<string, { readonly endsAt: number; used: number }>();
  let enforced = true;

  return {
    /** Takes points of every limit of the group; answers the headers of the tightest, or throws 429 with them. */
    take(group: keyof typeof limits, key: string, points: number): Record<string, string> {
      const states = limits[group].map((limit) => {
        const id = `${limit.name}:${key}`;
        const open = windows.get(id);
        const window =
          open !== undefined && open.endsAt > now().getTime()
            ? open
            : { endsAt: now().getTime() + limit.seconds * 1000, used: 0 };
        window.used += points;
        windows.set(id, window);
        return { limit, window, left: limit.points - window.used };
      });
      const tightest = states.reduce((least, state) => (state.left < least.left ? state : least));
      const headers = limitHeaders(tightest.limit, Math.max(tightest.left, 0), tightest.window.endsAt);
      if (enforced && tightest.left < 0) {
        const retryAfter = String(Math.ceil((tightest.window.endsAt - now().getTime()) / 1000));
        throw new XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded", { ...headers, "retry-after": retryAfter });
      }
      return headers;
    },
    /** What a used-up limit answers, for the fault; without `retryAfterSeconds` no Retry-After is sent. */
    exceeded(resetSeconds: number, retryAfterSeconds: number | undefined): XrpcError {
      const headers = limitHeaders(limits.write[0], 0, now().getTime() + resetSeconds * 1000);
      const retry = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
      return new XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded", { ...headers, ...retry });
    },
    /** Off for load tests; the headers are still counted. */
    enforce(on: boolean): void {
      enforced = on;
    },
    reset(): void {
      windows.clear();
      enforced = true;
    },
  };
}
export type Limiter = ReturnType<typeof createLimiter>;

/** RateLimit-Reset is in unix seconds, RateLimit-Policy `limit;w=seconds` (fact sheet). */
const limitHeaders = (limit: Limit, left: number, endsAtMs: number): Record<string, string> => ({
  "ratelimit-limit": String(limit.points),
  "ratelimit-remaining": String(left),
  "ratelimit-reset": String(Math.floor(endsAtMs / 1000)),
  "ratelimit-policy": `${limit.points};w=${limit.seconds}`,
});
