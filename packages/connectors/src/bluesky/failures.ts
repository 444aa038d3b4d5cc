import {
  type Clock,
  clampWaitMs,
  type FailureDetail,
  type HttpResponse,
  type PlatformFailure,
  type PlatformResult,
  refusedBy,
  retryAfterMs,
  serverFailure,
  storableRemark,
} from "@postd/connector-kit";
import { fail } from "@postd/contracts";
import { z } from "zod";

/** The error body of XRPC. A name is one word; anything else was not written by an AT Protocol server. */
const ErrorBody = z.object({
  error: z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/),
  message: z.string().optional(),
});

/** What every failure of an answer carries; `effect` is that of the call that was answered. */
type Said = FailureDetail & { readonly status: number };
type Verdict = (said: Said, answer: { readonly words: string; readonly res: HttpResponse }) => PlatformFailure;

const expired: Verdict = (said) => ({ ...said, kind: "auth_expired", message: "Bluesky no longer takes the session." });
const revoked: Verdict = (said) => ({ ...said, kind: "auth_revoked", message: "Bluesky asks to sign in again." });
/** What stands in the way is the account itself, so signing in again does not help. */
const blocked =
  (message: string): Verdict =>
  (said) => ({ ...said, kind: "account_blocked", message });
const scope: Verdict = (said) => ({
  ...said,
  kind: "scope_missing",
  scopes: [],
  message: "The app password does not allow this. Make a new one and connect again.",
});
const media =
  (reason: string): Verdict =>
  (said, { words }) => ({
    ...said,
    kind: "content_rejected",
    field: "media",
    reason,
    message: `Bluesky refused the picture: ${words}`,
  });
const again: Verdict = (said) => ({
  ...said,
  kind: "unavailable",
  message: "Bluesky was changing the account; nothing was sent.",
});
const tooOld: Verdict = (said) => ({
  ...said,
  kind: "operator_must_act",
  what: "the account's Bluesky server does not know this call; its software is too old",
  message: "The account's Bluesky server is too old for this. Its operator has to update it.",
});
const unknown: Verdict = (said, { res }) => ({
  ...said,
  kind: "unexpected_response",
  status: res.status,
  message: `Bluesky gave an answer we do not know (${said.platformCode ?? res.status}).`,
});

/** Tells a body that says what is wrong with a post apart; the only hint is the wording, seen on a PDS 0.4.217. */
const textWords = /grapheme too big|\btext\b|\bfacets\b/i;

/** A request that can never pass: about the file on an upload, about the post on a write; on a read we asked wrongly. */
const invalidRequest: Verdict = (said, answer) => {
  const { res, words } = answer;
  if (res.effect === "none") return unknown(said, answer);
  if (res.effect === "invisible") return media("invalid")(said, answer);
  const field = textWords.test(words) ? "text" : "post";
  return { ...said, kind: "content_rejected", field, reason: "invalid", message: `Bluesky refused the post: ${words}` };
};

const TAKEN_DOWN = "Bluesky has taken this account down. Its owner can see why in Bluesky and appeal there.";
const DEACTIVATED = "This Bluesky account is deactivated. Its owner has to reactivate it in Bluesky.";
const SUSPENDED = "Bluesky has suspended this account. Its owner can see why in Bluesky and appeal there.";
const DELETED = "This Bluesky account does not exist any more.";

/**
 * What each documented error name means. InvalidToken is answered with 400 and may be cured by a refresh; where it is
 * not, the refresh itself says that a person must sign in. A name that stands here was written by the server that was
 * asked, and so proves that it did not do what a change asked for.
 * @source fact sheet "Errors", "Session login" and "Account states" (2026-11-26); 400 for InvalidToken seen on a PDS 0.4.217
 */
