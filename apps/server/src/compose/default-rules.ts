/** Rules that are the same for every installation; tests may shorten the times. */
export const defaultRules = { leaseMs: 30_000, leaseMarginMs: 5_000, lateAfterMs: 60 * 60_000 } as const;
