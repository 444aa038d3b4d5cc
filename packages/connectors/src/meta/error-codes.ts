/** What an error means for us; `failures.ts` turns it into a failure kind. */
export type Meaning =
  /** Nothing was done: try again. */
  | "transient"
  /** Meta does not say what happened: only a read may be repeated. */
  | "unknown_error"
  | "rate_limit"
  /** The day's posts are used up. */
  | "quota"
  /** Meta thinks it is spam: a long rest. */
  | "restricted"
  | "permission"
  /** Meta blocks what the account does for a while; only waiting helps. */
  | "blocked"
  /** Meta wants the owner to do something about the account; a new sign-in does not help. */
  | "account_check"
  | "auth"
  /** The token's time is over; where it can be renewed, that is tried once. */
  | "expired"
  /** Our app, its secret or our request is wrong: no author and no owner can mend it. */
  | "operator"
  | "invalid"
  | "policy"
  | "duplicate"
  | "missing"
  /** The container is gone or broken; a new one may do. */
  | "recreate"
  | "not_ready"
  /** An upload goes on at the offset the answer names. */
  | "wrong_offset"
  /** An upload has to begin anew. */
  | "session_dead"
  /** There are no numbers for this, and that is no trouble. */
  | "no_numbers";

export interface Rule {
  readonly means: Meaning;
  /** Field of the post at fault; the caller's own guess where absent. */
  readonly field?: string;
  /** Said to people in place of Meta's words, which are often empty or wrong. A function is told what we did. */
  readonly say?: string | ((did: string) => string);
  /** The wait where Meta names none. */
  readonly waitMs?: number;
  /** Whose allowance it is, where it is not the account's own. */
  readonly scope?: "app";
  /** What of ours is wrong, for the operator. */
  readonly what?: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const media = (say: string): Rule => ({ means: "invalid", field: "media", say });
const many = (rule: Rule, ...codes: readonly number[]): [number, Rule][] => codes.map((code) => [code, rule]);
const call = (say: string): Rule => ({ means: "operator", what: "a call of POSTD to Meta", say });
const card = (say: string): Rule => ({
  means: "invalid",
  field: "options.link",
  say: `${say} Remove the link from its field; in the text it may stay.`,
});

/**
 * @source platforms/meta.md section 12 (developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/
 * error-codes; publishing subcodes as seen by postiz-app, 2026-08-21; video subcodes, copy of about May 2026)
 */
export const subcodeRules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  // Session and role (with 190 and 102): a new sign-in.
  [458, { means: "auth", say: "The person removed the app from their account." }],
  [459, { means: "auth", say: "Meta wants the person to sign in and pass a check first." }],
  [460, { means: "auth", say: "The person changed their password." }],
  [463, { means: "expired", say: "The sign-in has run out." }],
  [464, { means: "auth", say: "The person has not confirmed their Facebook account." }],
  [467, { means: "auth", say: "The sign-in is no longer valid." }],
  [492, { means: "auth", say: "The person no longer has a role on this account." }],
  [2853006, { means: "permission", say: "The person who signed in has no task on this Page. Its owner can give one." }],
  // Our request.
  ...many(call("Meta no longer has the call or field that POSTD used."), 2069030, 2069031, 2069033),
  [2069032, call("Meta wants this call to be made with the Page's own token.")],
  // Facebook publishing.
  [1366046, media("Facebook takes photos as JPEG or PNG of at most 4 MB.")],
  [1366051, { means: "duplicate", field: "media", say: "These photos have been posted before." }],
  [1390008, { means: "rate_limit", waitMs: HOUR_MS, say: "Facebook finds that this Page posts too fast." }],
  ...many({ means: "policy" }, 1346003, 1404102),
  ...many({ means: "account_check" }, 1404006, 1404112, 4854002),
  [1404078, { means: "account_check", say: "Facebook wants Page Publishing Authorization for this Page first." }],
  [1609008, card("Facebook makes no card of links to facebook.com.")],
  [2061006, { means: "invalid", say: "Facebook does not take this address." }],
  [1349125, { means: "invalid" }],
  [2069019, media("Facebook does not take this file.")],
  ...many({ means: "transient" }, 1609010, 1363047),
  // Facebook videos.
  [1363023, media("The video is larger than the 2 GB Facebook takes. Export it smaller.")],
  [1363022, media("The video file is smaller than 1 KB, so it cannot be whole. Upload it again.")],
  ...many(media("Facebook does not take this kind of video. Export it as MP4."), 1363024, 1363031, 1363032),
  [1363025, media("The video is shorter than the second Facebook asks for.")],
  [1363026, media("The video is longer than the 40 minutes Facebook takes. Shorten it.")],
  [1363042, { means: "permission", say: "The sign-in may not upload videos to this Page." }],
  [1363005, { means: "permission", say: "The sign-in may not change this video." }],
  [1363020, call("Facebook found no file in the upload.")],
  [1363045, call("The upload was not as long as POSTD had said.")],
  ...many({ means: "transient" }, 1363019, 1363021, 1363030, 1363033),
  [1363037, { means: "wrong_offset" }],
  [1363041, { means: "session_dead" }],
  // Numbers.
  ...many({ means: "no_numbers", field: "metric" }, 1504028, 2874008),
  ...many({ means: "no_numbers", field: "metric" }, ...Array.from({ length: 10 }, (_, n) => 2932001 + n)),
  // Instagram.
  [2207003, { means: "transient", say: "Instagram took too long to fetch the media." }],
  ...many({ means: "transient" }, 2207001, 2207032, 2207082),
  [2207053, { means: "recreate", say: "Instagram could not read the upload." }],
  [2207020, { means: "recreate", say: "The media expired at Instagram before it was published." }],
  [2207008, { means: "recreate", say: "Instagram no longer has the prepared post." }],
  [2207006, { means: "recreate", say: "Instagram does not find the prepared post." }],
  [2207027, { means: "not_ready", say: "Instagram is still preparing the media." }],
  [2207042, { means: "quota", say: "This account's posts for 24 hours are used up." }],
  [2207051, { means: "restricted", say: "Instagram limits this account for a while, as it takes its posts for spam." }],
  [2207050, { means: "account_check", say: "Instagram has restricted this account; open the Instagram app." }],
  [2207052, media("Instagram could not fetch the file from its public address.")],
  [2207057, { means: "invalid", field: "options.thumbOffsetMs", say: "The cover frame lies outside the video." }],
  [2207023, media("Instagram does not know this type of media.")],
  [2207028, media("A carousel takes 2 to 10 items.")],
  [2207040, { means: "invalid", field: "options.userTags", say: "More than 20 people are tagged." }],
  ...many({ means: "invalid", say: "A product tag is wrong." }, 2207035, 2207036, 2207037),
  [2207026, media("Instagram does not take this video format.")],
  [2207004, media("The image is larger than Instagram takes.")],
  [2207005, media("Instagram does not take this image format; use JPEG.")],
  [2207009, media("The shape of the image is outside 4:5 to 1.91:1.")],
  [2207010, { means: "invalid", field: "text", say: "The caption is longer than Instagram takes." }],
  [2207077, media("Instagram does not take this video.")],
  [2207081, { means: "invalid", field: "format", say: "Trial reels are not open to this account." }],
  // Meta's own text speaks of deleting whatever was asked.
  [2207085, { means: "transient", say: (did) => `Instagram had trouble of its own when we tried to ${did}.` }],
]);

