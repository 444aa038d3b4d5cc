import type { JsonObject } from "@postd/contracts";
import { ok } from "@postd/contracts";
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import type { AuthContext, PlatformResult } from "../context.ts";
import type { InboundRequest } from "../webhooks.ts";
import { senderKeys } from "./sender-keys.ts";

/** How a platform proves itself by a token about the sender (OIDC), instead of signing what it sends. */
export interface SenderTokenFacts {
  /** Where its public keys stand, as a JWK set. */
  readonly keysAt: string;
  readonly issuers: readonly string[];
  /** The one algorithm it signs with; a token never chooses. */
  readonly algorithm: "RS256" | "ES256";
}

/** What a token is worth: its claims, or why it is none. */
export type SenderVerdict = { readonly claims: JsonObject } | { readonly refused: "missing" | "forged" | "stale" };

/**
 * Checks the bearer token of a request: signed by a key the platform publishes, from one of its issuers, for `audience`, and
 * in its time by `now`. Its keys are kept for as long as it says. A failure means that the keys could not be read, so nothing
 * is known. The body is not signed by it.
 */
export function senderToken({ keysAt, issuers, algorithm }: SenderTokenFacts) {
  const keys = senderKeys(keysAt);
  return async (
    { headers }: Pick<InboundRequest, "headers">,
    about: { readonly audience: string; readonly now: Date },
    ctx: Pick<AuthContext, "http" | "clock">,
  ): PlatformResult<SenderVerdict> => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(headers.authorization ?? "")?.[1];
    if (token === undefined) return ok({ refused: "missing" });
    const current = await keys.current(ctx);
    if (!current.ok) return current;
    const verdict = await judged(token, current.value.keys, about);
    if (verdict !== "no such key") return ok(verdict);
    // The platform may have made a key since they were read.
    const anew = current.value.isKept ? await keys.anew(ctx) : undefined;
    if (anew && !anew.ok) return anew;
    const again = anew ? await judged(token, anew.value, about) : verdict;
    return ok(again === "no such key" ? { refused: "forged" } : again);
  };

  async function judged(
    token: string,
    jwks: JSONWebKeySet,
    { audience, now }: { readonly audience: string; readonly now: Date },
  ): Promise<SenderVerdict | "no such key"> {
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
        algorithms: [algorithm],
        issuer: [...issuers],
        audience,
        currentDate: now,
        clockTolerance: 60,
        requiredClaims: ["exp"],
      });
      return { claims: payload as JsonObject };
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return "no such key";
      // The library throws for whatever a token may lack; a stranger's token is nothing unexpected here.
      return { refused: error instanceof errors.JWTExpired ? "stale" : "forged" };
    }
  }
}
