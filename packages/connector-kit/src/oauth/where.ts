import { fail, ok, type Result } from "@postd/contracts";
import type { AuthContext, Credentials } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import { type Secret, secret } from "../secret.ts";
import type { OAuth2Facts, OAuthAt, TokenAnswer } from "./facts.ts";
import { type Party, partyOf } from "./library.ts";

/** Typed fields stand among the credentials under this prefix: the next refresh needs the same shop or instance. */
const FIELD = "field.";
export const DPOP_KEY = "dpop_key";

/** The provider as one sign-in meets it. */
export type Where = { readonly at: OAuthAt; readonly party: Party; readonly kept: Readonly<Record<string, Secret>> };

/** Checks what was typed and finds the addresses and our app; nothing is sent. */
export function whereOf(
  facts: OAuth2Facts,
  typed: Readonly<Record<string, Secret>>,
  ctx: AuthContext,
): Result<Where, PlatformFailure> {
  const plain = Object.fromEntries(Object.entries(typed).map(([name, value]) => [name, value.reveal()]));
  const fields = facts.checkFields?.(plain) ?? plain;
  if (isFailure(fields)) return fail(fields);
  const at: OAuthAt = { fields, apiVersion: ctx.apiVersion, app: ctx.app };
  const party = partyOf(facts, at, ctx);
  const kept = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${FIELD}${name}`, secret(value)]));
  return party.ok ? ok({ at, party: party.value, kept }) : party;
}
const isFailure = (given: Readonly<Record<string, string>> | PlatformFailure): given is PlatformFailure =>
  "kind" in given && "message" in given;

/** What was typed when signing in, read back from the credentials. */
export const typedBefore = (extra: Credentials["extra"] = {}): Record<string, Secret> =>
  Object.fromEntries(
    Object.entries(extra).flatMap(([name, value]) =>
      name.startsWith(FIELD) ? [[name.slice(FIELD.length), value]] : [],
    ),
  );

/** Parameters that are sent, and the names of those that are not. */
export const sorted = (params: Readonly<Record<string, string | undefined>> = {}) => ({
  more: Object.fromEntries(Object.entries(params).filter((it): it is [string, string] => it[1] !== undefined)),
  without: Object.keys(params).filter((name) => params[name] === undefined),
});

export const credentialsOf = (token: TokenAnswer, extra: Readonly<Record<string, Secret>>): Credentials => ({
  accessToken: token.accessToken,
  ...(token.refreshToken && { refreshToken: token.refreshToken }),
  ...(token.expiresAt && { expiresAt: token.expiresAt }),
  ...(token.refreshExpiresAt && { refreshExpiresAt: token.refreshExpiresAt }),
  scopes: token.scopes,
  ...(Object.keys(extra).length > 0 && { extra }),
});
