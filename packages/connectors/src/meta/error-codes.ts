import type { FailureRule } from "@postd/connector-kit";

/** What callers look for in an error beside its kind. */
export type Meaning =
  /** The object is not there, or not to be seen by this sign-in. */
  | "missing"
  /** The container is gone or broken; a new one may do. */
  | "recreate"
  | "not_ready"
  /** An upload goes on at the offset the answer names. */
  | "wrong_offset"
  /** An upload has to begin anew. */
  | "session_dead"
  /** There are no numbers for this, and that is no trouble. */
  | "no_numbers"
  /** Our request is wrong: no author and no owner can mend it. */
  | "our_call";

type Rule = FailureRule & { readonly means?: Meaning };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const many = (rule: Rule, ...codes: readonly number[]): Record<string, Rule> =>
  Object.fromEntries(codes.map((code) => [code, rule]));
const content = (reason: string, more: Partial<Rule> = {}): Rule => ({ kind: "content_rejected", reason, ...more });
const invalid: Rule = content("invalid");
const media = (say?: string): Rule => ({ ...invalid, field: "media", ...(say && { say }) });
const noNumbers: Rule = content("no_numbers", { means: "no_numbers", field: "metric" });
/** Where an app's secret, version and review are put right. */
const link = "https://developers.facebook.com/apps";
const call = (say: string): Rule => ({
  kind: "operator_must_act",
  means: "our_call",
  what: "a call of POSTD to Meta",
  link,
  say,
});
/** Nothing was done; Meta does not say so surely enough for what an audience may see. */
const passing: Rule = { kind: "unavailable", guess: true };
const again = (means: Meaning, say?: string): Rule => ({ kind: "unavailable", means, ...(say && { say }) });
const signIn = (say?: string): Rule => ({ kind: "auth_revoked", ...(say && { say }) });
const permission: Rule = { kind: "scope_missing" };
/** Meta wants the owner to do something about the account; a new sign-in does not help. */
const check = (say?: string): Rule => ({ kind: "account_blocked", ...(say && { say }) });
const quota: Rule = { kind: "rate_limited", quota: true, leastMs: HOUR_MS };
const limit: Rule = { kind: "rate_limited", waitMs: MINUTE_MS };
const card = (say: string): Rule => ({
  ...invalid,
  field: "options.link",
  say: `${say} Remove the link from its field; in the text it may stay.`,
});

/**
 * @source platforms/meta.md section 12 (developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/
 * error-codes; publishing subcodes as seen by postiz-app, 2026-08-21; video subcodes, copy of about May 2026)
 */
