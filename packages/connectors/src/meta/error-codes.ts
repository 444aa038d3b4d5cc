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
  /** Meta wants the owner to do something about the account. */
  | "account_check"
  | "auth"
  /** The token's time is over; where it can be renewed, that is tried once. */
  | "expired"
  | "invalid"
  | "policy"
  | "duplicate"
  | "missing"
  /** The container is gone or broken; a new one may do. */
  | "recreate"
  | "not_ready";

export interface Rule {
  readonly means: Meaning;
  /** Field of the post at fault; the caller's own guess where absent. */
  readonly field?: string;
  /** Said to people in place of Meta's words, which are often empty or wrong. */
  readonly say?: string;
}

const media = (say: string): Rule => ({ means: "invalid", field: "media", say });

/**
 * @source platforms/meta.md section 12 (developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/
 * error-codes; publishing subcodes as seen by postiz-app, 2026-08-21)
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
  // Facebook publishing.
  [1366046, media("Facebook takes photos as JPEG or PNG of at most 4 MB.")],
  [1366051, { means: "duplicate", field: "media", say: "These photos have been posted before." }],
  [1390008, { means: "rate_limit", say: "Facebook finds that this Page posts too fast." }],
  [1346003, { means: "policy" }],
  [1404102, { means: "policy" }],
  [1404006, { means: "account_check" }],
  [1404112, { means: "account_check" }],
  [4854002, { means: "account_check" }],
  [1404078, { means: "account_check", say: "Facebook wants Page Publishing Authorization for this Page first." }],
  [1609008, { means: "invalid", field: "options.link", say: "Facebook does not take links to facebook.com here." }],
  [2061006, { means: "invalid", say: "Facebook does not take this address." }],
  [1349125, { means: "invalid" }],
  [2069019, media("Facebook does not take this file.")],
  [1609010, { means: "transient" }],
  [1363047, { means: "transient" }],
  [1504028, { means: "invalid", field: "metric" }],
  // Instagram.
  [2207003, { means: "transient", say: "Instagram took too long to fetch the media." }],
  [2207001, { means: "unknown_error" }],
  [2207032, { means: "unknown_error" }],
  [2207082, { means: "transient" }],
  [2207053, { means: "recreate", say: "Instagram could not read the upload." }],
  [2207020, { means: "recreate", say: "The media expired at Instagram before it was published." }],
  [2207008, { means: "recreate", say: "Instagram no longer has the prepared post." }],
  [2207027, { means: "not_ready", say: "Instagram is still preparing the media." }],
  [2207042, { means: "quota", say: "This account's posts for 24 hours are used up." }],
  [2207051, { means: "restricted", say: "Instagram limits this account for a while, as it takes its posts for spam." }],
  [2207050, { means: "account_check", say: "Instagram has restricted this account; open the Instagram app." }],
  [2207006, { means: "missing" }],
  [2207052, media("Instagram could not fetch the file from its public address.")],
  [2207057, { means: "invalid", field: "options.thumbOffsetMs", say: "The cover frame lies outside the video." }],
  [2207023, media("Instagram does not know this type of media.")],
  [2207028, media("A carousel takes 2 to 10 items.")],
  [2207040, { means: "invalid", field: "options.userTags", say: "More than 20 people are tagged." }],
  [2207035, { means: "invalid", say: "A product tag is wrong." }],
  [2207036, { means: "invalid", say: "A product tag is wrong." }],
  [2207037, { means: "invalid", say: "A product tag is wrong." }],
  [2207026, media("Instagram does not take this video format.")],
  [2207004, media("The image is larger than Instagram takes.")],
  [2207005, media("Instagram does not take this image format; use JPEG.")],
  [2207009, media("The shape of the image is outside 4:5 to 1.91:1.")],
  [2207010, { means: "invalid", field: "text", say: "The caption is longer than Instagram takes." }],
  [2207077, media("Instagram does not take this video.")],
  [2207081, { means: "invalid", say: "Trial reels are not open to this account." }],
  [2207085, { means: "transient", say: "Instagram failed to delete it; this comes and goes." }],
]);

/** @source platforms/meta.md section 12 */
export const codeRules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [-2, { means: "transient" }],
  [-1, { means: "unknown_error" }],
  [1, { means: "unknown_error" }],
  [2, { means: "unknown_error" }],
  ...[4, 17, 32, 341, 613, 80001, 80002, 80006, 80008].map((code): [number, Rule] => [code, { means: "rate_limit" }]),
  [9, { means: "quota" }],
  [3, { means: "permission" }],
  [10, { means: "permission" }],
  [24, { means: "missing" }],
  [25, { means: "account_check" }],
  [100, { means: "invalid" }],
  [102, { means: "auth" }],
  [190, { means: "auth" }],
  [352, { means: "invalid", field: "media" }],
  [368, { means: "policy" }],
  [506, { means: "duplicate", field: "text", say: "Facebook says this is the same as an earlier post." }],
  [803, { means: "missing" }],
  [3001, { means: "invalid", field: "metric" }],
  [9004, { means: "invalid", field: "media" }],
  [9007, { means: "not_ready" }],
  [36000, { means: "invalid", field: "media" }],
  [36001, { means: "invalid", field: "media" }],
  [36003, { means: "invalid", field: "media" }],
  [36004, { means: "invalid", field: "text" }],
  [1609005, { means: "invalid", field: "options.link", say: "Facebook could not read the linked page." }],
]);
