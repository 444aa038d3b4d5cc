import type { Credentials } from "@postd/connector-kit";
import { fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { ConnectionRecord, GrantAccount } from "../../ports/connections-repo.ts";
import type { Caller } from "../../ports/services.ts";
import { answered } from "../answered.ts";
import { connectorContext } from "../connector-context.ts";
import { openConnection } from "./access.ts";
import { credentialsName, packCredentials } from "./credentials.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { missingScopesReason } from "./explain.ts";
import { authFor } from "./sign-in.ts";

export interface ChosenAccount {
  readonly account: GrantAccount;
  readonly credentials: Credentials;
  readonly authKind: string;
  readonly scopes: readonly string[];
  readonly simulated: boolean;
}

/**
 * Makes a chosen account a connection, or renews the one there is under its id. What waited for this account goes on;
 * event subscriptions are asked for and never stand in the way.
 */
export async function connectAccount(
  deps: ConnectionsDeps,
  caller: Caller,
  { account, credentials, authKind, scopes, simulated }: ChosenAccount,
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
  const lacking = lackingScopes(deps, account, authKind);
  const connected = await deps.connections.forTenant(tenantId).connect({
    actor: caller.actorId,
    seal: (id) => deps.vault.seal({ tenantId, ownerId: id, name: credentialsName }, packCredentials(credentials)),
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
      scopes: credentials.scopes ?? scopes,
      missingScopes: account.missingScopes,
      status: lacking.length === 0 ? "healthy" : "attention",
      statusReason: lacking.length === 0 ? undefined : missingScopesReason(lacking, deps.clock.now()),
      tokenExpiresAt: credentials.expiresAt,
      refreshExpiresAt: credentials.refreshExpiresAt,
      simulated,
      createdBy: caller.actorId,
    },
  });
  if (connected === "withdrawing")
    return fail({
      code: "conflict",
      detail: `${account.name} was disconnected a moment ago, and ${connector.name} is still being told.`,
      next: "Connect it again in a minute.",
    });
  const { record, existed } = connected;
  if (existed && record.status === "healthy") await deps.holds.releaseConnection({ tenantId, connectionId: record.id });
  await subscribe(deps, caller, record, credentials);
  return ok(record);
}

/** Scopes without which posting cannot work; the ones declared optional only leave something out. */
function lackingScopes(deps: ConnectionsDeps, account: GrantAccount, authKind: string): readonly string[] {
  const optional = authFor(deps.registry, { platform: account.platform, authKind })?.scopes.optional ?? [];
  return account.missingScopes.filter((scope) => !optional.includes(scope));
}

async function subscribe(
  deps: ConnectionsDeps,
  caller: Caller,
  record: ConnectionRecord,
  credentials: Credentials,
): Promise<void> {
  const provider = deps.registry.providerOf(record.platform);
  if (!provider?.webhooks?.subscribe) return;
  const ctx = connectorContext(deps.context, {
    connection: openConnection(record, credentials),
    effect: "invisible",
    repeatable: true,
  });
  const { subscribe: subscribeTo } = provider.webhooks;
  const address = `${deps.publicUrl}/api/webhooks/${provider.id}`;
  const answer = await answered(ctx, { call: "subscribe", platform: record.platform }, () =>
    subscribeTo(ctx, { address }),
  );
  if (answer.ok) return;
  deps.log.warn(
    { platform: record.platform, connectionId: record.id, kind: answer.error.kind },
    "events could not be subscribed",
  );
  await deps.connections.forTenant(caller.tenantId).audit(record.id, {
    actor: "system",
    action: "events_not_subscribed",
    detail: { message: answer.error.message },
  });
}
