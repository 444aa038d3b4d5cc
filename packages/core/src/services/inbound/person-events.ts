import type { Connector, InboundEvent } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import type { ConnectionAccess } from "../../ports/connection-access.ts";
import type { ConnectionRecord, ConnectionsRepo } from "../../ports/connections-repo.ts";
import type { EventReceiver, InboxWork } from "../../ports/inbox.ts";
import type { JobHolds } from "../../ports/ledger.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { siblings } from "../connections/sign-in.ts";

export interface PersonEventDeps {
  readonly registry: ConnectorRegistry;
  readonly connections: ConnectionsRepo;
  readonly access: Pick<ConnectionAccess, "markBroken">;
  readonly holds: Pick<JobHolds, "holdConnection" | "handedOver" | "askAboutConnection">;
}

/** Events about a person instead of an account: they reach everything that person's sign-in opened. */
export const isPersonEvent = ({ type }: InboundEvent): boolean =>
  type === "account.deauthorized" || type === "data_deletion.requested";

/**
 * The person removed our app, or asked for their data to be deleted. Platforms of one family share the person.
 * Connections made after the event are left alone: it is an old request, sent again. Calls no platform.
 */
export async function followPersonEvent(
  event: InboundEvent,
  from: Connector,
  { inbox, ...deps }: PersonEventDeps & { readonly inbox: InboxWork },
): Promise<void> {
  const isDeletion = event.type === "data_deletion.requested";
  const found = await inbox.receivers({
    platforms: siblings(deps.registry, from).map(({ id }) => id),
    accountExternalId: event.accountExternalId,
    // Disconnecting keeps the account's name for the history; a deletion takes that too.
    disconnected: isDeletion,
  });
  if (found.length === 0) return inbox.keepUnmatched(event);
  for (const receiver of found) {
    const record = await deps.connections.forTenant(asId("tenant", receiver.tenantId)).find(idOf(receiver));
    if (!record || (event.occurredAt && record.createdAt.getTime() > event.occurredAt.getTime() + 1_000)) continue;
    if (isDeletion) await eraseAccount(event, record, deps);
    else if (await inbox.keepEvent(receiver, event)) await markRevoked(record, deps);
  }
}

const idOf = ({ connectionId }: EventReceiver) => asId("connection", connectionId);

async function markRevoked({ tenantId, id, credentialVersion }: ConnectionRecord, deps: PersonEventDeps) {
  const failure = { kind: "auth_revoked", message: "Access was removed at the platform." } as const;
  await deps.access.markBroken({ tenantId, connectionId: id, credentialVersion, failure });
}

/** Disconnects, then deletes the secrets and whatever describes the account and its person. Safe to repeat. */
async function eraseAccount(event: InboundEvent, { tenantId, id }: ConnectionRecord, deps: PersonEventDeps) {
  const repo = deps.connections.forTenant(tenantId);
  const { confirmationCode = null } = event.data;
  const audit = { actor: "platform", detail: { confirmationCode } };
  await repo.markDisconnected(id, { ...audit, action: "disconnected" });
  await deps.holds.holdConnection({ tenantId, connectionId: id });
  await deps.holds.askAboutConnection({ tenantId, connectionId: id });
  const handedOver = await deps.holds.handedOver({ tenantId, connectionId: id });
  await repo.eraseCredentials(id, { ...audit, action: "credentials_deleted" });
  await repo.eraseAccount({
    id,
    personId: event.accountExternalId,
    audit: { ...audit, action: "data_deleted", detail: { confirmationCode, handedOver } },
  });
}
