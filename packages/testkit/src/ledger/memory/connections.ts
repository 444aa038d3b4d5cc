import type { ConnectionId, TenantId } from "@postd/contracts";
import type { ConnectionRecord, ConnectionsRepo, TenantConnections } from "@postd/core";
import { nowOf, type Tables } from "./rows.ts";

/** What publishing and disconnecting need of connections; no credentials are kept. */
export type PublishingConnections = Pick<
  TenantConnections,
  | "find"
  | "findWithSecret"
  | "standing"
  | "setStatus"
  | "blockUntil"
  | "markEnding"
  | "markDisconnected"
  | "beginWithdrawing"
  | "eraseCredentials"
>;

export function connectionsRepo(tables: Tables): { forTenant(tenantId: TenantId): PublishingConnections } {
  return { forTenant: (tenantId) => tenantConnections(tables, tenantId) };
}

/** The same where the whole port is asked for; what is not there is not called by publishing. */
export const asRepo = (repo: { forTenant(tenantId: TenantId): PublishingConnections }): ConnectionsRepo =>
  repo as unknown as ConnectionsRepo;

function tenantConnections(tables: Tables, tenantId: TenantId): PublishingConnections {
  const read = (id: ConnectionId) => {
    const found = tables.connections.get(id);
    return found?.tenantId === tenantId ? found : undefined;
  };
  const write = (record: ConnectionRecord) => {
    tables.connections.set(record.id, record);
    return record;
  };
  return {
    async find(id) {
      return read(id);
    },
    async findWithSecret(id) {
      const record = read(id);
      return record && { record, credentials: undefined, now: nowOf(tables) };
    },
    async standing() {
      return undefined; // no sign-ins are kept, so none is withdrawn
    },
    async setStatus({ id, credentialVersion, status, statusReason }) {
      const found = read(id);
      if (!found || found.credentialVersion !== credentialVersion || found.disconnectedAt) return [];
      write({ ...found, status, statusReason });
      return [id];
    },
    async blockUntil(id, until, allOfApp) {
      const found = read(id);
      if (!found) return;
      const latest = (at: Date | undefined) => (at && at > until ? at : until);
      if (allOfApp) {
        const app = `${found.platform} ${found.authKind} ${found.simulated}`;
        tables.appBlocks.set(app, latest(tables.appBlocks.get(app)));
      }
      write({ ...found, blockedUntil: latest(found.blockedUntil) });
    },
    async markEnding(id) {
      const found = read(id);
      if (!found || found.disconnectedAt || found.endingAt) return undefined;
      return write({ ...found, endingAt: nowOf(tables) });
    },
    async markDisconnected(id, _audit, { onlyEnding } = {}) {
      const found = read(id);
      if (!found || found.disconnectedAt || (onlyEnding && !found.endingAt)) return undefined;
      return write({
        ...found,
        status: "revoked",
        statusReason: undefined,
        disconnectedAt: nowOf(tables),
        endingAt: undefined,
        credentialVersion: found.credentialVersion + 1,
      });
    },
    async beginWithdrawing(id, forMs) {
      return read(id)?.disconnectedAt ? new Date(nowOf(tables).getTime() + forMs) : undefined;
    },
    async eraseCredentials() {},
  };
}

export function newConnection(input: {
  readonly id: ConnectionId;
  readonly tenantId: TenantId;
  readonly platform: string;
  readonly externalId: string;
  readonly authKind: string;
  readonly now: Date;
}): ConnectionRecord {
  const { now, ...facts } = input;
  return {
    ...facts,
    accountKind: "page",
    name: "Northfold",
    handle: undefined,
    pictureUrl: undefined,
    profileUrl: undefined,
    extras: {},
    signInId: undefined,
    appId: "instance",
    ownSecret: false,
    scopes: [],
    missingScopes: [],
    status: "healthy",
    statusReason: undefined,
    tokenExpiresAt: undefined,
    refreshExpiresAt: undefined,
    refreshLeaseUntil: undefined,
    refreshFence: 0,
    refreshIntentAt: undefined,
    credentialVersion: 1,
    blockedUntil: undefined,
    endingAt: undefined,
    pausedAt: undefined,
    simulated: true,
    checkedAt: undefined,
    checkLatencyMs: undefined,
    createdAt: now,
    disconnectedAt: undefined,
  };
}
