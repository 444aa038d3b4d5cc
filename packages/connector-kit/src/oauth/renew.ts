import { fail, ok } from "@postd/contracts";
import {
  processRefreshTokenResponse,
  processRevocationResponse,
  refreshTokenGrantRequest,
  revocationRequest,
} from "oauth4webapi";
import type { Credentials, PlatformResult, SignInContext } from "../context.ts";
import type { OAuth2Facts } from "./facts.ts";
import { exchange } from "./library.ts";
import { standardBody, tokenAnswer } from "./token-answer.ts";
import { credentialsOf, DPOP_KEY, sorted, typedBefore, whereOf } from "./where.ts";

/** New credentials for the old refresh token; the rotated one is in them. */
export async function refresh(facts: OAuth2Facts, ctx: SignInContext): PlatformResult<Credentials> {
  const { refreshToken, extra = {}, scopes = [], refreshExpiresAt } = ctx.credentials;
  if (!refreshToken)
    return fail({ kind: "auth_revoked", message: `${facts.label}'s sign-in cannot be renewed. Sign in again.` });
  const where = whereOf(facts, typedBefore(extra), ctx);
  if (!where.ok) return where;
  const { server, client, auth } = where.value.party;
  const { more, without } = sorted(facts.refreshParams);
  const how = {
    without,
    dpopKey: extra[DPOP_KEY],
    standard: (body: unknown) => standardBody(body, { ...facts, subject: { userinfo: "" } }),
    // What may be sent again has no effect that a lost answer could hide.
    ...(facts.refresh === "repeatable" && { effect: "none" as const }),
  };
  const answered = await exchange(facts, where.value.party, ctx, how, async (options) => {
    const asked = { ...options, additionalParameters: more };
    const response = await refreshTokenGrantRequest(server, client, auth, refreshToken.reveal(), asked);
    return processRefreshTokenResponse(server, client, response);
  });
  if (!answered.ok) return answered;
  const token = tokenAnswer(answered.value, facts, { now: ctx.clock.now(), asked: scopes });
  const isSame = !token.refreshToken || token.refreshToken.reveal() === refreshToken.reveal();
  return ok({
    ...credentialsOf(token, extra),
    refreshToken: token.refreshToken ?? refreshToken,
    // A token that stays keeps its end, unless the answer tells it anew.
    ...(isSame && !token.refreshExpiresAt && refreshExpiresAt && { refreshExpiresAt }),
  });
}

/** Withdraws the sign-in at the provider; one that is gone already is fine. */
export async function revoke(facts: OAuth2Facts, ctx: SignInContext): PlatformResult<void> {
  const { credentials } = ctx;
  const where = whereOf(facts, typedBefore(credentials.extra), ctx);
  if (!where.ok) return where;
  const { server, client, auth } = where.value.party;
  const { send, bare } = facts.revoke ?? {};
  const token = (send === "access" ? undefined : credentials.refreshToken) ?? credentials.accessToken;
  const done = await exchange(facts, where.value.party, ctx, {}, async (options) =>
    processRevocationResponse(
      await revocationRequest(server, client, bare ? () => undefined : auth, token.reveal(), options),
    ),
  );
  if (done.ok) return ok(undefined);
  // A token the provider no longer knows has been withdrawn already.
  const isGone = ["invalid_token", "invalid_grant"].includes(done.error.platformCode ?? "");
  return isGone ? ok(undefined) : done;
}
