import {
  type FailureRule,
  type GraphError,
  graphFailures,
  type PlatformFailure,
  subcodeOf,
} from "@postd/connector-kit";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The prepared post is not there (yet), or has run out. @source platforms/threads.md section 11 */
export const NOT_FOUND = 4279009;
export const RUN_OUT = 2207008;
/** Threads could not fetch a file; the code beside it may be 1, "unknown". */
export const UNFETCHED = 2207052;

const many = (rule: FailureRule, ...codes: readonly number[]): Record<string, FailureRule> =>
  Object.fromEntries(codes.map((code) => [code, rule]));
const signIn = (say?: string): FailureRule => ({ kind: "auth_revoked", ...(say && { say }) });
const invalid = (field: string, reason: string, say?: string): FailureRule => ({
  kind: "content_rejected",
  field,
  reason,
  ...(say && { say }),
});
const restricted: FailureRule = {
  kind: "account_blocked",
  say: "Threads has restricted this account. Open the Threads app and see its notices.",
};
const quota: FailureRule = {
  kind: "rate_limited",
  quota: true,
  leastMs: HOUR_MS,
  say: "This account has used up what Threads allows through apps in 24 hours; posts, answers and deletions each have a limit.",
};
const limit: FailureRule = { kind: "rate_limited", waitMs: MINUTE_MS, say: "Threads asks us to slow down." };
const ours: FailureRule = {
  kind: "operator_must_act",
  what: "a call of POSTD to Threads",
  link: "https://developers.facebook.com/apps",
  say: "Threads does not know the call that POSTD made.",
};
const ended: FailureRule = { kind: "auth_expired", say: "The sign-in has run out." };
const unfetched = invalid(
  "media",
  "unfetched",
  "Threads could not fetch the file from this server. Its public address has to answer by https, without redirects.",
);

