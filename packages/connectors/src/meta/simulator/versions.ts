/** Graph versions and the instant each dies (meta.md §1, changelog read in November 2026); undefined: not announced. */
const versionDeaths: readonly (readonly [number, string | undefined])[] = [
  [18, "2026-01-26"],
  [19, "2026-05-21"],
  [20, "2026-09-24"],
  [21, "2027-01-21"],
  [22, "2027-05-20"],
  [23, "2027-10-08"],
  [24, "2028-02-18"],
  [25, "2028-07-29"],
  [26, undefined],
];

/**
 * Which version serves a call; undefined: no such version. An expired one is silently served by the oldest live one (§1),
 * which the `facebook-api-version` header and `act("expiredVersionCalls")` tell; an absent one as well.
 */
export function servedVersion(
  requested: string | undefined,
  now: Date,
): { readonly version: string; readonly expired: boolean } | undefined {
  const live = versionDeaths.filter(([, dies]) => dies === undefined || now < new Date(`${dies}T00:00:00Z`));
  const oldest = live[0]?.[0] ?? 26;
  if (requested === undefined) return { version: `v${oldest}.0`, expired: false };
  const major = Number(/^v(\d{1,2})\.0$/.exec(requested)?.[1] ?? Number.NaN);
  if (live.some(([known]) => known === major)) return { version: requested, expired: false };
  return major < oldest ? { version: `v${oldest}.0`, expired: true } : undefined;
}

/** Splits "/v25.0/me/accounts" into its version, if any, and the rest. */
export function splitVersion(path: string): {
  readonly version: string | undefined;
  readonly segments: readonly string[];
} {
  const segments = path.split("/").filter((segment) => segment !== "");
  const isVersioned = /^v\d+\.\d+$/.test(segments[0] ?? "");
  return { version: isVersioned ? segments[0] : undefined, segments: isVersioned ? segments.slice(1) : segments };
}
