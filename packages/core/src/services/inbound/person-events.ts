import type { InboundEvent, Provider } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import type { ConnectionAccess } from "../../ports/connection-access.ts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ConnectionsRepo } from "../../ports/connections-repo.ts";
import type { EventReceiver, InboxWork } from "../../ports/inbox.ts";
import type { JobHolds } from "../../ports/ledger.ts";

export interface PersonEventDeps {
  readonly connections: ConnectionsRepo;
  readonly access: Pick<ConnectionAccess, "markBroken">;
  readonly holds: Pick<JobHolds, "holdConnection" | "handedOver" | "askAboutConnection">;
}

/** Events about a person instead of an account: they reach everything that person's sign-in opened. */
export const isPersonEvent = ({ type }: InboundEvent): boolean =>
  type === "account.deauthorized" || type === "data_deletion.requested";

/**
 * The person removed our app, or asked for their data to be deleted. Platforms of one provider share the person.
 * An account that somebody connected, or signed in for again, after the event is left alone: the event is about the old
 * access. Calls no platform.
 */
export async function followPersonEvent(
  event: InboundEvent,
  from: { readonly provider: Provider } & Pick<Parameters<InboxWork["receivers"]>[0], "appId" | "clientIds" | "within">,
  { inbox, ...deps }: PersonEventDeps & { readonly inbox: InboxWork },
): Promise<void> {
  const isDeletion = event.type === "data_deletion.requested";
  const found = await inbox.receivers({
    appId: from.appId,
    clientIds: from.clientIds,
    platforms: from.provider.platforms.map(({ id }) => id),
    accountExternalId: event.accountExternalId,
    within: from.within,
    // Disconnecting keeps the account's name for the history; a deletion takes that too.
    disconnected: isDeletion,
  });
  if (found.length === 0) return inbox.keepUnmatched(event);
  for (const receiver of found) {
    const repo = deps.connections.forTenant(asId("tenant", receiver.tenantId));
    const record = await repo.find(idOf(receiver));
    const endsAt = endOf(event);
    if (!record || (endsAt && (await repo.signedInSince(record.id, endsAt)))) continue;
    if (isDeletion) await eraseAccount(event, record, deps);
    else if (await inbox.keepEvent(receiver, event)) await markRevoked(record, deps);
  }
}

/** Sign-ins from after this are newer than the event; platforms tell its time in whole seconds. */
const endOf = ({ occurredAt }: InboundEvent): Date | undefined => occurredAt && new Date(occurredAt.getTime() + 1_000);

const idOf = ({ connectionId }: EventReceiver) => asId("connection", connectionId);

async function markRevoked({ tenantId, id, credentialVersion }: ConnectionRecord, deps: PersonEventDeps) {
  const failure = { kind: "auth_revoked", message: "Access was removed at the platform.", withdrawn: true } as const;
  await deps.access.markBroken({ tenantId, connectionId: id, credentialVersion, failure });
}

/** Disconnects, then deletes the secrets and whatever describes the account and its person. Safe to repeat. */
async function eraseAccount(
  event: InboundEvent,
  { tenantId, id, appId, clientId }: ConnectionRecord,
  deps: PersonEventDeps,
) {
  const repo = deps.connections.forTenant(tenantId);
  const { confirmationCode = null } = event.data;
  const audit = { actor: "platform", detail: { confirmationCode } };
  const endsAt = endOf(event);
  await repo.markDisconnected(id, { ...audit, action: "disconnected" }, { unlessSignedInSince: endsAt });
  // Somebody signed in again this very moment.
  if (!(await repo.find(id))?.disconnectedAt) return;
  await deps.holds.holdConnection({ tenantId, connectionId: id });
  await deps.holds.askAboutConnection({ tenantId, connectionId: id });
  const handedOver = await deps.holds.handedOver({ tenantId, connectionId: id });
  await repo.eraseCredentials(id, { ...audit, action: "credentials_deleted" });
  await repo.eraseAccount({
    id,
    personId: event.accountExternalId,
    appId,
    clientId,
    grantsUntil: endsAt,
    audit: { ...audit, action: "data_deleted", detail: { confirmationCode, handedOver } },
  });
}
