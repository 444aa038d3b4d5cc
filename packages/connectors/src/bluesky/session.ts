import {
  type AuthContext,
  type ConnectorContext,
  type Credentials,
  type FoundAccount,
  type Granted,
  type KeysSignIn,
  type PlatformResult,
  type Secret,
  secret,
  storableRemark,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { accountTrouble } from "./failures.ts";
import { accountNamed, DEFAULT_SERVICE, type Identity, resolveDid, serviceOrigin } from "./identity.ts";
import { readProfile } from "./profile.ts";
import { at, Did, xrpc } from "./xrpc.ts";

/** @source fact sheet "Session login" (2026-11-20): 120 minutes and 90 days */
const ACCESS_MS = 120 * 60_000;
const REFRESH_MS = 90 * 24 * 3_600_000;

const Token = z.string().regex(/^[\x21-\x7e]{1,8000}$/);
const Session = z.object({
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

const credentialsFrom = (session: z.output<typeof Session>, now: Date): Credentials => ({
  accessToken: secret(session.accessJwt),
  refreshToken: secret(session.refreshJwt),
  expiresAt: new Date(now.getTime() + ACCESS_MS),
  refreshExpiresAt: new Date(now.getTime() + REFRESH_MS),
});

const rejected = (field: string, reason: string, message: string) =>
  fail({ kind: "content_rejected" as const, field, reason, message });

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

async function connect(input: Readonly<Record<string, Secret>>, ctx: AuthContext): PlatformResult<Granted> {
  const service = serviceOrigin(input.service?.reveal());
  if (!service)
    return rejected("service", "invalid", "The server is not a web address. Leave it at https://bsky.social.");
  const typed = input.identifier?.reveal() ?? "";
  const identifier = accountNamed(typed, service);
  if (typed.trim() === "") return rejected("identifier", "required", "Give your handle, such as ida.bsky.social.");
  if (!identifier)
    return rejected("identifier", "invalid", "This is not a Bluesky handle. Write it like ida.bsky.social.");
  if (!input.appPassword)
    return rejected("appPassword", "required", "Give an app password from the account's settings.");
  const json = { identifier, password: input.appPassword };
  const call = { method: "POST", path: "com.atproto.server.createSession", json, effect: "none" } as const;
  const session = await xrpc.read(ctx, { ...call, ...at(service) }, Session);
  if (!session.ok) return fail(signInFailure(session.error));
  const { did, accessJwt } = session.value;
  const home = await homeOf({ did, service, accessToken: secret(accessJwt) }, ctx);
  if (!home.ok) return home;
  const { pds, handles } = home.value;
  const said = session.value.handle.toLowerCase();
  const handle = handles.length === 0 || handles.includes(said) ? said : (handles[0] ?? said);
  return ok({
    subject: { externalId: did, name: storableRemark(handle, 253) },
    credentials: credentialsFrom(session.value, ctx.clock.now()),
    scopes: [],
    extras: { pds, handle: storableRemark(handle, 253) },
  });
}

/** Accounts of Bluesky's own hosting; their login host speaks for them all. */
const isBlueskys = (server: string): boolean => /\.host\.bsky\.network$/.test(new URL(server).hostname);

/**
 * The server that holds the account, which must be the one that answered, or must take its session as this account's:
 * a server may claim any account. Bluesky's own login host is taken at its word where nobody else can be asked.
 */
async function homeOf(
  { did, service, accessToken }: { readonly did: string; readonly service: string; readonly accessToken: Secret },
  ctx: AuthContext,
): PlatformResult<Identity> {
  const identity = await resolveDid(did, service, ctx);
  const isDefault = service === DEFAULT_SERVICE;
  if (!identity.ok)
    return isDefault && identity.error.kind === "unavailable" ? ok({ pds: service, handles: [] }) : identity;
  const { pds, handles } = identity.value;
  if (pds === service) return identity;
  const session = await getSession(ctx, pds, accessToken);
  if (session.ok && session.value.did === did) return identity;
  if (!session.ok && session.error.kind === "unavailable" && isDefault && isBlueskys(pds))
    return ok({ pds: service, handles });
  if (!session.ok && ["unavailable", "account_blocked", "rate_limited"].includes(session.error.kind)) return session;
  return rejected(
    "service",
    "not_its_server",
    `${new URL(service).host} is not the server of this account: it lives at ${new URL(pds).host}. Give that as the server.`,
  );
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
  if (platformCode === "AuthenticationRequired")
    return wrong(
      "appPassword",
      "The server did not take this handle with this app password. Check both, or make a new app password.",
    );
  if (platformCode === "InvalidRequest")
    return wrong("identifier", "The server does not take this handle. Check how it is written.");
  if (error.kind === "unavailable" && error.cause?.startsWith("refused:")) return wrong("service", error.message);
  if (!["auth_expired", "unexpected_response", "operator_must_act"].includes(error.kind)) return error;
  return wrong(
    "service",
    `This server does not answer as a Bluesky server does (${platformCode ?? status}). Check its address.`,
  );
}

/** The one account of a session. A profile nobody can read now (a server without AppView) does not stand in the way. */
async function accounts(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const { pds = DEFAULT_SERVICE, handle = granted.subject.name } = granted.extras ?? {};
  if (typeof pds !== "string" || typeof handle !== "string") throw new Error("a Bluesky grant lost its server");
  const session = await getSession(ctx, pds, granted.credentials.accessToken);
  if (!session.ok) return session;
  const { did } = session.value;
  const blocked = accountTrouble(session.value);
  const profile = await readProfile(ctx, did);
  const { displayName, avatar } = profile.ok ? profile.value : {};
  return ok([
    {
      platform: "bluesky",
      externalId: did,
      kind: "profile",
      name: displayName || handle,
      handle,
      ...(avatar && { pictureUrl: avatar }),
      profileUrl: `https://bsky.app/profile/${did}`,
      extras: { pds, did, handle },
      credentials: granted.credentials,
      missingScopes: [],
      ...(blocked && { blocked }),
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
  const call = { method: "POST", path: "com.atproto.server.refreshSession", bearer: refreshToken } as const;
  const renewed = await xrpc.read(ctx, { ...call, effect: "none" }, Session);
  if (renewed.ok && renewed.value.did !== ctx.account.externalId)
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
async function revoke(ctx: ConnectorContext): PlatformResult<void> {
  const { refreshToken } = ctx.credentials;
  if (!refreshToken) return ok(undefined);
  const call = { method: "POST", path: "com.atproto.server.deleteSession", bearer: refreshToken } as const;
  const ended = await xrpc.send(ctx, call);
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

export const appPassword: KeysSignIn = {
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
