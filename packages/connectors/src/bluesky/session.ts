import {
  type AuthContext,
  type ConnectorContext,
  type Credentials,
  type FoundAccount,
  type Granted,
  type KeysAuth,
  type PlatformResult,
  parseJson,
  type Secret,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { readProfile } from "./profile.ts";
import { pdsOf, xrpc, xrpcJson } from "./xrpc.ts";

export const DEFAULT_SERVICE = "https://bsky.social";

/** @source fact sheet "Session login" (2026-11-20): 120 minutes and 90 days */
const ACCESS_MS = 120 * 60_000;
const REFRESH_MS = 90 * 24 * 3_600_000;

const DidDoc = z.object({
  service: z.array(z.object({ id: z.string(), serviceEndpoint: z.unknown().optional() })),
});
const Session = z.object({
  accessJwt: z.string().min(1),
  refreshJwt: z.string().min(1),
  did: z.string().startsWith("did:"),
  handle: z.string(),
  active: z.boolean().optional(),
  didDoc: z.unknown().optional(),
});
export const SessionInfo = z.object({
  did: z.string().startsWith("did:"),
  handle: z.string(),
  active: z.boolean().optional(),
  status: z.string().optional(),
});

const credentialsFrom = (session: z.output<typeof Session>, now: Date, pds: string): Credentials => ({
  accessToken: secret(session.accessJwt),
  refreshToken: secret(session.refreshJwt),
  expiresAt: new Date(now.getTime() + ACCESS_MS),
  refreshExpiresAt: new Date(now.getTime() + REFRESH_MS),
  extra: { pds: secret(pds) },
});

/** The account's own server as its DID document names it; undefined where that is no https address. */
export function pdsFromDidDoc(didDoc: unknown): string | undefined {
  const parsed = DidDoc.safeParse(didDoc);
  const entry = parsed.success ? parsed.data.service.find(({ id }) => id.endsWith("#atproto_pds")) : undefined;
  const address = entry?.serviceEndpoint;
  if (typeof address !== "string" || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return url.protocol === "https:" && !url.username ? url.origin : undefined;
}

/** The server a person typed, as an origin: `https://` may be left out. Undefined: it is not an address. */
export function serviceOrigin(typed: string | undefined): string | undefined {
  const text = typed?.trim() || DEFAULT_SERVICE;
  const address = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  return (url.protocol === "https:" || url.protocol === "http:") && !url.username ? url.origin : undefined;
}

const rejected = (field: string, reason: string, message: string) =>
  fail({ kind: "content_rejected" as const, field, reason, message });

/** Who a session belongs to, asked at its server. */
export const getSession = (ctx: AuthContext, server: string, accessToken: Secret) =>
  xrpcJson(
    ctx,
    { server, xrpc: "com.atproto.server.getSession", method: "GET", bearer: accessToken, effect: "none" },
    SessionInfo,
  );

async function connect(input: Readonly<Record<string, Secret>>, ctx: AuthContext): PlatformResult<Granted> {
  const service = serviceOrigin(input.service?.reveal());
  if (!service)
    return rejected("service", "invalid", "The server is not a web address. Leave it at https://bsky.social.");
  const identifier = input.identifier?.reveal().trim().replace(/^@/, "") ?? "";
  if (identifier === "") return rejected("identifier", "required", "Give your handle, such as ida.bsky.social.");
  if (!input.appPassword)
    return rejected("appPassword", "required", "Give an app password from the account's settings.");
  const answer = await xrpc(ctx, {
    server: service,
    xrpc: "com.atproto.server.createSession",
    method: "POST",
    json: { identifier, password: input.appPassword },
    effect: "none",
  });
  if (!answer.ok) return fail(signInFailure(answer.error));
  const session = parseJson(answer.value, Session);
  if (!session.ok) return session;
  const { did, handle, accessJwt, didDoc } = session.value;
  const pds = await reachableServer(ctx, [pdsFromDidDoc(didDoc), service], secret(accessJwt));
  return ok({
    subject: { externalId: did, name: handle },
    credentials: credentialsFrom(session.value, ctx.clock.now(), pds ?? service),
    scopes: [],
  });
}

/** The first server that answers for this session; a DID document may name one we are not allowed or able to reach. */
async function reachableServer(
  ctx: AuthContext,
  servers: readonly (string | undefined)[],
  accessToken: Secret,
): Promise<string | undefined> {
  for (const server of new Set(servers)) if (server && (await getSession(ctx, server, accessToken)).ok) return server;
  return undefined;
}

type Failure = Extract<Awaited<PlatformResult<unknown>>, { ok: false }>["error"];

function signInFailure(error: Failure): Failure {
  const { status, platformCode } = error;
  const said = { ...(status !== undefined && { status }), ...(platformCode && { platformCode }) };
  const wrong = (field: string, message: string): Failure => ({
    ...said,
    kind: "content_rejected",
    field,
    reason: platformCode ?? "refused",
    message,
  });
  if (platformCode === "AuthFactorTokenRequired")
    return wrong(
      "appPassword",
      "This is the account's main password. Make an app password in the account's settings and use that.",
    );
  if (platformCode === "AuthenticationRequired" || error.kind === "auth_expired")
    return wrong(
      "appPassword",
      "The server did not take this handle with this app password. Check both, or make a new app password.",
    );
  if (error.kind === "unavailable" && error.cause?.startsWith("refused:")) return wrong("service", error.message);
  return error;
}

/** The one account of a session. A profile nobody can read now (a server without AppView) does not stand in the way. */
async function accounts(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const pds = granted.credentials.extra?.pds?.reveal() ?? DEFAULT_SERVICE;
  const session = await getSession(ctx, pds, granted.credentials.accessToken);
  if (!session.ok) return session;
  const { did, handle, active, status } = session.value;
  const profile = await readProfile(ctx, did);
  const { displayName, avatar } = profile.ok ? profile.value : {};
  return ok([
    {
      platform: "bluesky",
      externalId: did,
      kind: "profile",
      name: displayName?.trim() || handle,
      handle,
      ...(avatar && { pictureUrl: avatar }),
      profileUrl: `https://bsky.app/profile/${did}`,
      extras: { pds, did, handle },
      credentials: granted.credentials,
      missingScopes: [],
      ...(active === false && { blocked: `This account is ${status ?? "not active"}. Make it active again first.` }),
    },
  ]);
}

/**
 * A new pair for the old refresh token, which rotates. An answer that is lost costs nothing: the old token goes on for
 * a while. Whatever the server says against the token itself, a person must sign in again.
 * @source fact sheet "Session login" (2026-11-20)
 */
async function refresh(ctx: ConnectorContext): PlatformResult<Credentials> {
  const { refreshToken } = ctx.credentials;
  if (!refreshToken) return signInAgain({});
  const pds = pdsOf(ctx.account);
  const renewed = await xrpcJson(
    ctx,
    { server: pds, xrpc: "com.atproto.server.refreshSession", method: "POST", bearer: refreshToken, effect: "none" },
    Session,
  );
  if (renewed.ok && renewed.value.did !== ctx.account.externalId)
    return fail({ kind: "unexpected_response", status: 200, message: "The server answered for another account." });
  if (renewed.ok) return ok(credentialsFrom(renewed.value, ctx.clock.now(), pds));
  return renewed.error.kind === "auth_expired" ? signInAgain(renewed.error) : renewed;
}

const signInAgain = ({ platformCode }: { readonly platformCode?: string }) =>
  fail({
    kind: "auth_revoked" as const,
    message: "The sign-in has ended. Connect again with an app password.",
    ...(platformCode && { platformCode }),
  });

/** Ends the session at the server; one that is gone already is fine. The app password itself is the owner's to remove. */
async function revoke(ctx: ConnectorContext): PlatformResult<void> {
  const { refreshToken } = ctx.credentials;
  if (!refreshToken) return ok(undefined);
  const ended = await xrpc(ctx, {
    server: pdsOf(ctx.account),
    xrpc: "com.atproto.server.deleteSession",
    method: "POST",
    bearer: refreshToken,
  });
  if (ended.ok || ended.error.kind === "auth_expired" || ended.error.kind === "auth_revoked") return ok(undefined);
  return ended;
}

export const appPassword: KeysAuth = {
  kind: "keys",
  id: "app_password",
  label: "App password",
  scopes: { required: [], optional: [] },
  fields: [
    {
      name: "service",
      label: "Server",
      secret: false,
      required: false,
      defaultValue: DEFAULT_SERVICE,
      help: "Leave as it is, unless your account lives on a server of its own.",
    },
    { name: "identifier", label: "Handle", secret: false, required: true, help: "Such as ida.bsky.social." },
    {
      name: "appPassword",
      label: "App password",
      secret: true,
      required: true,
      help: "Make one in Bluesky under Settings, Privacy and security, App passwords. Not your main password.",
    },
  ],
  connect,
  accounts,
  refresh,
  refreshBeforeMs: 10 * 60_000,
  revoke,
};
