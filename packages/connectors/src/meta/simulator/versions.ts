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

export type VersionAnswer =
  | { readonly kind: "served"; readonly version: string; readonly expired: boolean }
  /** No such version. */
  | { readonly kind: "unknown" };

/**
 * Which version serves a call. An expired one is silently served by the oldest live one (§1), which callers of the
 * simulator can see in the `facebook-api-version` header and in `expiredVersionCalls`. An absent version is served
 * by the oldest live one as well.
 */
export function servedVersion(requested: string | undefined, now: Date): VersionAnswer {
  const live = versionDeaths.filter(([, dies]) => dies === undefined || now < new Date(`${dies}T00:00:00Z`));
  const oldest = live[0]?.[0] ?? 26;
  if (requested === undefined) return { kind: "served", version: `v${oldest}.0`, expired: false };
  const major = Number(/^v(\d{1,2})\.0$/.exec(requested)?.[1] ?? Number.NaN);
  if (live.some(([known]) => known === major)) return { kind: "served", version: requested, expired: false };
  if (major < oldest) return { kind: "served", version: `v${oldest}.0`, expired: true };
  return { kind: "unknown" };
}

/** Splits "/v25.0/me/accounts" into its version, if any, and the rest. */
export function splitVersion(path: string): {
  readonly version: string | undefined;
  readonly segments: readonly string[];
} {
  const segments = path.split("/").filter((segment) => segment !== "");
  const first = segments[0];
  return first !== undefined && /^v\d+\.\d+$/.test(first)
    ? { version: first, segments: segments.slice(1) }
    : { version: undefined, segments };
}
