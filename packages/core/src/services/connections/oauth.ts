import { base64UrlEncode, type Connector, type OAuth2Auth, secret, sha256, sha256Hex } from "@postd/connector-kit";
import { asId, fail, idPrefixes, ok, type ServiceError } from "@postd/contracts";
import type { PendingAuthorization } from "../../ports/connections-repo.ts";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import { authContext, authOf } from "../connector-context.ts";
import { stateOwner, verifierName } from "./credentials.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { serviceErrorOf } from "./explain.ts";
import { saveGrant } from "./grant.ts";
import { reconnectFromGrant } from "./reconnect.ts";
import { authFor } from "./sign-in.ts";

const stateLifeMs = 10 * 60_000;

/**
 * Begins an authorisation: a random state, kept as its hash with the session and tenant that asked, and a PKCE verifier
 * in the vault. Answers where the browser goes; that is the simulator's page for a simulated platform.
 */
export async function startOAuth(
  deps: ConnectionsDeps,
  caller: Caller,
  input: Parameters<ConnectionsService["startOAuth"]>[1],
): ReturnType<ConnectionsService["startOAuth"]> {
  if (input.returnTo?.startsWith("http") && !byKey(caller.actorId))
    return fail({
      code: "invalid_input",
      field: "returnTo",
      detail: "A signed-in person goes back to a page of this server.",
      next: "Give a path that starts with one slash; only API keys may name another address.",
    });
  const target = await targetOf(deps, caller, input);
  if (!target.ok) return target;
  const { connector, auth, again } = target.value;
  const simulated = deps.simulation.isSimulated(connector.id);
  const app = deps.context.settings.appCredentials({ connector, setId: auth.appCredentials, simulated });
  if (!app) return fail(notConfigured(connector, auth));

  const state = deps.randomToken();
  const stateHash = sha256Hex(state);
  const verifier = auth.pkce === "S256" ? deps.randomToken() : undefined;
  const redirectUri = deps.redirectUri(connector.id);
  const expiresAt = new Date(deps.clock.now().getTime() + stateLifeMs);
  const place = { tenantId: caller.tenantId, ownerId: stateOwner(stateHash), name: verifierName };
  await deps.grants.addPending(
    {
      stateHash,
      tenantId: caller.tenantId,
      userId: caller.actorId,
      sessionHash: caller.sessionHash,
      platform: connector.id,
      authKind: auth.id,
      redirectUri,
      connectionId: input.connectionId,
      returnTo: input.returnTo,
      expiresAt,
    },
    verifier === undefined ? undefined : await deps.vault.seal(place, secret(verifier)),
  );
  const url = auth.authorizationUrl({
    app,
    apiVersion: deps.context.settings.apiVersion(connector),
    redirectUri,
    state,
    scopes: [...auth.scopes.required, ...auth.scopes.optional],
    ...(verifier === undefined ? {} : { codeChallenge: base64UrlEncode(sha256(verifier)) }),
    ...(again ? { again } : {}),
  });
  return ok({ authUrl: deps.context.egress.mapBrowserUrl(url).href, state, expiresAt: expiresAt.toISOString() });
}

/**
 * Takes the browser back. The state is deleted before anything else, so it works once whatever follows; it must come
 * from the session and tenant that started, in time, and for this platform.
 */
export async function finishOAuth(
  deps: ConnectionsDeps,
  visitor: Caller | undefined,
  input: Parameters<ConnectionsService["finishOAuth"]>[1],
): ReturnType<ConnectionsService["finishOAuth"]> {
  const stateHash = sha256Hex(input.state);
  const pending = await deps.grants.takePending(stateHash);
  if (!pending) return fail(linkIsOld);
  const place = { tenantId: pending.tenantId, ownerId: stateOwner(stateHash), name: verifierName };
  const verifier = await deps.vault.open(place);
  await deps.vault.remove({ tenantId: pending.tenantId, ownerId: place.ownerId });
  const caller = starterOf(pending, visitor);
  const refusal = caller ? refusalOf(deps, caller, pending, input) : otherSession;
  if (!caller || refusal) return fail(refusal ?? otherSession);
  if (!(await mayConnect(deps, pending))) return fail(rightEnded);
  const connector = deps.registry.get(pending.platform);
  const auth = authFor(deps.registry, pending);
  if (!connector || auth?.kind !== "oauth2") return fail(unknownPlatform(pending.platform));
  if (input.error !== undefined || input.code === undefined) return fail(consentRefused(connector, input));

  const simulated = deps.simulation.isSimulated(connector.id);
  const ctx = authContext(deps.context, {
    connector,
    authKind: auth.id,
    simulated,
    effect: "invisible",
    repeatable: false,
  });
  const granted = await auth.exchange(
    {
      code: secret(input.code),
      redirectUri: pending.redirectUri,
      ...(verifier === undefined ? {} : { codeVerifier: verifier }),
    },
    ctx,
  );
  if (!granted.ok) return fail(exchangeError(serviceErrorOf(granted.error, connector)));
  const found = await auth.accounts(granted.value, ctx);
  if (!found.ok) return fail(serviceErrorOf(found.error, connector));
  // The platform may have taken its time; the right could have ended meanwhile.
  if (!(await mayConnect(deps, pending))) return fail(rightEnded);
  const grant = await saveGrant(deps, caller, {
    connector,
    authKind: auth.id,
    granted: granted.value,
    found: found.value,
    simulated,
    connectionId: pending.connectionId,
  });
  if (pending.connectionId) {
    const again = await reconnectFromGrant(deps, caller, grant, pending.connectionId);
    if (!again.ok) return again;
  }
  return ok({ grantId: grant.id, ...(pending.returnTo === undefined ? {} : { returnTo: pending.returnTo }) });
}

