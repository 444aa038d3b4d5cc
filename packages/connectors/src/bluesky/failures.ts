import {
  type Clock,
  type FailureDetail,
  type HttpResponse,
  type PlatformFailure,
  retryAfterMs,
  serverFailure,
  truncateGraphemes,
} from "@postd/connector-kit";
import { z } from "zod";

const ErrorBody = z.object({ error: z.string().max(100), message: z.string().optional() });

type Verdict = (said: FailureDetail & { readonly status: number }, words: string) => PlatformFailure;

const expired: Verdict = (said) => ({ ...said, kind: "auth_expired", message: "Bluesky no longer takes the session." });
const revoked =
  (message: string): Verdict =>
  (said) => ({ ...said, kind: "auth_revoked", message });
const scope: Verdict = (said) => ({
  ...said,
  kind: "scope_missing",
  scopes: [],
  message: "The app password does not allow this. Make a new one and connect again.",
});
const media =
  (reason: string): Verdict =>
  (said, words) => ({
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

/**
 * What each documented error name means. InvalidToken is answered with 400 and may be cured by a refresh; where it is
 * not, the refresh itself says that a person must sign in.
 * @source fact sheet "Errors" and "Session login" (2026-11-20); 400 for InvalidToken seen on a PDS 0.4.217
 */
const byName: Readonly<Record<string, Verdict>> = {
  ExpiredToken: expired,
  InvalidToken: expired,
  AuthMissing: revoked("Bluesky asks to sign in again."),
  AuthenticationRequired: revoked("Bluesky asks to sign in again."),
  AccountTakedown: revoked("Bluesky has taken this account down."),
  AccountDeactivated: revoked("This Bluesky account is deactivated. Reactivate it and connect again."),
  AccountSuspended: revoked("Bluesky has suspended this account."),
  BadScope: scope,
  ScopeMissingError: scope,
  InvalidSwap: again,
  BlobTooLarge: media("too_large"),
  PayloadTooLarge: media("too_large"),
  InvalidMimeType: media("type"),
};

/** Tells a body that says what is wrong with a post apart; the only hint is the wording, seen on a PDS 0.4.217. */
const textWords = /grapheme too big|text|facets/i;

/** The failure an error answer means. Never holds tokens: the server's words are passed on for content errors only. */
export function xrpcFailure(res: HttpResponse, clock: Clock): PlatformFailure {
  const body = ErrorBody.safeParse(res.json);
  const name = body.success ? body.data.error : undefined;
  const words = truncateGraphemes((body.success && body.data.message) || name || `error ${res.status}`, 200);
  const said = { status: res.status, message: words, ...(name && { platformCode: name }) };

  if (res.status === 429 || name === "RateLimitExceeded") return rateLimited(res, clock, said);
  if (res.status >= 500) return serverFailure(res, { clock, ...said, message: `Bluesky answered ${res.status}.` });
  const verdict = name && Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (verdict) return verdict(said, words);
  if (res.status === 413) return media("too_large")(said, words);
  if (res.status === 401) return expired(said, words);
  if (name === "InvalidRequest" && res.status === 400 && res.effect !== "none")
    return {
      ...said,
      kind: "content_rejected",
      field: textWords.test(words) ? "text" : "post",
      reason: "invalid",
      message: `Bluesky refused the post: ${words}`,
    };
  return serverFailure(res, {
    clock,
    ...said,
    message: `Bluesky gave an answer we do not know (${name ?? res.status}).`,
  });
}

/** The wait is in Retry-After, or in RateLimit-Reset as a moment in Unix seconds; a window of a day is a quota. */
function rateLimited(res: HttpResponse, clock: Clock, said: FailureDetail): PlatformFailure {
  const reset = Number(res.headers["ratelimit-reset"] ?? Number.NaN) * 1000 - clock.now().getTime();
  const toldMs = retryAfterMs(res, clock) ?? (Number.isFinite(reset) ? Math.max(0, reset) : undefined);
  const daily = /;\s*w=86400\b/.test(res.headers["ratelimit-policy"] ?? "");
  return {
    ...said,
    kind: "rate_limited",
    message: daily ? "Today's allowance at Bluesky is used up." : "Bluesky asks us to slow down.",
    ...(toldMs !== undefined && { retryAfterMs: toldMs }),
    ...(daily && { quota: true }),
  };
}
