import type { JsonObject } from "@postd/contracts";
import { fail, ok } from "@postd/contracts";
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";
import type { AuthContext, PlatformResult } from "../context.ts";
import { parseJson, serverFailure } from "../server-failure.ts";
import type { InboundRequest } from "../webhooks.ts";

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

const Keys = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) });

/**
 * Checks the bearer token of a request: signed by a key the platform publishes now, from one of its issuers, for `audience`,
 * and in its time by `now`. A failure means that the keys could not be read, so nothing is known. The body is not signed
 * by it.
 */
export const senderToken =
  ({ keysAt, issuers, algorithm }: SenderTokenFacts) =>
  async (
    { headers }: Pick<InboundRequest, "headers">,
    { audience, now }: { readonly audience: string; readonly now: Date },
    ctx: Pick<AuthContext, "http" | "clock">,
  ): PlatformResult<SenderVerdict> => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(headers.authorization ?? "")?.[1];
    if (token === undefined) return ok({ refused: "missing" });
    const answer = await ctx.http.request({ method: "GET", url: keysAt, effect: "none" });
    if (!answer.ok) return answer;
    if (answer.value.status !== 200)
      return fail(serverFailure(answer.value, { clock: ctx.clock, message: "The sender's keys could not be read." }));
    const keys = parseJson(answer.value, Keys);
    if (!keys.ok) return keys;
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet(keys.value as JSONWebKeySet), {
        algorithms: [algorithm],
        issuer: [...issuers],
        audience,
        currentDate: now,
        clockTolerance: 60,
        requiredClaims: ["exp"],
      });
      return ok({ claims: payload as JsonObject });
    } catch (error) {
      // The library throws for whatever a token may lack; a stranger's token is nothing unexpected here.
      return ok({ refused: error instanceof errors.JWTExpired ? "stale" : "forged" });
    }
  };
