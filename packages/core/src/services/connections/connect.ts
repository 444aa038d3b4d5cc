import type { ConnectorContext, Credentials } from "@postd/connector-kit";
import { fail, type JsonObject, ok, type Result, type ServiceError, type TenantId } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { GrantAccount } from "../../ports/connections-repo.ts";
import type { Caller } from "../../ports/services.ts";
import type { ConnectingInput, SealedForConnecting } from "../../ports/sign-ins.ts";
import type { SealedSecret, Vault } from "../../ports/vault.ts";
import { ownApp } from "../apps/open-app.ts";
import { connectorContext } from "../connector-context.ts";
import { isMadeWith, subscribeAccount } from "../subscriptions/subscribe.ts";
import { openConnection, unsealed } from "./access.ts";
import { credentialsName, isSame, keepUnchanged, packCredentials } from "./credentials.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { missingScopesReason } from "./explain.ts";
import { authFor, canRenew } from "./sign-in.ts";

export interface ChosenAccount {
  readonly account: GrantAccount;
  /** What this account acts with. */
  readonly credentials: Credentials;
  readonly signIn: SignedIn;
}

/** A consent or a key, as connecting its accounts needs it. */
export interface SignedIn {
  readonly authKind: string;
  readonly appId: string;
  readonly clientId: string | undefined;
  readonly simulated: boolean;
  readonly subject: { readonly externalId: string; readonly name: string };
  readonly extras: JsonObject | undefined;
  readonly credentials: Credentials;
  readonly scopes: readonly string[];
  readonly grantedAt: Date;
}

/**
 * Makes a chosen account a connection, or renews the one there is under its id. What waited for this account goes on;
 * event subscriptions are asked for and never stand in the way.
 */
export async function connectAccount(
  deps: ConnectionsDeps,
  caller: Caller,
  { account, credentials, signIn }: ChosenAccount,
): Promise<Result<ConnectionRecord, ServiceError>> {
  const connector = deps.registry.get(account.platform);
  if (!connector)
    return fail({
      code: "not_found",
      detail: `${account.platform} is not a platform of this instance.`,
      field: "platform",
    });
  const extras = connector.extras.safeParse(account.extras);
  if (!extras.success) throw new Error(`the ${account.platform} connector gave extras its own schema refuses`);
  const tenantId = caller.tenantId;
  const { authKind, appId, clientId, simulated, subject, grantedAt } = signIn;
  const lacking = lackingScopes(deps, account, authKind);
  const former = await formerContext(deps, tenantId, { ...account, authKind, appId, clientId });
  const connected = await deps.connections.forTenant(tenantId).connect({
    actor: caller.actorId,
    seal: (places) => sealFor(deps.vault, tenantId, { credentials, signIn, places }),
    signIn: {
      id: deps.newId("signIn"),
      provider: connector.provider,
      authKind,
      appId,
      clientId,
      simulated,
      subject: subject.externalId,
      subjectName: subject.name,
      extras: signIn.extras,
      scopes: signIn.scopes,
      tokenExpiresAt: signIn.credentials.expiresAt,
      refreshExpiresAt: signIn.credentials.refreshExpiresAt,
      grantedAt,
    },
    connection: {
      id: deps.newId("connection"),
      platform: account.platform,
      authKind,
      externalId: account.externalId,
      accountKind: account.kind,
      name: account.name,
      handle: account.handle,
      pictureUrl: account.pictureUrl,
      profileUrl: account.profileUrl,
      extras: extras.data,
      scopes: credentials.scopes ?? signIn.scopes,
      missingScopes: account.missingScopes,
      status: lacking.length === 0 ? "healthy" : "attention",
      statusReason: lacking.length === 0 ? undefined : missingScopesReason(lacking, deps.clock.now()),
      tokenExpiresAt: credentials.expiresAt,
      refreshExpiresAt: credentials.refreshExpiresAt,
      renews: canRenew(deps.registry, { ...account, authKind, ownSecret: false }, signIn.credentials),
      simulated,
      appId,
      createdBy: caller.actorId,
    },
  });
  if (connected === "withdrawing") return fail(isWithdrawing(connector.name));
  if (connected === "app_gone")
    return fail({
      code: "not_found",
      detail: "The workspace's own app that this sign-in was made with was removed. Nothing was connected.",
      next: "Start the connection again.",
    });
  const { record, existed, healed } = connected;
  for (const connectionId of healed) await deps.holds.releaseConnection({ tenantId, connectionId });
  if (existed && record.status === "healthy") await deps.holds.releaseConnection({ tenantId, connectionId: record.id });
  await subscribe(deps, record, credentials, former);
  return ok(record);
}

