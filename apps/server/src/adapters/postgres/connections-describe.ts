import type { AuditEntry, ConnectionRecord, TenantConnections } from "@postd/core";
import { and, eq, isNull, sql } from "drizzle-orm";
import { domainNow, recordOf, writeAudit } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { connections } from "./schema.ts";

type Change = Parameters<TenantConnections["describe"]>[1];

/** See `TenantConnections.describe`. */
export async function describeConnection(
  tx: Executor,
  target: { readonly tenantId: string; readonly connectionId: string },
  { name, label, disabled }: Change,
  audit: AuditEntry,
): Promise<ConnectionRecord | undefined> {
  const since = disabled ? sql`coalesce(${connections.disabledAt}, domain_now())` : null;
  const [row] = await tx
    .update(connections)
    .set({
      ...(name === undefined ? {} : { ownName: name }),
      ...(label === undefined ? {} : { label }),
      ...(disabled === undefined ? {} : { disabledAt: since }),
      updatedAt: domainNow,
    })
    .where(and(eq(connections.id, target.connectionId), isNull(connections.disconnectedAt)))
    .returning();
  if (!row) return undefined;
  await writeAudit(tx, target, audit);
  if (disabled === false) {
    // The claim says of each whether it is still in time.
    await runSql(
      tx,
      sql`update publish_jobs set wake_at = domain_now(), updated_at = domain_now()
        where connection_id = ${target.connectionId} and held_reason = 'disabled' and state in ('held', 'partly_published')`,
    );
    await runSql(tx, sql`select pg_notify('postd_due', '')`);
  }
  return recordOf(row);
}
