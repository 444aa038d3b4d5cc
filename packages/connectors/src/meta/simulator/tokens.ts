import { hmacSha256Hex, sha256Hex } from "@postd/connector-kit/simulator";
import { instagramApp, metaApp } from "./apps.ts";
import { GraphError, missingPermission, proofError, tokenError } from "./graph-error.ts";
import type { Grant, Token, TokenKind } from "./model.ts";
import type { Params } from "./params.ts";
import type { World } from "./world.ts";

const hourMs = 3_600_000;
/** 60 days less a little: meta.md §3a.3 and §3b.3 name 5183944 seconds. */
export const longLivedMs = 5_183_944_000;
/** Short tokens live "~1-2 h" (§3a.2); the shortest is the strictest. */
export const shortLivedMs = hourMs;
/** Reads fail 90 days after the last login though the token stays valid (§3a.4). */
export const dataAccessMs = 90 * 24 * hourMs;

/** Makes and stores a token. `lifeMs` absent: it does not end by itself. */
export function issueToken(
  world: World,
  input: {
    readonly kind: TokenKind;
    readonly grant: Grant;
    readonly pageId?: string;
    readonly lifeMs?: number;
    readonly longLived: boolean;
  },
): Token {
  const secret = sha256Hex(world.env.randomId()) + sha256Hex(world.env.randomId());
  const now = world.nowMs();
  const token: Token = {
    value: `${input.kind === "instagram" ? "IGAA" : "EAA"}${secret}`,
    kind: input.kind,
    grantId: input.grant.id,
    ...(input.pageId === undefined ? {} : { pageId: input.pageId }),
    issuedAt: now,
    ...(input.lifeMs === undefined ? {} : { expiresAt: now + input.lifeMs }),
    longLived: input.longLived,
  };
  world.data.tokens.set(token.value, token);
  return token;
}

/**
 * A Page token derived from a user token: without end from a long-lived one, gone with the hour from a short one
 * (§3a.4, §15 "Token order matters").
 */
export function pageToken(world: World, user: Token, grant: Grant, pageId: string): Token {
  const left = user.longLived ? undefined : Math.max(0, (user.expiresAt ?? 0) - world.nowMs());
  return issueToken(world, {
    kind: "page",
    grant,
    pageId,
    longLived: user.longLived,
    ...(left === undefined ? {} : { lifeMs: left }),
  });
}

/** The token of a call: query or form parameter, or an Authorization header with Bearer or OAuth. */
export function presentedToken(
  headers: Readonly<Record<string, string | undefined>>,
  parameter: string | undefined,
): string | undefined {
  return parameter ?? /^(?:Bearer|OAuth) (\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** The token and its consent, or a GraphError 190 with the subcode of §12. */
export function requireToken(
  world: World,
  value: string | undefined,
  kinds: readonly TokenKind[],
): { readonly token: Token; readonly grant: Grant } {
  if (value === undefined || value === "")
    throw new GraphError({ code: 190, message: "An access token is required to request this resource.", subcode: 467 });
  const token = world.data.tokens.get(value);
  const grant = token && world.data.grants.get(token.grantId);
  // A token of the other host is no token here (§1: different host, different token).
  if (token === undefined || grant === undefined || !kinds.includes(token.kind)) throw tokenError(467);
  if (token.endedBy !== undefined) throw tokenError(token.endedBy);
  if (token.expiresAt !== undefined && world.nowMs() >= token.expiresAt) throw tokenError(463);
  if (token.pageId !== undefined && world.data.pages.get(token.pageId)?.roleLost) throw tokenError(492);
  return { token, grant };
}

/** The Page of a Page token with the Instagram account behind it, or the account of an Instagram token. */
export function accountsOfToken(world: World, value: string): readonly string[] {
  const token = world.data.tokens.get(value);
  if (token?.pageId !== undefined) {
    const igId = world.data.pages.get(token.pageId)?.igId;
    return [token.pageId, ...(igId === undefined ? [] : [igId])];
  }
  return token?.kind === "instagram" ? [...(world.data.grants.get(token.grantId)?.igIds ?? [])] : [];
}

/**
 * Checks appsecret_proof where given, and wants it where the app setting says so; with appsecret_time it is made of token and time
 * (§1b).
 */
export function checkProof(world: World, token: Token, params: Params): void {
  const proof = params.text("appsecret_proof");
  const time = params.text("appsecret_time");
  if (proof === undefined) {
    if (world.data.settings.requireAppsecretProof)
      throw proofError("API calls from the server require an appsecret_proof argument");
    return;
  }
  const secret = token.kind === "instagram" ? instagramApp.app_secret : metaApp.app_secret;
  if (proof !== hmacSha256Hex(secret, time === undefined ? token.value : `${token.value}|${time}`))
    throw proofError("Invalid appsecret_proof provided in the API argument");
}

/** Whether the consent holds a permission now. */
export const hasPermission = (grant: Grant, scope: string): boolean => grant.permissions.get(scope) === "granted";

/** All of them, or a GraphError: 10 for Instagram permissions, 200 for those of Pages (§12). */
export function requirePermissions(grant: Grant, scopes: readonly string[]): void {
  const missing = scopes.filter((scope) => !hasPermission(grant, scope));
  if (missing.length > 0)
    throw missingPermission(missing, missing.some((scope) => scope.startsWith("instagram")) ? 10 : 200);
}

/** Ends tokens with a subcode of 190; answers how many. */
export function endTokens(world: World, which: (token: Token) => boolean, subcode: number): number {
  const ended = [...world.data.tokens.values()].filter((token) => token.endedBy === undefined && which(token));
  for (const token of ended) token.endedBy = subcode;
  return ended.length;
}
