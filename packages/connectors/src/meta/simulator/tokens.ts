import {
  type Caller,
  hmacSha256Hex,
  type SimGrant,
  type SimRequest,
  type SimToken,
  type TokenProblem,
} from "@postd/connector-kit/simulator";
import { tokenError } from "@postd/connector-kit/simulator/graph";
import { instagramApp, metaApp } from "./apps.ts";
import type { Call } from "./call.ts";
import { missingPermission, proofError } from "./graph-error.ts";
import type { TokenKind } from "./model.ts";
import type { World } from "./world.ts";

/** Short tokens live "~1-2 h" (meta.md §3a.2); the shortest is the strictest. */
export const shortSeconds = 3600;
/** 60 days less a little: §3a.3 and §3b.3 name this number. */
export const longSeconds = 5_183_944;
/** Reads fail 90 days after the last login though the token stays valid (§3a.4). */
export const dataAccessMs = 90 * 86_400_000;

export const kindOf = ({ kind, grant }: SimToken): TokenKind =>
  kind === "page" ? "page" : grant.app === instagramApp.app_id ? "instagram" : "user";

export const isLongLived = ({ issuedAt, expiresAt }: SimToken): boolean =>
  expiresAt === undefined || expiresAt - issuedAt > shortSeconds * 1000;

/** The newest consent of a person at an app: what it says counts for all their tokens. */
export const consentOf = ({ tokens }: World, { subject, app }: SimGrant): SimGrant | undefined =>
  tokens.grants().findLast((grant) => grant.subject === subject && grant.app === app);

/**
 * A Page token derived from a user token: without end from a long-lived one, gone with the hour from a short one
 * (§3a.4, §15 "Token order matters").
 */
export function pageToken(world: World, user: SimToken, pageId: string): SimToken {
  const igId = world.data.pages.get(pageId)?.igId;
  const leftMs = (user.expiresAt ?? 0) - world.nowMs();
  return world.tokens.issue(user.grant, {
    kind: "page",
    prefix: "EAA",
    accounts: [pageId, ...(igId === undefined ? [] : [igId])],
    ...(isLongLived(user) ? {} : { seconds: Math.max(0, leftMs / 1000) }),
  });
}

/** The Page a Page token is for. */
export const pageOf = (token: SimToken): string | undefined =>
  token.kind === "page" ? token.accounts?.[0] : undefined;

/** Whom a token acts for on a host; a token of the other host is none (§1), and uploads take it as `OAuth` only. */
export function authenticate(world: World, value: string, { host, headers }: SimRequest): Caller | TokenProblem {
  const found = world.tokens.find(value);
  if (found === undefined) return "tokenInvalid";
  const isOfHost =
    host === "rupload.facebook.com"
      ? /^OAuth /.test(headers.authorization ?? "")
      : (host === "graph.instagram.com") === (kindOf(found) === "instagram");
  if (!isOfHost) return "tokenInvalid";
  const token = world.tokens.check(value, found.kind);
  if (typeof token === "string") return token;
  const subcode = world.data.endedTokens.get(value);
  if (subcode !== undefined) throw tokenError(subcode);
  if (world.data.pages.get(pageOf(token) ?? "")?.roleLost) throw tokenError(492);
  const { subject, scopes, accounts } = consentOf(world, token.grant) ?? token.grant;
  return { subject, scopes, token, accounts: accounts.filter((id) => token.accounts?.includes(id) ?? true) };
}

/** The Page of a Page token with the Instagram account behind it, or the account of an Instagram token. */
export function accountsOfToken({ tokens }: World, value: string): readonly string[] {
  const token = tokens.find(value);
  return token === undefined || kindOf(token) === "user" ? [] : tokens.accountsOf(value);
}

/**
 * Checks appsecret_proof where given, and wants it where the app setting says so; with appsecret_time it is made of token and time
 * (§1b).
 */
export function checkProof({ world, token, params }: Call): void {
  const proof = params.text("appsecret_proof");
  const time = params.text("appsecret_time");
  if (proof === undefined) {
    if (world.data.settings.requireAppsecretProof)
      throw proofError("API calls from the server require an appsecret_proof argument");
    return;
  }
  const { app_secret } = kindOf(token) === "instagram" ? instagramApp : metaApp;
  if (proof !== hmacSha256Hex(app_secret, time === undefined ? token.value : `${token.value}|${time}`))
    throw proofError("Invalid appsecret_proof provided in the API argument");
}

/** All of them, or a GraphError: 10 for Instagram permissions, 200 for those of Pages (§12). */
export function requirePermissions(granted: ReadonlySet<string>, scopes: readonly string[]): void {
  const missing = scopes.filter((scope) => !granted.has(scope));
  if (missing.length > 0)
    throw missingPermission(missing, missing.some((scope) => scope.startsWith("instagram")) ? 10 : 200);
}
