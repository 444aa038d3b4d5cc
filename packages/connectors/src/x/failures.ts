import {
  type FailureFacts,
  type FailureRule,
  failureTable,
  type HttpResponse,
  resetAt,
  type Said,
  type WaitReader,
} from "@postd/connector-kit";
import { z } from "zod";

/** @source platforms/x.md section 11: problem JSON, the older list of codes, OAuth's flat form */
const Problem = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  type: z.string().optional(),
  errors: z
    .array(z.object({ code: z.number().optional(), message: z.string().optional() }))
    .optional()
    .catch(undefined),
  error: z.string().optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
});

/**
 * X says one type, about:blank, of things that mean quite different acts: only its sentence tells them apart.
 * @source platforms/x.md sections 1, 5 and 11; the sentences are those of 2025 and 2026
 */
const bySentence: readonly (readonly [RegExp, string])[] = [
  [/duplicate content/i, "duplicate"],
  [/only reply to or quote posts where|Reply to this conversation is not allowed/i, "target-not-allowed"],
  [/deleted or not visible to you/i, "parent-not-visible"],
  [/media IDs? (?:are|is) invalid/i, "media-invalid"],
  [/in_reply_to_tweet_id/i, "reply-field"],
  [/maximum of one cashtag|cashtag/i, "cashtags"],
  [/video longer than|video.{0,40}too long/i, "video-too-long"],
  [/suspended/i, "suspended"],
  [/temporarily locked|account is locked/i, "locked"],
  [/not permitted to perform this action/i, "not-permitted"],
];

function read({ json }: HttpResponse): Said | undefined {
  const told = Problem.safeParse(json).data;
  if (!told) return undefined;
  const { title, detail, type, errors = [], error } = told;
  const sentences = [detail, ...errors.map(({ message }) => message)].filter((one) => one !== undefined);
  const said = bySentence.filter(([words]) => sentences.some((one) => words.test(one))).map(([, code]) => code);
  const numbers = errors.flatMap(({ code }) => (code === undefined ? [] : [String(code)]));
  const kind = type?.split("/").at(-1);
  const codes = [...said, ...numbers, kind, title, error].filter((code) => code !== undefined && code !== "");
  if (codes.length === 0) return undefined;
  return { codes: codes as string[], words: detail ?? sentences[0] ?? told.error_description };
}

const expired: FailureRule = { kind: "auth_expired", say: "X no longer takes this access token." };
const over: FailureRule = { kind: "auth_revoked", say: "X's sign-in has ended. Connect again." };
const CONSOLE = "https://console.x.com";
/** The operator's wallet: nobody's post is at fault, and signing in again changes nothing. */
const noCredit: FailureRule = {
  kind: "operator_must_act",
  what: "the credits of the app at X are used up",
  link: CONSOLE,
  say: "The X account of this server has no credits left, so X takes nothing. The operator adds some in X's console; then everything goes on.",
};
const capped: FailureRule = {
  kind: "operator_must_act",
  what: "the app has used what X lets it use in a month",
  link: CONSOLE,
  say: "The app of this server has used all that X lets it use this month. The operator raises that in X's console.",
};
const appAtFault: FailureRule = {
  kind: "operator_must_act",
  what: "the app registered at X: its keys, access and permissions",
  link: CONSOLE,
  say: "X does not let the app of this server do that. The operator looks at its access and permissions in X's console.",
};
const webhookAtFault: FailureRule = {
  kind: "operator_must_act",
  what: "the webhook of the app at X",
  link: CONSOLE,
  say: (words) => `X did not take this server's address for events${words ? `: ${words}` : ""}.`,
};
const ours: FailureRule = {
  kind: "unexpected_response",
  say: "X did not accept how POSTD sent this; the post itself is not at fault. The operator finds the reason in the log.",
};
const rejected = (field: string | undefined, reason: string, say?: string): FailureRule => ({
  kind: "content_rejected",
  ...(field && { field }),
  reason,
  say: say ?? ((words) => `X refused the post: ${words || reason}`),
});
/** With 403 alone: other refusals may repeat words of the post. */
const barred = (say: string): FailureRule => ({ kind: "account_blocked", status: 403, say });
const GONE = "X does not have that any more, or does not show it to this account.";
/** Only posts and files are asked for by name, so nobody's sign-in is in doubt. */
const gone: FailureRule = { kind: "content_rejected", field: "post", reason: "missing", say: GONE };

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** The day's allowance where that one is used up, else the quarter hour's. @source platforms/x.md section 12 */
const dayIsUsedUp = ({ headers }: Pick<HttpResponse, "headers">, whose: "user" | "app"): boolean =>
  headers[`x-${whose}-limit-24hour-remaining`]?.trim() === "0";
