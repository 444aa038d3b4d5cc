import { type FailureRule, failureTable, type HttpResponse, resetAt, storableRemark } from "@postd/connector-kit";
import { z } from "zod";

/** The error body of XRPC. A name is one word; anything else was not written by an AT Protocol server. */
const ErrorBody = z.object({
  error: z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/),
  message: z.string().optional(),
});

const expired: FailureRule = { kind: "auth_expired", say: "Bluesky no longer takes the session." };
const revoked: FailureRule = { kind: "auth_revoked", say: "Bluesky asks to sign in again." };
/** What stands in the way is the account itself, so signing in again does not help. */
const blocked = (say: string): FailureRule => ({ kind: "account_blocked", say });
const scope: FailureRule = {
  kind: "scope_missing",
  say: "The app password does not allow this. Make a new one and connect again.",
};
const media = (reason: string): FailureRule => ({
  kind: "content_rejected",
  field: "media",
  reason,
  say: (words) => `Bluesky refused the picture: ${words || reason}`,
});
const post = (field: "text" | "post"): FailureRule => ({
  kind: "content_rejected",
  field,
  reason: "invalid",
  say: (words) => `Bluesky refused the post: ${words || "it names no reason"}`,
});
const again: FailureRule = { kind: "unavailable", say: "Bluesky was changing the account; nothing was sent." };
const tooOld: FailureRule = {
  kind: "operator_must_act",
  what: "the account's Bluesky server does not know this call; its software is too old",
  say: "The account's Bluesky server is too old for this. Its operator has to update it.",
};
const unknown: FailureRule = { kind: "unexpected_response" };

/** A window of a day is a quota. */
function tooFast({ headers }: HttpResponse): FailureRule {
  const daily = /;\s*w=86400\b/.test(headers["ratelimit-policy"]?.slice(0, 200) ?? "");
  return daily
    ? { kind: "rate_limited", quota: true, say: "Today's allowance at Bluesky is used up." }
    : { kind: "rate_limited", say: "Bluesky asks us to slow down." };
}

const TAKEN_DOWN = "Bluesky has taken this account down. Its owner can see why in Bluesky and appeal there.";
const DEACTIVATED = "This Bluesky account is deactivated. Its owner has to reactivate it in Bluesky.";
const SUSPENDED = "Bluesky has suspended this account. Its owner can see why in Bluesky and appeal there.";
const DELETED = "This Bluesky account does not exist any more.";

/**
 * What each documented error name means. InvalidToken is answered with 400 and may be cured by a refresh; where it is
 * not, the refresh itself says that a person must sign in. A name that stands here was written by the server that was
 * asked, and so proves that it did not do what a change asked for; a bare status, however plain, may come from anything
 * on the way.
 * @source fact sheet "Errors", "Session login" and "Account states" (2026-11-26); 400 for InvalidToken seen on a PDS 0.4.217
 */
export const failures = failureTable({
  name: "Bluesky",
  read(res) {
    const body = ErrorBody.safeParse(res.json).data;
    return body && { codes: [body.error], words: body.message };
  },
  codes: {
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
    // It can never pass: a file on an upload, a post on a write; on a read we asked wrongly. Only the wording tells what of
    // a post is wrong, seen on a PDS 0.4.217.
    InvalidRequest: [
      { ...unknown, effect: "none" },
      { ...media("invalid"), effect: "invisible" },
      { ...post("text"), words: /grapheme too big|\btext\b|\bfacets\b/i },
      post("post"),
    ],
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
    MethodNotImplemented: [tooOld, { ...tooOld, status: 501 }],
    RateLimitExceeded: tooFast,
  },
  statuses: {
    401: { ...expired, guess: true },
    413: { ...media("too_large"), guess: true },
    429: (res) => ({ ...tooFast(res), guess: true }),
  },
  waits: [resetAt("ratelimit-reset")],
});

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
