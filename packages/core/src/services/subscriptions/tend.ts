import type { ConnectorLog, PlatformFailure } from "@postd/connector-kit";
import type { ConnectionAccess, OpenConnection } from "../../ports/connection-access.ts";
import type { SubscriptionOwner, SubscriptionRecord } from "../../ports/subscriptions.ts";
import { answered } from "../answered.ts";
import { type ConnectorContextPorts, connectorContext } from "../connector-context.ts";
import { isOfInbox } from "../inbound/fan-out.ts";
import { storableEvent } from "../inbound/storable-event.ts";
import { type SubscribeDeps, subscribeAccount } from "./subscribe.ts";

export interface TendDeps extends SubscribeDeps {
  readonly access: ConnectionAccess;
  readonly context: ConnectorContextPorts;
  readonly log: ConnectorLog;
}

const atOnce = 50;
const againMs = 15 * 60_000;
const pullAgainMs = 60_000;

/**
 * Renews subscriptions before they end and fetches events the platform kept. One that cannot be reached now is tried again
 * later, and holds up no other. Answers how many were looked at; run by one process at a time.
 */
export async function tendSubscriptions(deps: TendDeps): Promise<number> {
  const due = await deps.subscriptions.due(atOnce);
  for (const owner of due) await tend(deps, owner);
  return due.length;
}

async function tend(deps: TendDeps, owner: SubscriptionOwner): Promise<void> {
  const { tenantId, connectionId } = owner;
  const row = await deps.subscriptions.forTenant(tenantId).of(connectionId);
  if (!row) return;
  const what = row.isPullDue ? "pull" : "renew";
  const opened = await deps.access.open({ tenantId, connectionId, fresh: true });
  const failure = opened?.ok ? await work(deps, owner, row, opened.value) : (opened?.error ?? gone);
  if (!failure) return;
  const until = new Date(deps.clock.now().getTime() + waitOf(failure, what));
  await deps.subscriptions.forTenant(tenantId).putOff(row.id, what, until);
  deps.log.warn({ connectionId, provider: owner.provider, what, kind: failure.kind }, "a subscription waits");
}

async function work(
  deps: TendDeps,
  { tenantId }: SubscriptionOwner,
  row: SubscriptionRecord,
  connection: OpenConnection,
): Promise<PlatformFailure | undefined> {
  const effect = row.isPullDue ? "none" : "invisible";
  const ctx = connectorContext(deps.context, { connection, effect, repeatable: true });
  if (!row.isPullDue) {
    const renewed = await subscribeAccount(deps, connection, ctx);
    return renewed.ok ? undefined : renewed.error;
  }
  const pull = deps.registry.providerOf(connection.platform)?.webhooks?.pull;
  const about = { call: "pull", platform: connection.platform };
  const pulled = pull && (await answered(ctx, about, () => pull(ctx, row.cursor)));
  if (!pulled)
    return { kind: "operator_must_act", what: "an announcement nobody can follow", message: "It has no pull." };
  if (!pulled.ok) return pulled.error;
  const { events, cursor, more = false } = pulled.value;
  const { account, platform } = connection;
  // What is about another account is not this subscription's to tell.
  const own = events
    .map(storableEvent)
    .filter((it) => it.platform === platform && it.accountExternalId === account.externalId);
  await deps.subscriptions.forTenant(tenantId).keepPulled({
    id: row.id,
    connectionId: row.connectionId,
    events: own,
    readInbox: own.some(isOfInbox),
    cursor,
    again: more,
  });
  return undefined;
}

const gone: PlatformFailure = { kind: "auth_revoked", message: "The account is no longer connected." };

const waitOf = (failure: PlatformFailure, what: "renew" | "pull"): number =>
  Math.max("retryAfterMs" in failure ? (failure.retryAfterMs ?? 0) : 0, what === "pull" ? pullAgainMs : againMs);