/**
 * Who finishes: the session that started. What an API key started is finished in a customer's browser, which has no
 * session here; the unguessable single-use state is the tie then, and it acts as the key.
 */
function starterOf(pending: PendingAuthorization, visitor: Caller | undefined): Caller | undefined {
  if (!byKey(pending.userId)) return visitor;
  return {
    tenantId: pending.tenantId,
    actorId: asId("apiKey", pending.userId),
    role: "admin",
    sessionHash: pending.sessionHash,
  };
}

/** Judged now, not when it was started: a revoked key or a demoted person makes no grant. */
async function mayConnect({ rights }: ConnectionsDeps, { tenantId, userId }: PendingAuthorization): Promise<boolean> {
  return (await rights.scopesOf(tenantId, userId)).includes("connections:write");
}

const byKey = (actorId: string): boolean => actorId.startsWith(`${idPrefixes.apiKey}_`);

type Target = { readonly connector: Connector; readonly auth: OAuth2Auth; readonly again: boolean };

async function targetOf(
  deps: ConnectionsDeps,
  caller: Caller,
  { platform, authKind, connectionId }: Parameters<ConnectionsService["startOAuth"]>[1],
) {
  const record =
    connectionId === undefined ? undefined : await deps.connections.forTenant(caller.tenantId).find(connectionId);
  if (connectionId !== undefined && !record) return fail(notFound);
  const connector = deps.registry.get(record?.platform ?? platform);
  if (!connector) return fail(unknownPlatform(platform));
  const auth = record ? authFor(deps.registry, record) : oauthOf(connector, authKind);
  if (auth?.kind !== "oauth2")
    return fail<ServiceError>({
      code: "invalid_input",
      field: "authKind",
      detail: `${connector.name} has no such sign-in with a redirect.`,
      next: `Use one of: ${connector.auth.map(({ id, kind }) => `${id} (${kind})`).join(", ")}.`,
    });
  return ok<Target>({ connector, auth, again: record !== undefined });
}

/** Without a wish the first login that redirects. */
const oauthOf = (connector: Connector, authKind: string | undefined) =>
  authKind === undefined ? connector.auth.find(({ kind }) => kind === "oauth2") : authOf(connector, authKind);

function refusalOf(
  deps: ConnectionsDeps,
  caller: Caller,
  pending: PendingAuthorization,
  input: { readonly platform: string },
): ServiceError | undefined {
  if (pending.tenantId !== caller.tenantId || pending.sessionHash !== caller.sessionHash) return otherSession;
  if (pending.expiresAt <= deps.clock.now()) return linkIsOld;
  if (pending.platform !== input.platform) return wrongPlatform;
  return undefined;
}

function consentRefused(connector: Connector, input: { readonly errorDescription?: string }): ServiceError {
  const said = input.errorDescription?.slice(0, 300);
  return {
    code: "account_needs_attention",
    detail: `${connector.name} did not give access${said ? `: ${said}` : ", because the request was declined"}. Nothing was connected.`,
    actor: "you",
    next: "Start again and allow the permissions that are asked for.",
  };
}

const exchangeError = (error: ServiceError): ServiceError => ({
  ...error,
  next: "Nothing was connected. Start the connection again.",
});

const linkIsOld: ServiceError = {
  code: "expired",
  detail: "This sign-in link was used already, or is older than 10 minutes. Nothing was connected.",
  next: "Start the connection again.",
};
const otherSession: ServiceError = {
  code: "forbidden",
  detail: "This sign-in was started in another session or workspace. Nothing was connected.",
  next: "Start the connection again in this browser.",
};
const rightEnded: ServiceError = {
  code: "forbidden",
  detail:
    "Whoever started this sign-in, a person or an API key, may no longer connect accounts here. Nothing was connected.",
  next: "Start the connection again as somebody who may.",
};
const wrongPlatform: ServiceError = {
  code: "invalid_input",
  detail: "This sign-in was started for another platform. Nothing was connected.",
  next: "Start the connection again.",
};
const notFound: ServiceError = { code: "not_found", detail: "There is no such connection." };

export const unknownPlatform = (platform: string): ServiceError => ({
  code: "not_found",
  field: "platform",
  detail: `There is no platform called ${platform}.`,
  next: "GET /api/platforms lists them.",
});

function notConfigured(connector: Connector, auth: OAuth2Auth): ServiceError {
  const set = connector.appCredentials.find(({ id }) => id === auth.appCredentials);
  const fields = set?.fields.filter(({ required }) => required).map(({ name }) => name) ?? [];
  return {
    code: "not_configured",
    detail: `This instance has no app registered at ${connector.name}, so nobody can sign in there.`,
    next: `The operator sets the app's ${fields.join(", ") || "credentials"} (environment names beginning with POSTD_${auth.appCredentials.toUpperCase()}_).`,
  };
}
