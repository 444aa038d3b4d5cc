import { invalidParameter } from "./graph-error.ts";
import { bool, instantMs, oneOf, type Params } from "./params.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Scheduling windows of meta.md §7: the reference's 75 days for posts, six months for videos, 29 days for Reels. */
export const scheduleWindows = {
  post: { minMs: 10 * minuteMs, maxMs: 75 * dayMs },
  video: { minMs: 10 * minuteMs, maxMs: 183 * dayMs },
  reel: { minMs: 10 * minuteMs, maxMs: 29 * dayMs },
} as const;

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
export function checkWindow(
  at: number,
  nowMs: number,
  window: { readonly minMs: number; readonly maxMs: number },
): number {
  if (at < nowMs + window.minMs || at > nowMs + window.maxMs)
    throw invalidParameter("The specified scheduled publish time is invalid");
  return at;
}

/** How `published`, `scheduled_publish_time` and `unpublished_content_type` work together (§5, §7, spec Page POST feed). */
export function publication(
  params: Params,
  nowMs: number,
  window: { readonly minMs: number; readonly maxMs: number },
): Publication {
  const published = bool(params, "published") ?? true;
  const at = instantMs(params, "scheduled_publish_time");
  const type = oneOf(params, "unpublished_content_type", unpublishedTypes);
  if (type === "SCHEDULED" && at === undefined)
    throw invalidParameter("unpublished_content_type SCHEDULED needs scheduled_publish_time");
  if (at !== undefined && published)
    throw invalidParameter("You cannot specify a scheduled publish time on a published post");
  if (at !== undefined) return { kind: "scheduled", at: checkWindow(at, nowMs, window) };
  if (published && type !== undefined && type !== "PUBLISHED")
    throw invalidParameter("unpublished_content_type needs published=false");
  return published ? { kind: "now" } : { kind: "unpublished" };
}
