import { z } from "zod";

/** What is open in the fact sheet, or another matter at another app; the act `set` changes it. */
export const Settings = z.strictObject({
  /** Not bound to the rule that replies and quotes need an invitation. */
  enterprise: z.boolean(),
  /** Whether one's own posts may be quoted under that rule. */
  ownQuotes: z.boolean(),
  /** A post is not visible to a reply for so long after it was made. */
  replicaLagMs: z.int().min(0),
  /** How long the same text is refused. */
  duplicateWindowMs: z.int().min(0),
  /** The app's wallet, and how an empty one is worded. */
  credits: z.enum(["some", "none"]),
  creditsWords: z.enum(["CreditsDepleted", "Payment Required"]),
  editWindowMs: z.int().min(0),
  /** Whether a post is deleted by the name it had before an edit too. */
  deletesByOldName: z.boolean(),
  /** Segments of this size and above are refused with an empty body. */
  segmentBytes: z.int().min(1),
  appendStatus: z.union([z.literal(200), z.literal(204)]),
  /** Whether finalize takes an empty body as well as `{}`. */
  finalizeBody: z.enum(["either", "json"]),
  unknownMediaStatus: z.union([z.literal(400), z.literal(404)]),
  mediaSeconds: z.int().min(1),
  /** How long pictures are worked on. */
  pictureMs: z.int().min(0),
  /** Photos and films in one post. */
  mixedMedia: z.boolean(),
  missingPostStatus: z.union([z.literal(200), z.literal(404)]),
  /** Names of an answer whose question tells none. */
  dialect: z.enum(["old", "new"]),
  /** Whether `&`, `<` and `>` of a text are shown as HTML writes them. */
  escapes: z.boolean(),
  /** How a new post's history is told. */
  createdHistory: z.enum(["ids", "blank", "absent"]),
  /** What is missing where numbers of a post are not shown: the field, or the whole post. */
  hiddenNumbers: z.enum(["field", "post"]),
  /** At most. */
  subscriptionsPerPage: z.int().min(1),
  /** Headers of 24 hours. */
  dayHeaders: z.boolean(),
  postsPerUserDay: z.int().min(1),
  limitsRequests: z.boolean(),
  limitWords: z.enum(["problem", "code88"]),
});
export type Settings = z.output<typeof Settings>;

export const defaultSettings: Settings = {
  enterprise: false,
  ownQuotes: true,
  replicaLagMs: 0,
  duplicateWindowMs: 86_400_000,
  credits: "some",
  creditsWords: "CreditsDepleted",
  editWindowMs: 3_600_000,
  deletesByOldName: true,
  segmentBytes: 5_000_000,
  appendStatus: 200,
  finalizeBody: "either",
  unknownMediaStatus: 404,
  mediaSeconds: 86_400,
  pictureMs: 0,
  mixedMedia: false,
  missingPostStatus: 200,
  dialect: "old",
  escapes: true,
  createdHistory: "ids",
  hiddenNumbers: "field",
  subscriptionsPerPage: 100,
  dayHeaders: true,
  postsPerUserDay: 10_000,
  limitsRequests: true,
  limitWords: "problem",
};