const byName: Readonly<Record<string, Verdict>> = {
  ExpiredToken: expired,
  InvalidToken: expired,
  AuthMissing: revoked,
  AuthenticationRequired: revoked,
  AccountTakedown: blocked(TAKEN_DOWN),
  AccountDeactivated: blocked(DEACTIVATED),
  AccountSuspended: blocked(SUSPENDED),
  AccountNotFound: blocked(DELETED),
  BadScope: scope,
  ScopeMissingError: scope,
  InvalidRequest: invalidRequest,
  InvalidSwap: again,
  BlobTooLarge: media("too_large"),
  PayloadTooLarge: media("too_large"),
  InvalidMimeType: media("type"),
  InvalidSize: media("size"),
  BlobNotFound: media("gone"),
  RecordNotFound: unknown,
  RepoNotFound: unknown,
  HandleNotFound: unknown,
  XRPCNotSupported: tooOld,
  MethodNotImplemented: tooOld,
};

/** Why an account that answers cannot be used, by the status its server tells; undefined: it can. */
export function accountTrouble(session: {
  readonly active?: boolean | undefined;
  readonly status?: string | undefined;
}) {
  if (session.active !== false) return undefined;
  const { status = "not active" } = session;
  if (status === "takendown") return TAKEN_DOWN;
  if (status === "deactivated") return DEACTIVATED;
  if (status === "suspended") return SUSPENDED;
  if (status === "deleted") return DELETED;
  return `Bluesky says that this account is ${storableRemark(status, 40)}. Its owner can see more in Bluesky.`;
}

/**
 * The failure an error answer means. Only a documented name in the documented body marks it as refused; a bare status,
 * however plain, may come from anything on the way. Never holds tokens: the server's words are passed on for content
 * errors only.
 */
export function xrpcFailure(res: HttpResponse, clock: Clock): PlatformFailure {
  const body = ErrorBody.safeParse(res.json);
  const name = body.success ? body.data.error : undefined;
  const words = storableRemark((body.success && body.data.message) || name || `error ${res.status}`, 200);
  const said: Said = { status: res.status, message: words, ...(name && { platformCode: name }) };
  const refused: Said = { ...refusedBy(res), ...said };

  if (name === "RateLimitExceeded") return rateLimited(res, clock, refused);
  if (res.status === 429) return rateLimited(res, clock, said);
  const verdict = name && Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (verdict && (res.status < 500 || verdict === tooOld)) return verdict(refused, { words, res });
  if (res.status >= 500) return serverFailure(res, { clock, ...said, message: `Bluesky answered ${res.status}.` });
  if (res.status === 413) return media("too_large")(said, { words, res });
  if (res.status === 401) return expired(said, { words, res });
  if (res.status === 408) return serverFailure(res, { clock, ...said, message: "Bluesky took too long." });
  return unknown(said, { words, res });
}

/** The wait is in Retry-After, or in RateLimit-Reset as a moment in Unix seconds; a window of a day is a quota. */
function rateLimited(res: HttpResponse, clock: Clock, said: Said): PlatformFailure {
  const resetMs = Number(res.headers["ratelimit-reset"] ?? Number.NaN) * 1000 - clock.now().getTime();
  // Bluesky's longest window is a day; a reset beyond it is a mistake of whoever answered.
  const waitMs = retryAfterMs(res, clock) ?? clampWaitMs(resetMs, 24 * 3_600_000);
  const daily = /;\s*w=86400\b/.test(res.headers["ratelimit-policy"]?.slice(0, 200) ?? "");
  return {
    ...said,
    kind: "rate_limited",
    message: daily ? "Today's allowance at Bluesky is used up." : "Bluesky asks us to slow down.",
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    ...(daily && { quota: true }),
  };
}

/**
 * What the answer to a change proves. Done, never left, or refused in so many words stays what it is; everything else
 * may have had its effect: a page instead of an answer, a bare 404 or 429, an answer too long or of another shape.
 */
export async function provenOnly<T>(answer: PlatformResult<T>): PlatformResult<T> {
  const result = await answer;
  if (result.ok || result.error.refused || result.error.kind === "unavailable") return result;
  const { message, platformCode, requestId, status, cause } = result.error;
  return fail({
    kind: "outcome_unknown",
    message: status === undefined ? message : `Bluesky's answer does not say whether it was done (${status}).`,
    ...(platformCode !== undefined && { platformCode }),
    ...(requestId !== undefined && { requestId }),
    ...(status !== undefined && { status }),
    ...(cause !== undefined && { cause }),
  });
}
