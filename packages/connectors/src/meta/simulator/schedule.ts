import {
  bool,
  instantMs,
  invalidParameter,
  oneOf,
  type Params,
  unixSecondsMs,
} from "@postd/connector-kit/simulator/graph";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** When a post of one kind may come out, in milliseconds from now, and how its time may be written. */
export interface ScheduleRule {
  readonly minMs: number;
  readonly maxMs: number;
  readonly reads: (params: Params, name: string, nowMs: number) => number | undefined;
}

/**
 * Windows of meta.md §7: the reference's 75 days for posts, six months for videos, 29 days for Reels. Texts like "+1 hour" only for
 * posts and Reels; photos, videos and changes take unix seconds (§1b).
 */
export const scheduleRules = {
  post: { minMs: 10 * minuteMs, maxMs: 75 * dayMs, reads: instantMs },
  photo: { minMs: 10 * minuteMs, maxMs: 75 * dayMs, reads: unixSecondsMs },
  video: { minMs: 10 * minuteMs, maxMs: 183 * dayMs, reads: unixSecondsMs },
  reel: { minMs: 10 * minuteMs, maxMs: 29 * dayMs, reads: instantMs },
  change: { minMs: 10 * minuteMs, maxMs: 75 * dayMs, reads: unixSecondsMs },
} as const satisfies Record<string, ScheduleRule>;

const unpublishedTypes = [
  "ADS_POST",
  "DRAFT",
  "INLINE_CREATED",
  "PUBLISHED",
  "PUBLISH_PENDING",
  "REVIEWABLE_BRANDED_CONTENT",
  "SCHEDULED",
  "SCHEDULED_RECURRING",
] as const;

export type Publication =
  | { readonly kind: "now" }
  | { readonly kind: "unpublished" }
  | { readonly kind: "scheduled"; readonly at: number };

/** Refuses an instant outside the window with 100. */
export function checkWindow(at: number, nowMs: number, rule: ScheduleRule): number {
  if (at < nowMs + rule.minMs || at > nowMs + rule.maxMs)
    throw invalidParameter("The specified scheduled publish time is invalid");
  return at;
}

/** How `published`, `scheduled_publish_time` and `unpublished_content_type` work together (§5, §7, spec Page POST feed). */
export function publication(params: Params, nowMs: number, rule: ScheduleRule): Publication {
  const published = bool(params, "published") ?? true;
  const at = rule.reads(params, "scheduled_publish_time", nowMs);
  const type = oneOf(params, "unpublished_content_type", unpublishedTypes);
  if (type === "SCHEDULED" && at === undefined)
    throw invalidParameter("unpublished_content_type SCHEDULED needs scheduled_publish_time");
  if (at !== undefined && published)
    throw invalidParameter("You cannot specify a scheduled publish time on a published post");
  if (at !== undefined) return { kind: "scheduled", at: checkWindow(at, nowMs, rule) };
  if (published && type !== undefined && type !== "PUBLISHED")
    throw invalidParameter("unpublished_content_type needs published=false");
  return published ? { kind: "now" } : { kind: "unpublished" };
}