export const subcodeRules: Readonly<Record<string, Rule>> = {
  // Session and role (with 190 and 102): a new sign-in.
  458: { ...signIn("The person removed the app from their account."), withdrawn: true },
  459: signIn("Meta wants the person to sign in and pass a check first."),
  460: signIn("The person changed their password."),
  463: { kind: "auth_expired", say: "The sign-in has run out." },
  464: signIn("The person has not confirmed their Facebook account."),
  467: signIn("The sign-in is no longer valid."),
  492: signIn("The person no longer has a role on this account."),
  2853006: { ...permission, say: "The person who signed in has no task on this Page. Its owner can give one." },
  // Our request.
  ...many(call("Meta no longer has the call or field that POSTD used."), 2069030, 2069031, 2069033),
  2069032: call("Meta wants this call to be made with the Page's own token."),
  // Facebook publishing.
  1366046: media("Facebook takes photos as JPEG or PNG of at most 4 MB."),
  1366051: content("duplicate", { field: "media", say: "These photos have been posted before." }),
  1390008: { kind: "rate_limited", waitMs: HOUR_MS, say: "Facebook finds that this Page posts too fast." },
  ...many(content("policy"), 1346003, 1404102),
  ...many(check(), 1404006, 1404112, 4854002),
  1404078: check("Facebook wants Page Publishing Authorization for this Page first."),
  1609008: card("Facebook makes no card of links to facebook.com."),
  2061006: { ...invalid, say: "Facebook does not take this address." },
  1349125: invalid,
  2069019: media("Facebook does not take this file."),
  ...many(passing, 1609010, 1363047),
  // Facebook videos.
  1363023: media("The video is larger than the 2 GB Facebook takes. Export it smaller."),
  1363022: media("The video file is smaller than 1 KB, so it cannot be whole. Upload it again."),
  ...many(media("Facebook does not take this kind of video. Export it as MP4."), 1363024, 1363031, 1363032),
  1363025: media("The video is shorter than the second Facebook asks for."),
  1363026: media("The video is longer than the 40 minutes Facebook takes. Shorten it."),
  1363042: { ...permission, say: "The sign-in may not upload videos to this Page." },
  1363005: { ...permission, say: "The sign-in may not change this video." },
  1363020: call("Facebook found no file in the upload."),
  1363045: call("The upload was not as long as POSTD had said."),
  ...many(passing, 1363019, 1363021, 1363030, 1363033),
  1363037: again("wrong_offset"),
  1363041: again("session_dead"),
  // Numbers.
  ...many(noNumbers, 1504028, 2874008),
  ...many(noNumbers, ...Array.from({ length: 10 }, (_, n) => 2932001 + n)),
  // Instagram.
  2207003: { ...passing, say: "Instagram took too long to fetch the media." },
  ...many(passing, 2207001, 2207032, 2207082),
  2207053: again("recreate", "Instagram could not read the upload."),
  2207020: again("recreate", "The media expired at Instagram before it was published."),
  2207008: again("recreate", "Instagram no longer has the prepared post."),
  2207006: again("recreate", "Instagram does not find the prepared post."),
  2207027: again("not_ready", "Instagram is still preparing the media."),
  2207042: { ...quota, say: "This account's posts for 24 hours are used up." },
  2207051: {
    kind: "rate_limited",
    leastMs: DAY_MS,
    say: "Instagram limits this account for a while, as it takes its posts for spam.",
  },
  2207050: check("Instagram has restricted this account; open the Instagram app."),
  2207052: media("Instagram could not fetch the file from its public address."),
  2207057: { ...invalid, field: "options.thumbOffsetMs", say: "The cover frame lies outside the video." },
  2207023: media("Instagram does not know this type of media."),
  2207028: media("A carousel takes 2 to 10 items."),
  2207040: { ...invalid, field: "options.userTags", say: "More than 20 people are tagged." },
  ...many({ ...invalid, say: "A product tag is wrong." }, 2207035, 2207036, 2207037),
  2207026: media("Instagram does not take this video format."),
  2207004: media("The image is larger than Instagram takes."),
  2207005: media("Instagram does not take this image format; use JPEG."),
  2207009: media("The shape of the image is outside 4:5 to 1.91:1."),
  2207010: { ...invalid, field: "text", say: "The caption is longer than Instagram takes." },
  2207077: media("Instagram does not take this video."),
  2207081: { ...invalid, field: "format", say: "Trial reels are not open to this account." },
  // Meta's own text speaks of deleting whatever was asked.
  2207085: { ...passing, say: (_words, did) => `Instagram had trouble of its own when we tried to ${did}.` },
};

/**
 * Allowances: told before anything is done, so `is_transient` beside them changes nothing. Code 4 is the app's and comes
 * without a header that names the wait; calls while it lasts prolong it.
 * @source platforms/meta.md section 12
 */
export const limitRules: Readonly<Record<string, Rule>> = {
  4: { ...limit, waitMs: 2 * MINUTE_MS, scope: "app", say: "Meta's allowance for this app is used up for now." },
  ...many(limit, 17, 32, 341, 613, ...Array.from({ length: 15 }, (_, n) => 80_000 + n)),
};

/** @source platforms/meta.md section 12 */
export const codeRules: Readonly<Record<string, Rule>> = {
  "-2": passing,
  ...many({ kind: "outcome_unknown" }, -1, 1, 2, 6000),
  9: quota,
  ...many(permission, 3, 10),
  ...many(call("Meta no longer has the call that POSTD made."), 12, 2500),
  24: again("recreate"),
  25: check(),
  100: invalid,
  ...many(signIn(), 102, 190),
  352: media(),
  368: {
    kind: "account_blocked",
    waitMs: HOUR_MS,
    say: "Meta blocks this account for a while. The post is not at fault; POSTD waits and looks again in an hour.",
  },
  506: content("duplicate", {
    field: "text",
    say: "Facebook says this is the same as the post before. Change the text.",
  }),
  803: { kind: "missing", means: "missing" },
  1500: card("Facebook does not take this link."),
  3001: noNumbers,
  ...many(noNumbers, 2874008, ...Array.from({ length: 10 }, (_, n) => 2932001 + n)),
  9004: media(),
  9007: again("not_ready"),
  ...many(media(), 36000, 36001, 36003),
  36004: { ...invalid, field: "text" },
  1609005: card("Facebook could not read the linked page."),
};

/** What no number of Meta's says. */
export const otherRules = {
  /** Wrong or missing proof of the app's secret: told by these words alone. @source platforms/meta.md section 1b */
  proof: {
    kind: "operator_must_act",
    link,
    what: "the app secret of the Meta app",
    say: "Meta does not take the app secret for this sign-in. Set POSTD_META_APP_SECRET to the secret of the app that made it.",
  },
  /** Code 100 with subcode 33. */
  missing: { kind: "missing", means: "missing" },
} as const satisfies Readonly<Record<string, Rule>>;
