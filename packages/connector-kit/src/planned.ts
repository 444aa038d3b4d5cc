import type { PlatformId } from "@postd/contracts";

/** What people ask for and the platform itself rules out. */
export interface Impossible {
  readonly what: string;
  /** One plain sentence. */
  readonly why: string;
  /** The day this was last read up: 2026-11-20. */
  readonly checkedOn: string;
}

/** Parts of a platform whose progress is told one by one. */
export const facetNames = ["signIn", "publishing", "numbers", "webhooks", "health"] as const;
export type FacetName = (typeof facetNames)[number];

/** A platform that POSTD is to have. It counts until there is a connector of its id. */
export interface PlannedPlatform {
  readonly id: PlatformId;
  readonly name: string;
  /** What is to come; the rest the platform has not, or POSTD is to make no use of it. */
  readonly comes: readonly FacetName[];
  readonly impossible?: readonly Impossible[];
}