const dayReset: WaitReader = (res, clock) => {
  for (const whose of ["app", "user"] as const)
    if (dayIsUsedUp(res, whose)) {
      const reset = `x-${whose}-limit-24hour-reset`;
      // One that has passed by our clock is over, or nearly: then it is asked again soon.
      return resetAt(reset)(res, clock) ?? (res.headers[reset] ? QUARTER_MS : DAY_MS);
    }
  return undefined;
};
function tooMany(res: HttpResponse): FailureRule {
  const isApp = dayIsUsedUp(res, "app");
  const isDay = isApp || dayIsUsedUp(res, "user");
  return {
    kind: "rate_limited",
    waitMs: QUARTER_MS,
    say: isDay ? "X takes no more of these today." : "X asks us to slow down.",
    // A hold has no tries that are counted, so none is shorter than this, whatever a header says.
    ...(isDay && { quota: true, leastMs: 60_000 }),
    ...(isApp && { scope: "app" }),
  };
}

/** What a permission may lack; where all were granted, see `withGrant`. */
const notPermitted: FailureRule = {
  kind: "scope_missing",
  status: 403,
  say: "X does not let this sign-in do that: a permission is missing. Connect again and leave everything ticked.",
};

const facts: FailureFacts = {
  name: "X",
  read,
  codes: {
    duplicate: rejected(
      "text",
      "duplicate",
      "This account posted the same words a short while ago, and X does not take them twice. Change a word.",
    ),
    "187": rejected("text", "duplicate"),
    "target-not-allowed": rejected(
      undefined,
      "target_not_allowed",
      "X lets apps answer and quote only the account's own posts and those that name it. Only this post is refused.",
    ),
    "parent-not-visible": {
      kind: "unavailable",
      waitMs: 8_000,
      say: "X does not see the post yet that this one answers.",
    },
    "385": { kind: "unavailable", waitMs: 8_000, say: "X does not see the post yet that this one answers." },
    "media-invalid": ours,
    "reply-field": ours,
    cashtags: rejected("text", "cashtags", "X takes one cashtag ($ABC) in a post. Remove the others."),
    "video-too-long": rejected("media.0", "duration"),
    suspended: barred("X has suspended this account. See the notices there."),
    locked: barred("X has locked this account for now. Unlock it there."),
    "64": barred("X has suspended this account. See the notices there."),
    "326": barred("X has locked this account for now. Unlock it there."),
    "not-permitted": notPermitted,
    "32": expired,
    "89": expired,
    "unsupported-authentication": expired,
    "261": appAtFault,
    "client-forbidden": appAtFault,
    credits: noCredit,
    "credits-depleted": noCredit,
    CreditsDepleted: noCredit,
    "usage-capped": capped,
    "88": tooMany,
    "rate-limit-exceeded": tooMany,
    "invalid-request": rejected("text", "invalid_request"),
    "disallowed-resource": rejected("text", "disallowed"),
    "resource-not-found": gone,
    "resource-unavailable": gone,
    "not-authorized-for-resource": { kind: "missing", say: GONE },
    "not-authorized-for-field": notPermitted,
    "field-unauthorized": notPermitted,
    "field-hydration-failure": { kind: "outcome_unknown" },
    "internal-error": { kind: "outcome_unknown" },
    "streaming-connection": ours,
    "rule-cap": ours,
    "invalid-rules": ours,
    "duplicate-rules": ours,
    CrcValidationFailed: webhookAtFault,
    UrlValidationFailed: webhookAtFault,
    DuplicateUrlFailed: webhookAtFault,
    WebhookLimitExceeded: webhookAtFault,
    WebhookIdInvalid: webhookAtFault,
    // Of the sign-in.
    access_denied: over,
    invalid_grant: over,
    invalid_request: over,
    invalid_client: appAtFault,
    unauthorized_client: appAtFault,
  },
  statuses: {
    400: rejected("text", "invalid_request"),
    401: expired,
    402: noCredit,
    403: [{ kind: "missing", effect: "none", say: GONE }, rejected("text", "forbidden")],
    404: gone,
    // Our pieces are too large for what stands before X's servers.
    413: { ...ours, kind: "operator_must_act", what: "the size of the pieces that videos are sent to X in" },
    429: tooMany,
    431: { ...ours, kind: "operator_must_act", what: "the size of the pieces that videos are sent to X in" },
  },
  waits: [dayReset, resetAt("x-rate-limit-reset")],
};
export const failures = failureTable(facts);

/** Whatever X forbids with files is the one permission that older connections lack. @source platforms/x.md section 15 */
const noMedia: FailureRule = {
  kind: "scope_missing",
  say: "X does not let this sign-in send files: the permission media.write is missing. Connect again.",
};
export const mediaFailures = failureTable({
  ...facts,
  codes: { ...facts.codes, "not-permitted": noMedia },
  statuses: { ...facts.statuses, 400: rejected("media", "invalid_media"), 403: noMedia },
});
