import { countCodePoints, countUtf16, type MediaRule, type TextLimit } from "@postd/connector-kit";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Google does not say what it counts; UTF-16 units are the most anybody would. @source platforms/google-business-profile.md "Media & text constraints" */
const utf16 = (max: number): TextLimit => ({ max, unit: "utf16", count: countUtf16, rule: "utf16" });
export const summaryText = utf16(1_500);
/** The title says what an event or an offer is. */
export const eventText: TextLimit = { ...summaryText, required: false };
export const noText: TextLimit = { ...utf16(0), required: false };
export const TITLE_MAX = 58;

/** Counted in bytes; characters are never more. @source platforms/google-business-profile.md "Reviews & replies" */
export const replyText: TextLimit = {
  max: 4_096,
  maxBytes: 4_096,
  unit: "characters",
  count: countCodePoints,
  rule: "code_points",
  required: true,
};

/** What people wrote may be kept so long. @source platforms/google-business-profile.md "Reviews & replies" */
export const REVIEWS_KEPT_MS = 30 * 24 * HOUR_MS;

const photo = {
  mimeTypes: ["image/jpeg", "image/png"],
  minBytes: 10_240,
  maxBytes: 5_000_000,
  minWidth: 250,
  minHeight: 250,
};
export const photoRule = (min: 0 | 1): MediaRule => ({ min, max: 1, altText: [], image: photo });

/** Edits one profile takes, which no application raises; posts are taken to count. @source platforms/google-business-profile.md "Rate limits" */
export const editsOfProfile = { count: 10, perMs: MINUTE_MS } as const;

/** How often Google is asked about what it still looks at, and for how long. @source platforms/google-business-profile.md "Publishing" */
export const reviewPace = { firstMs: 5_000, mostMs: 5 * MINUTE_MS, endMs: 24 * HOUR_MS } as const;

/** No further ahead than a plan is worth; Google names no window. */
export const PLANNED_MOST_MS = 180 * 24 * HOUR_MS;

/**
 * A photo's address works until Google has settled on the post: it fetches after the call, and when it shows it for a planned
 * one, which may be moved meanwhile.
 */
export const addressLastsMs = (isPlanned: boolean): number =>
  (isPlanned ? PLANNED_MOST_MS : 0) + reviewPace.endMs + HOUR_MS;
