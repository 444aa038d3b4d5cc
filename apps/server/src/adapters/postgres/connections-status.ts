import type { ConnectionChange, TenantConnections } from "@postd/core";
import { newId } from "@postd/core";
import { and, eq, isNull } from "drizzle-orm";
import { domainNow, reasonJson, writeAudit } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import { connectionHealthLog, connections } from "./schema.ts";

type Input<K extends keyof TenantConnections> = Parameters<TenantConnections[K]>[0];

export async function setStatus(
  tx: Executor,
  tenantId: string,
  { id, credentialVersion, status, statusReason, audit }: Input<"setStatus">,
): Promise<boolean> {
  const updated = await tx
    .update(connections)
    .set({ status, statusReason: reasonJson(statusReason), updatedAt: domainNow })
    .where(sameCredentials(id, credentialVersion))
    .returning({ id: connections.id });
  if (updated.length === 0) return false;
  await writeAudit(tx, { tenantId, connectionId: id }, audit);
  return true;
}

export async function recordCheck(tx: Executor, tenantId: string, input: Input<"recordCheck">): Promise<void> {
  const { id, credentialVersion, ok, latencyMs, result, change, audit } = input;
  await tx
    .insert(connectionHealthLog)
    .values({ id: newId("audit"), tenantId, connectionId: id, at: domainNow, ok, latencyMs, result });
  const updated = await tx
    .update(connections)
    .set({ ...columnsOf(change), checkedAt: domainNow, checkLatencyMs: latencyMs, updatedAt: domainNow })
    .where(sameCredentials(id, credentialVersion))
    .returning({ id: connections.id });
  if (audit && updated.length > 0) await writeAudit(tx, { tenantId, connectionId: id }, audit);
}

/** What was seen with older credentials says nothing about the ones stored now. */
const sameCredentials = (id: string, version: number) =>
  and(eq(connections.id, id), eq(connections.credentialVersion, version), isNull(connections.disconnectedAt));

function columnsOf({ scopes, missingScopes, statusReason, ...rest }: ConnectionChange) {
  return {
    ...rest,
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    ...(missingScopes === undefined ? {} : { missingScopes: [...missingScopes] }),
    ...(statusReason === undefined ? {} : { statusReason: reasonJson(statusReason) }),
  };
}
