import type { JsonObject } from "@postd/contracts";
import type { TenantConnections, TimelineEntry } from "@postd/core";
import { and, desc, eq, sql } from "drizzle-orm";
import type { Executor } from "./pools.ts";
import { connectionAudit, connectionHealthLog } from "./schema.ts";

/** Health log and audit of one connection, newest first; both are read to the page's length and merged. */
export async function readTimeline(
  tx: Executor,
  tenantId: string,
  { id, limit, before }: Parameters<TenantConnections["timeline"]>[0],
): Promise<readonly TimelineEntry[]> {
  const page = (table: typeof connectionAudit | typeof connectionHealthLog) =>
    and(
      eq(table.tenantId, tenantId),
      eq(table.connectionId, id),
      before && sql`(${table.at}, ${table.id}) < (${before.at.toISOString()}::timestamptz, ${before.id})`,
    );
  const changes = await tx
    .select()
    .from(connectionAudit)
    .where(page(connectionAudit))
    .orderBy(desc(connectionAudit.at), desc(connectionAudit.id))
    .limit(limit);
  const checks = await tx
    .select()
    .from(connectionHealthLog)
    .where(page(connectionHealthLog))
    .orderBy(desc(connectionHealthLog.at), desc(connectionHealthLog.id))
    .limit(limit);
  const entries: TimelineEntry[] = [
    ...changes.map((row) => entry("audit", row, { actor: row.actor, action: row.action, detail: row.detail })),
    ...checks.map((row) => entry("check", row, { ok: row.ok, latencyMs: row.latencyMs, result: row.result })),
  ];
  return entries.sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1)).slice(0, limit);
}

const entry = (
  kind: TimelineEntry["kind"],
  { id, at }: { readonly id: string; readonly at: Date },
  data: JsonObject,
): TimelineEntry => ({ id, at, kind, data });