/** Names no account and no tenant: whose access is being ended is nobody's to know here. */
export const isWithdrawing = (platform: string): ServiceError => ({
  code: "conflict",
  detail: `The same access was given up a moment ago, and ${platform} may have ended this one with it. Nothing was connected.`,
  next: "Start the connection again in a few minutes.",
});

/** Seals what is stored where; a refresh token at hand is not lost to a consent that brings none. */
async function sealFor(
  vault: Vault,
  tenantId: TenantId,
  {
    credentials,
    signIn,
    places: { connectionId, signInId, members, holder, before, isNewest, lent: lentOnes },
  }: Omit<ChosenAccount, "account"> & { readonly places: Parameters<ConnectingInput["seal"]>[0] },
): Promise<SealedForConnecting> {
  const isOwn = !isSame(credentials, signIn.credentials);
  const stored = before && (await unsealed(vault, before));
  const old = stored === "damaged" ? undefined : stored;
  const shared = isNewest ? (old ? keepUnchanged(old, signIn.credentials) : signIn.credentials) : old;
  const seal = (ownerId: string, value: Credentials) =>
    vault.seal({ tenantId, ownerId, name: credentialsName }, packCredentials(value));
  const held = isOwn ? [await seal(connectionId, credentials)] : [];
  const others = isOwn ? members.filter((id) => id !== holder) : members;
  const copies = [...(isOwn ? [] : [connectionId]), ...(isNewest ? others : [])];
  if (shared) for (const owner of copies) held.push(await seal(owner, shared));
  const lent: SealedSecret[] = [];
  for (const it of lentOnes) {
    const value = await unsealed(vault, it.stored);
    if (value !== "damaged") lent.push(await seal(it.signInId, value));
  }
  return { lent, held, isOwn, ...(isNewest && shared ? { signIn: await seal(signInId, shared) } : {}) };
}

/** Scopes without which posting cannot work; the ones declared optional only leave something out. */
function lackingScopes(deps: ConnectionsDeps, account: GrantAccount, authKind: string): readonly string[] {
  const optional = authFor(deps.registry, { platform: account.platform, authKind })?.scopes.optional ?? [];
  return account.missingScopes.filter((scope) => !optional.includes(scope));
}

/** What an account acted with until now, where its events were subscribed with another app: only that one ends them. */
async function formerContext(
  deps: ConnectionsDeps,
  tenantId: TenantId,
  it: Pick<ConnectionRecord, "platform" | "externalId" | "authKind" | "appId" | "clientId">,
): Promise<ConnectorContext | undefined> {
  const repo = deps.connections.forTenant(tenantId);
  const existing = await repo.findAccount(it);
  const row = existing && (await deps.subscriptions.forTenant(tenantId).of(existing.id));
  if (!existing || !row || isMadeWith(row, it)) return undefined;
  const found = await repo.findWithSecret(existing.id);
  const credentials = found?.credentials && (await unsealed(deps.vault, found.credentials));
  const app = found && (await ownApp(deps.context, found.record));
  if (!found || !credentials || credentials === "damaged" || app === "gone") return undefined;
  const connection = openConnection(found.record, credentials, app);
  return connectorContext(deps.context, { connection, effect: "invisible", repeatable: true });
}

async function subscribe(
  deps: ConnectionsDeps,
  record: ConnectionRecord,
  credentials: Credentials,
  former: ConnectorContext | undefined,
): Promise<void> {
  const app = await ownApp(deps.context, record);
  if (app === "gone") return;
  const ctx = connectorContext(deps.context, {
    connection: openConnection(record, credentials, app),
    effect: "invisible",
    repeatable: true,
  });
  const answer = await subscribeAccount(deps, record, ctx, former);
  if (answer.ok) return;
  deps.log.warn(
    { platform: record.platform, connectionId: record.id, kind: answer.error.kind },
    "events could not be subscribed",
  );
  await deps.connections.forTenant(record.tenantId).audit(record.id, {
    actor: "system",
    action: "events_not_subscribed",
    detail: { message: answer.error.message },
  });
}