/** Such a number, or such a way to post, is not there for this account. */
export const NOT_OFFERED = "THREADS_API__FEATURE_NOT_AVAILABLE";
/** Told by their names, in the message or as a text in place of the code; by the words alone where there is no name. */
const names: Readonly<Record<string, FailureRule>> = {
  THREADS_API__LINK_LIMIT_EXCEEDED: invalid(
    "text",
    "too_many_links",
    "Threads takes at most five different links in a post. Remove some.",
  ),
  THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES: invalid("options", "countries"),
  // To sign in again would not help.
  [NOT_OFFERED]: invalid(
    "options",
    "not_offered",
    "Threads does not offer this to this account, for instance as no Instagram profile is linked to it.",
  ),
};
const sayings: readonly (readonly [RegExp, string, FailureRule])[] = [
  [/can['’]?t be blank/i, "blank", invalid("text", "empty", "Threads wants some text.")],
  [/text must be at most/i, "long", invalid("text", "too_long", "The text is longer than Threads takes.")],
  [/could not be fetched from this URI/i, "unfetched", unfetched],
];

function named({ code, codeName, error_subcode: subcode, message = "" }: GraphError): string | undefined {
  if (code === 100 && subcode === 33) return "missing";
  if (codeName !== undefined && Object.hasOwn(names, codeName)) return codeName;
  if (subcode !== undefined && Object.hasOwn(subcodes, String(subcode))) return undefined;
  return sayings.find(([words]) => words.test(message))?.[1];
}

const subcodes: Readonly<Record<string, FailureRule>> = {
  463: ended,
  458: { ...signIn("The person removed the app from their account."), withdrawn: true },
  ...many(signIn(), 459, 460, 464, 467, 492),
  [NOT_FOUND]: { kind: "unavailable", say: "Threads does not find the prepared post." },
  [RUN_OUT]: { kind: "unavailable", say: "Threads no longer has the prepared post." },
  [UNFETCHED]: unfetched,
  ...many(ours, 2069030, 2069031, 2069033),
  4279013: restricted,
  2207042: quota,
  2207051: {
    kind: "rate_limited",
    leastMs: DAY_MS,
    say: "Threads limits this account for a while, as it takes its posts for spam.",
  },
};

/** @source platforms/threads.md section 11, platforms/meta.md section 12 */
export const failures = graphFailures({
  name: "Threads",
  subcodes,
  limits: {
    4: { ...limit, waitMs: 2 * MINUTE_MS, scope: "app" },
    ...many(limit, 17, 32, 341, 613, ...Array.from({ length: 15 }, (_, n) => 80_000 + n)),
  },
  codes: {
    ...many({ kind: "outcome_unknown" }, -2, -1, 1, 2, 6000),
    9: quota,
    ...many({ kind: "scope_missing" }, 3, 10),
    ...many(ours, 12, 2500),
    24: { kind: "unavailable" },
    100: { kind: "content_rejected", reason: "invalid" },
    ...Object.fromEntries([102, 190].map((code) => [code, signIn()])),
    368: {
      kind: "account_blocked",
      waitMs: HOUR_MS,
      say: "Meta blocks this account for a while. The post is not at fault; POSTD waits and looks again in an hour.",
    },
    803: { kind: "missing" },
  },
  others: {
    ...names,
    ...Object.fromEntries(sayings.map(([, name, rule]) => [name, rule])),
    missing: { kind: "missing" },
    ended,
  },
  named: (error) => named(error) ?? (isEnded(error) ? "ended" : undefined),
  // Where nothing else is told, the code a person came back with is no good.
  flat: (code) => [code === "1" || code === "2" ? code : "190"],
});

/** A token that has run out is known by its subcode, or by the words alone. */
const isEnded = ({ code, error_subcode: subcode, message = "" }: GraphError): boolean =>
  (code === 190 || code === 102) && subcode === undefined && /\bexpired\b/i.test(message);

/** Gone, or not to be seen by this sign-in; Threads also calls a missing medium by the name of a missing container. */
export const isMissing = (failure: PlatformFailure): boolean => {
  const { platformCode = "" } = failure;
  return platformCode === "100/33" || platformCode === "803" || subcodeOf(failure) === NOT_FOUND;
};

/** A refusal of code 100 where the account itself, or its token, was asked for: the sign-in is gone. @source platforms/threads.md section 11 */
export const signInGone = (failure: PlatformFailure): PlatformFailure =>
  /^100(\/|$)/.test(failure.platformCode ?? "") && failure.kind !== "operator_must_act"
    ? { ...failure, kind: "auth_revoked", message: "Threads no longer takes this sign-in. Connect the account again." }
    : failure;

/** What a container that became ERROR says of why, and how often a new one is made because of it. */
interface Broken {
  readonly say: string;
  readonly again: number;
}
const bad = (say: string): Broken => ({ say, again: 0 });

/** @source platforms/threads.md section 5, values of `error_message` */
const broken: Readonly<Record<string, Broken>> = {
  FAILED_DOWNLOADING_VIDEO: { say: "Threads could not fetch the video from this server's public address.", again: 2 },
  FAILED_PROCESSING_AUDIO: bad("Threads could not read the sound of the video. Export it with AAC sound."),
  FAILED_PROCESSING_VIDEO: bad("Threads could not read the video. Export it as MP4 with H.264."),
  INVALID_ASPEC_RATIO: bad("The shape of the file is one Threads does not take."),
  INVALID_ASPECT_RATIO: bad("The shape of the file is one Threads does not take."),
  INVALID_BIT_RATE: bad("The video has more than the 100 megabits a second Threads takes."),
  INVALID_DURATION: bad("The video is longer than the five minutes Threads takes, or empty."),
  INVALID_FRAME_RATE: bad("Threads takes 23 to 60 frames a second."),
  INVALID_AUDIO_CHANNELS: bad("Threads takes one or two channels of sound."),
  INVALID_AUDIO_CHANNEL_LAYOUT: bad("Threads takes one or two channels of sound."),
};
const unknown: Broken = { say: "Threads could not use the file, and does not say why.", again: 1 };

export function brokenContainer(told: string | undefined): {
  readonly failure: Extract<PlatformFailure, { kind: "content_rejected" }>;
  readonly again: number;
} {
  const name = /[A-Z]+(?:_[A-Z]+)+/.exec(told ?? "")?.[0] ?? "";
  const { say: message, again } = (Object.hasOwn(broken, name) && broken[name]) || unknown;
  return {
    again,
    failure: { kind: "content_rejected", field: "media", reason: name.toLowerCase() || "processing", message },
  };
}
