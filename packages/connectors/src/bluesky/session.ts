import {
  type AuthContext,
  type Credentials,
  type PlatformResult,
  type Secret,
  type SignInContext,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { at, Did, pdsOf, xrpc } from "./xrpc.ts";

/** @source fact sheet "Session login" (2026-11-20): 120 minutes and 90 days */
const ACCESS_MS = 120 * 60_000;
const REFRESH_MS = 90 * 24 * 3_600_000;

const Token = z.string().regex(/^[\x21-\x7e]{1,8000}$/);
export const Session = z.object({
  accessJwt: Token,
  refreshJwt: Token,
  did: Did,
  handle: z.string(),
  active: z.boolean().optional(),
});
const SessionInfo = z.object({
  did: Did,
  handle: z.string(),
  active: z.boolean().optional(),
  status: z.string().optional(),
});

export const credentialsFrom = (session: z.output<typeof Session>, now: Date): Credentials => ({
  accessToken: secret(session.accessJwt),
  refreshToken: secret(session.refreshJwt),
  expiresAt: new Date(now.getTime() + ACCESS_MS),
  refreshExpiresAt: new Date(now.getTime() + REFRESH_MS),
});

/**
 * Who a session belongs to, asked at its server. One that knows the token and not the account has taken it down.
 * @source fact sheet "Account states" (2026-11-26)
 */
export async function getSession(ctx: AuthContext, server: string, accessToken: Secret) {
  const call = { method: "GET", path: "com.atproto.server.getSession", bearer: accessToken, effect: "none" } as const;
  const session = await xrpc.read(ctx, { ...call, ...at(server) }, SessionInfo);
  if (session.ok || session.error.platformCode !== "InvalidRequest") return session;
  return fail({
    kind: "account_blocked" as const,
    platformCode: "InvalidRequest",
    message: "The account's server does not give this account out any more: it was taken down or deleted.",
  });
}

/**
 * A new pair for the old refresh token, which rotates. An answer that is lost costs nothing: the old token goes on for
 * a while. Whatever the server says against the token itself, a person must sign in again.
 * @source fact sheet "Session login" (2026-11-20)
 */
export async function refresh(ctx: SignInContext): PlatformResult<Credentials> {
  const { refreshToken } = ctx.credentials;
  if (!refreshToken) return signInAgain({});
  const call = { method: "POST", path: "com.atproto.server.refreshSession", bearer: refreshToken } as const;
  const renewed = await xrpc.read(ctx, { ...call, ...at(pdsOf(ctx.signIn)), effect: "none" }, Session);
  if (renewed.ok && renewed.value.did !== ctx.signIn.subject)
    return fail({ kind: "unexpected_response", status: 200, message: "The server answered for another account." });
  if (renewed.ok) return ok(credentialsFrom(renewed.value, ctx.clock.now()));
  // A bare 401 or a page may come from anything on the way; only the server itself ends a sign-in.
  const { kind, status, platformCode } = renewed.error;
  if (kind === "auth_expired" && platformCode) return signInAgain(renewed.error);
  if (kind !== "auth_expired" && kind !== "unexpected_response") return renewed;
  const message = "The account's server does not answer as it should.";
  return fail({ kind: "unavailable", message, ...(status !== undefined && { status }) });
}

const signInAgain = ({ platformCode }: { readonly platformCode?: string }) =>
  fail({
    kind: "auth_revoked" as const,
    message: "The sign-in has ended. Connect again with an app password.",
    ...(platformCode && { platformCode }),
  });

/** Ends the session at the server; one that is gone already is fine. The app password itself is the owner's to remove. */
export async function revoke(ctx: SignInContext): PlatformResult<void> {
  const { refreshToken } = ctx.credentials;
  if (!refreshToken) return ok(undefined);
  const call = { method: "POST", path: "com.atproto.server.deleteSession", bearer: refreshToken } as const;
  const ended = await xrpc.send(ctx, { ...call, ...at(pdsOf(ctx.signIn)) });
  if (ended.ok && ended.value.status === 200 && (ended.value.text.trim() === "" || ended.value.json !== undefined))
    return ok(undefined);
  if (ended.ok)
    return fail({
      kind: "unexpected_response",
      status: ended.value.status,
      message: "Its server did not say that the session has ended.",
    });
  const isGone = ["ExpiredToken", "InvalidToken", "AuthenticationRequired"].includes(ended.error.platformCode ?? "");
  return isGone ? ok(undefined) : ended;
}
