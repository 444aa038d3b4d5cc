import type { TenantConnections } from "@postd/core";
import { and, eq, isNull, sql } from "drizzle-orm";
import { domainNow, writeAudit } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import { connections } from "./schema.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";
import { isKeyGone, writeSealed } from "./vault-store.ts";

type Input<K extends keyof TenantConnections> = Parameters<TenantConnections[K]>[0];

/** Lease, fence and intent in one; an intent that was there before tells of a refresh that was cut off. */
export async function claimRefresh(
  tx: Executor,
  { id, credentialVersion, leaseMs }: Input<"claimRefresh">,
): ReturnType<TenantConnections["claimRefresh"]> {
  const [free] = await tx
    .select({ intentAt: connections.refreshIntentAt })
    .from(connections)
    .where(
      and(
        eq(connections.id, id),
        eq(connections.credentialVersion, credentialVersion),
        isNull(connections.disconnectedAt),
        sql`(${connections.refreshLeaseUntil} is null or ${connections.refreshLeaseUntil} <= domain_now())`,
      ),
    )
    .for("update");
  if (!free) return undefined;
  const [row] = await tx
    .update(connections)
    .set({
      refreshLeaseUntil: sql`domain_now() + ${leaseMs} * interval '1 millisecond'`,
      refreshFence: sql`${connections.refreshFence} + 1`,
      refreshIntentAt: domainNow,
    })
    .where(eq(connections.id, id))
    .returning({ fence: connections.refreshFence, leaseUntil: connections.refreshLeaseUntil });
  if (!row?.leaseUntil) return undefined;
  return { fence: row.fence, leaseUntil: row.leaseUntil, cutBefore: free.intentAt ?? undefined };
}

export async function storeRefreshed(
  db: TenantDb,
  tenantId: string,
  input: Input<"storeRefreshed">,
): ReturnType<TenantConnections["storeRefreshed"]> {
  const { id, credentialVersion, sealed, tokenExpiresAt, refreshExpiresAt, scopes, audit } = input;
  try {
    return await withTenant(db, tenantId, async (tx) => {
      const updated = await tx
        .update(connections)
        .set({
          credentialVersion: credentialVersion + 1,
          tokenExpiresAt: tokenExpiresAt ?? null,
          refreshExpiresAt: refreshExpiresAt ?? null,
          ...(scopes === undefined ? {} : { scopes: [...scopes] }),
          refreshedAt: domainNow,
          refreshLeaseUntil: null,
          refreshIntentAt: null,
          updatedAt: domainNow,
        })
        .where(
          and(
            eq(connections.id, id),
            eq(connections.credentialVersion, credentialVersion),
            isNull(connections.disconnectedAt),
          ),
        )
        .returning({ id: connections.id });
      if (updated.length === 0) return false;
      await writeSealed(tx, sealed);
      await writeAudit(tx, { tenantId, connectionId: id }, audit);
      return true;
    });
  } catch (error) {
    if (isKeyGone(error)) return "key_gone";
    throw error;
  }
}

export async function endRefresh(tx: Executor, { id, fence, keepIntent }: Input<"endRefresh">): Promise<void> {
  await tx
    .update(connections)
    .set({ refreshLeaseUntil: null, ...(keepIntent ? {} : { refreshIntentAt: null }) })
    .where(and(eq(connections.id, id), eq(connections.refreshFence, fence)));
}
