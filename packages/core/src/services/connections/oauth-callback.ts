import { type Platform, sha256Hex, storableRemark } from "@postd/connector-kit";
import { asId, fail, ok, type ServiceError } from "@postd/contracts";
import type { PendingAuthorization } from "../../ports/connections-repo.ts";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import { answered } from "../answered.ts";
import { ownApp } from "../apps/open-app.ts";
import { authContext } from "../connector-context.ts";
import { unknownPlatform } from "../unknown-platform.ts";
import { isWithdrawing } from "./connect.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { serviceErrorOf } from "./explain.ts";
import { saveGrant } from "./grant.ts";
import { keptName, stateOwner, unpackKept } from "./kept.ts";
import { listAccounts } from "./list-accounts.ts";
import { byKey } from "./oauth.ts";
import { isOwnersCookie, onceForOwner, ownerHashOf } from "./owner-session.ts";
import { reconnectFromGrant } from "./reconnect.ts";
import { authFor, clientIdOf } from "./sign-in.ts";

/**
 * Takes the browser back. The state is deleted before anything else, so it works once whatever follows; it must come
 * from the session and tenant that started, in time, and for this provider. Everything the provider sent along reaches
 * the sign-in, save a refusal as RFC 6749 writes it.
 */
export async function finishOAuth(
  deps: ConnectionsDeps,
  visitor: Caller | undefined,
  input: Parameters<ConnectionsService["finishOAuth"]>[1],
): ReturnType<ConnectionsService["finishOAuth"]> {
  const stateHash = sha256Hex(input.state);
  const pending = await deps.grants.takePending(stateHash);
  if (!pending) return fail(linkIsOld);
  const { tenantId } = pending;
  const ownerId = stateOwner(stateHash);
  const sealed = await deps.vault.open({ tenantId, ownerId, name: keptName });
  await deps.vault.remove({ tenantId, ownerId });
  const caller = starterOf(pending, visitor, input.ownerCookie);
  const refusal = caller ? refusalOf(deps, caller, pending, input) : otherSession;
  if (!caller || refusal) return fail(refusal ?? otherSession);
  if (!(await mayConnect(deps, pending))) return fail(rightEnded);
  const platform = deps.registry.get(pending.platform);
  const provider = deps.registry.providerOf(pending.platform);
  const signIn = authFor(deps.registry, pending);
  if (!platform || !provider || signIn?.kind !== "oauth2")
    return fail(unknownPlatform(deps.registry, pending.platform));
  const { state: _state, ...told } = input.callback;
  if (told.error !== undefined || Object.keys(told).length === 0) return fail(consentRefused(platform, told));

  const simulated = deps.simulation.isSimulated(platform.id);
  const { appId } = pending;
  const app = await ownApp(deps.context, { tenantId, appId });
  if (app === "gone") return fail(appIsGone);
  const ctx = authContext(deps.context, {
    provider,
    authKind: signIn.id,
    simulated,
    ...(app && { app }),
    effect: "invisible",
    repeatable: false,
  });
  const { redirectUri } = pending;
  const askedAt = deps.clock.now();
  const back = { callback: input.callback, redirectUri, state: input.state, ...unpackKept(sealed) };
  const granted = await answered(ctx, { call: "finish", platform: platform.id }, () => signIn.finish(back, ctx));
  if (!granted.ok) return fail(exchangeError(serviceErrorOf(granted.error, platform)));
  const found = await listAccounts(ctx, signIn, granted.value, platform.id);
  if (!found.ok) return fail(serviceErrorOf(found.error, platform));
  // The platform may have taken its time; the right could have ended meanwhile.
  if (!(await mayConnect(deps, pending))) return fail(rightEnded);
  const grant = await saveGrant(deps, caller, {
    provider: provider.id,
    platform: platform.id,
    authKind: signIn.id,
    granted: granted.value,
    found: found.value,
    simulated,
    appId,
    clientId: clientIdOf(signIn, ctx.app),
    askedAt,
    connectionId: pending.connectionId,
  });
  if (grant === "withdrawing") return fail(isWithdrawing(platform.name));
  if (pending.connectionId) {
    const { connectionId } = pending;
    const again = await onceForOwner(deps, ownerHashOf(pending.sessionHash), () =>
      reconnectFromGrant(deps, caller, grant, connectionId),
    );
    // What another account's sign-in opened is kept by nobody.
    if (!again.ok) await deps.grants.removeGrant(tenantId, grant.id);
    if (!again.ok) return again;
  }
  return ok({ grantId: grant.id, ...(pending.returnTo === undefined ? {} : { returnTo: pending.returnTo }) });
}

/**
 * Who finishes: the session that started. What an API key started is finished in a customer's browser, which has no
 * session here; the unguessable single-use state is the tie then, and it acts as the key. What the owner of an account
 * started by a link is tied to the cookie the link was exchanged for, and acts with the right of whoever made the link.
 */
function starterOf(
  pending: PendingAuthorization,
  visitor: Caller | undefined,
  ownerCookie: string | undefined,
): Caller | undefined {
  if (ownerHashOf(pending.sessionHash) !== undefined) {
    if (!isOwnersCookie(pending.sessionHash, ownerCookie)) return undefined;
  } else if (!byKey(pending.userId)) return visitor;
  return {
    tenantId: pending.tenantId,
    actorId: byKey(pending.userId) ? asId("apiKey", pending.userId) : asId("user", pending.userId),
    role: "admin",
    sessionHash: pending.sessionHash,
  };
}

/** Judged now, not when it was started: a revoked key or a demoted person makes no grant. */
async function mayConnect({ rights }: ConnectionsDeps, { tenantId, userId }: PendingAuthorization): Promise<boolean> {
  return (await rights.scopesOf(tenantId, userId)).includes("connections:write");
}

function refusalOf(
  deps: ConnectionsDeps,
  caller: Caller,
  pending: PendingAuthorization,
  input: { readonly provider: string },
): ServiceError | undefined {
  if (pending.tenantId !== caller.tenantId || pending.sessionHash !== caller.sessionHash) return otherSession;
  if (pending.expiresAt <= deps.clock.now()) return linkIsOld;
  if (!cameBackRight(deps, pending, input.provider)) return wrongPlatform;
  return undefined;
}

/** An address that names a platform takes that platform's answers only, one that names a provider all of its own. */
function cameBackRight({ registry }: ConnectionsDeps, { platform, redirectUri }: PendingAuthorization, at: string) {
  const sentTo = new URL(redirectUri).pathname.split("/").at(-2);
  return sentTo === at || (registry.get(at) === undefined && registry.providerOf(platform)?.id === at);
}

function consentRefused(
  platform: Platform,
  { error_description: description }: Readonly<Record<string, string>>,
): ServiceError {
  const said = description && storableRemark(description, 300);
  return {
    code: "account_needs_attention",
    detail: `${platform.name} did not give access${said ? `: ${said}` : ", because the request was declined"}. Nothing was connected.`,
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
const appIsGone: ServiceError = {
  code: "not_found",
  detail: "The workspace's own app that this sign-in was started with was removed. Nothing was connected.",
  next: "Start the connection again.",
};
const wrongPlatform: ServiceError = {
  code: "invalid_input",
  detail: "This sign-in was started for another platform. Nothing was connected.",
  next: "Start the connection again.",
};
