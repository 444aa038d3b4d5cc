import { z } from "zod";
import type { Clock } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpResponse } from "../http.ts";
import { serverFailure } from "../server-failure.ts";
import type { OAuth2Facts } from "./facts.ts";

/** @source RFC 6749 section 5.2; the word alone is used, as descriptions may quote what was sent */
const Flat = z.object({ error: z.string().regex(/^[A-Za-z][\w.-]{0,99}$/) });

/** The error word of a token endpoint's answer; some providers send it with status 200. */
export const errorWordOf = (json: unknown): string | undefined => Flat.safeParse(json).data?.error;

type Kind = NonNullable<OAuth2Facts["errors"]>[string];

/** @source RFC 6749 sections 4.1.2.1 and 5.2, RFC 7009 section 2.2.1, RFC 9449 section 5 */
const standard: Readonly<Record<string, Kind>> = {
  invalid_grant: "auth_revoked",
  access_denied: "auth_revoked",
  login_required: "auth_revoked",
  consent_required: "auth_revoked",
  interaction_required: "auth_revoked",
  invalid_client: "operator_must_act",
  unauthorized_client: "operator_must_act",
  unsupported_grant_type: "operator_must_act",
  unsupported_response_type: "operator_must_act",
  invalid_request: "operator_must_act",
  invalid_scope: "operator_must_act",
  redirect_uri_mismatch: "operator_must_act",
  invalid_dpop_proof: "operator_must_act",
  temporarily_unavailable: "unavailable",
  server_error: "unavailable",
};

const words = {
  auth_revoked: (label: string) => `${label} did not take the sign-in. Sign in again.`,
  operator_must_act: (label: string) => `${label} did not accept POSTD's app.`,
  unavailable: (label: string) => `${label} cannot sign anybody in just now.`,
};

/** What an error word means: the provider's own meaning first, then the standard's. Undefined: nobody documents it. */
export function failureOfWord(
  word: string,
  facts: Pick<OAuth2Facts, "errors" | "label" | "app">,
  status?: number,
): PlatformFailure | undefined {
  const own = facts.errors && Object.hasOwn(facts.errors, word) ? facts.errors[word] : undefined;
  const kind = own ?? (Object.hasOwn(standard, word) ? standard[word] : undefined);
  if (!kind) return undefined;
  const detail = { platformCode: word, message: words[kind](facts.label), ...(status !== undefined && { status }) };
  if (kind !== "operator_must_act") return { ...detail, kind };
  const what = `the app registered at ${facts.label} (${word}): its id, secret, redirect address and scopes`;
  return { ...detail, kind, what };
}

/**
 * The failure of a token endpoint's answer. Order: status 429 and 5xx, the error word, the status. A 5xx beside a word
 * leaves open whether a code or a refresh token is spent, unless the call may be repeated.
 */
export function tokenFailure(
  res: HttpResponse,
  facts: Pick<OAuth2Facts, "errors" | "label" | "app">,
  clock: Clock,
): PlatformFailure {
  const word = errorWordOf(res.json);
  const code = word === undefined ? {} : { platformCode: word };
  if (res.status === 429 || res.status === 408 || res.status >= 500) return serverFailure(res, { clock, ...code });
  const failure = word === undefined ? undefined : failureOfWord(word, facts, res.status);
  if (failure) return failure;
  const message = `${facts.label} answered the sign-in in a way we do not know (${word ?? res.status}).`;
  return { ...code, kind: "unexpected_response", status: res.status, message };
}
