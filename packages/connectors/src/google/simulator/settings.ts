import { z } from "zod";

/** How Google behaves here, and what its documentation leaves open. Changed by the action `set`. */
export const Settings = z.strictObject({
  /** In testing, consents die after seven days. */
  consentScreen: z.enum(["production", "testing"]),
  /** Whether a granted scope is named as it was asked for, or by its address. */
  scopeNames: z.enum(["asked", "address"]),
  /** Until access is approved, every quota is 0. */
  isApproved: z.boolean(),
  /** Host names of APIs that are not enabled in the project. */
  disabledApis: z.array(z.string()),
  /** Off for load tests. */
  limitsRequests: z.boolean(),
  /** How long Google looks at a post, an edit or a reply. */
  reviewMs: z.int().min(0),
  /** A button on an offer: one source says invalid, one that it is ignored. */
  offerButton: z.enum(["invalid", "ignored"]),
  /** When the photo of a post is fetched; at review its address has to answer until then. */
  photoFetchedAt: z.enum(["create", "review"]),
  /** Whether a post has its link before it is live. */
  linksEarly: z.boolean(),
  replyStateKey: z.enum(["reviewReplyState", "state"]),
  /** Names in a notification; Google publishes no sample. */
  pushNames: z.enum(["camel", "snake", "short"]),
  /** Whether a notification names a location with its account. */
  pushLocation: z.enum(["full", "bare"]),
  /** Days whose numbers are not there yet: left out, or without a value. */
  lateDays: z.enum(["missing", "empty"]),
  delayDays: z.int().min(0),
});
export type Settings = z.output<typeof Settings>;

export const defaultSettings: Settings = {
  consentScreen: "production",
  scopeNames: "asked",
  isApproved: true,
  disabledApis: [],
  limitsRequests: true,
  reviewMs: 60_000,
  offerButton: "invalid",
  photoFetchedAt: "create",
  linksEarly: false,
  replyStateKey: "reviewReplyState",
  pushNames: "camel",
  pushLocation: "full",
  lateDays: "missing",
  delayDays: 3,
};
