import { z } from "zod";

const bytes = z.int().min(1);

/** What is open in the fact sheet, or another matter at another app; the act `set` changes it. */
export const Settings = z.strictObject({
  /** The app passed TikTok's audit. */
  audited: z.boolean(),
  /** Whether creator_info of an app without audit names SELF_ONLY alone. */
  unauditedOptions: z.enum(["SELF_ONLY", "all"]),
  /** People who may post in 24 hours through an app without audit. */
  activeUserCap: z.int().min(0),
  postsPerDay: z.int().min(0),
  /** Drafts of the last 24 hours as documented, or all that are held as measured; cap 5 or 6. */
  pendingOf: z.enum(["day", "held"]),
  pendingCap: z.int().min(0),
  /** What 64 MB and 5 MB mean. 66,259,900 bytes in one piece were refused, so a million is the likelier. */
  megabyteBytes: z.union([z.literal(1_000_000), z.literal(1_048_576)]),
  maxVideoBytes: bytes,
  /** Content-Range of an answer ends with the count of bytes, or with the last byte. */
  rangeEndsWith: z.enum(["count", "lastByte"]),
  uploadHost: z.string().regex(/^(open-upload|upload\.[a-z]+)\.tiktokapis\.com$/),
  moderationMs: z.int().min(0),
  minVideoMs: z.int().min(0),
  /** Documented: 1920 by 1080 either way. Met: nothing wider than 1080. */
  photoSides: z.enum(["1080p", "width1080"]),
  /** Whether an upload can be cancelled as a pull can. */
  cancelsUploads: z.boolean(),
  /** HTTP status of creator_info for a creator who can post no more. */
  creatorInfoRefusal: z.union([z.literal(403), z.literal(200)]),
  displayIds: z.enum(["text", "number"]),
  displaysPhotos: z.boolean(),
  /** A second connect without `disable_auto_auth=1` goes through with the account of last time. */
  remembersConsent: z.boolean(),
  /** Content Posting events, the older names in their place, or none. */
  eventNames: z.enum(["content", "older", "none"]),
  takedownSpelling: z.enum(["publicaly", "publicly"]),
  limitsRequests: z.boolean(),
});
export type Settings = z.output<typeof Settings>;

export const defaultSettings: Settings = {
  audited: true,
  unauditedOptions: "SELF_ONLY",
  activeUserCap: 5,
  postsPerDay: 15,
  pendingOf: "day",
  pendingCap: 5,
  megabyteBytes: 1_000_000,
  maxVideoBytes: 4 * 1024 ** 3,
  rangeEndsWith: "count",
  uploadHost: "open-upload.tiktokapis.com",
  moderationMs: 60_000,
  minVideoMs: 0,
  photoSides: "1080p",
  cancelsUploads: false,
  creatorInfoRefusal: 403,
  displayIds: "text",
  displaysPhotos: true,
  remembersConsent: true,
  eventNames: "content",
  takedownSpelling: "publicaly",
  limitsRequests: true,
};
