import {
  type AuthContext,
  type Granted,
  type PlatformFailure,
  type PlatformResult,
  type Secret,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { accountNamed, DEFAULT_SERVICE, type Identity, resolveDid, serviceOrigin } from "./identity.ts";
import { credentialsFrom, getSession, Session } from "./session.ts";
import { at, xrpc } from "./xrpc.ts";

const rejected = (field: string, reason: string, message: string) =>
  fail({ kind: "content_rejected" as const, field, reason, message });

/** Signs in with what was typed; each wrong value is told at its own field. */
export async function connect(input: Readonly<Record<string, Secret>>, ctx: AuthContext): PlatformResult<Granted> {
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
    subject: { externalId: did, name: handle },
    credentials: credentialsFrom(session.value, ctx.clock.now()),
    scopes: [],
    extras: { pds, handle },
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

function signInFailure(error: PlatformFailure): PlatformFailure {
  const { status, platformCode } = error;
  const said = { ...(status !== undefined && { status }), ...(platformCode && { platformCode }) };
  const wrong = (field: string, message: string): PlatformFailure => ({
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