const limit: Rule = { means: "rate_limit", waitMs: MINUTE_MS };

/**
 * Allowances: told before anything is done, so `is_transient` beside them changes nothing. Code 4 is the app's and comes
 * without a header that names the wait; calls while it lasts prolong it.
 * @source platforms/meta.md section 12
 */
export const limitRules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [4, { ...limit, waitMs: 2 * MINUTE_MS, scope: "app", say: "Meta's allowance for this app is used up for now." }],
  ...many(limit, 17, 32, 341, 613, ...Array.from({ length: 15 }, (_, n) => 80_000 + n)),
]);

/** @source platforms/meta.md section 12 */
export const codeRules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [-2, { means: "transient" }],
  ...many({ means: "unknown_error" }, -1, 1, 2, 6000),
  [9, { means: "quota" }],
  ...many({ means: "permission" }, 3, 10),
  ...many(call("Meta no longer has the call that POSTD made."), 12, 2500),
  [24, { means: "recreate" }],
  [25, { means: "account_check" }],
  [100, { means: "invalid" }],
  ...many({ means: "auth" }, 102, 190),
  [352, { means: "invalid", field: "media" }],
  [
    368,
    {
      means: "blocked",
      waitMs: HOUR_MS,
      say: "Meta blocks this account for a while. The post is not at fault; POSTD waits and looks again in an hour.",
    },
  ],
  [
    506,
    { means: "duplicate", field: "text", say: "Facebook says this is the same as the post before. Change the text." },
  ],
  [803, { means: "missing" }],
  [1500, card("Facebook does not take this link.")],
  [3001, { means: "no_numbers", field: "metric" }],
  ...many({ means: "no_numbers", field: "metric" }, 2874008, ...Array.from({ length: 10 }, (_, n) => 2932001 + n)),
  [9004, { means: "invalid", field: "media" }],
  [9007, { means: "not_ready" }],
  ...many({ means: "invalid", field: "media" }, 36000, 36001, 36003),
  [36004, { means: "invalid", field: "text" }],
  [1609005, card("Facebook could not read the linked page.")],
]);

/** Wrong or missing proof of the app's secret: told by these words alone. @source platforms/meta.md section 1b */
export const proofRule: Rule = {
  means: "operator",
  what: "the app secret of the Meta app",
  say: "Meta does not take the app secret for this sign-in. Set POSTD_META_APP_SECRET to the secret of the app that made it.",
};
