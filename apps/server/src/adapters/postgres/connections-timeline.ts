import type { JsonObject } from "@postd/contracts";
import type { Slice, TenantConnections, TimelineEntry } from "@postd/core";
import { inArray, sql } from "drizzle-orm";
import { sliceIds } from "./byte-slice.ts";
import type { Executor } from "./pools.ts";
import { connectionAudit, connectionHealthLog } from "./schema.ts";

/** Health log and audit of one connection, merged, newest first. */
export async function readTimeline(
  tx: Executor,
  tenantId: string,
  { id, limit, before }: Parameters<TenantConnections["timeline"]>[0],
): Promise<Slice<TimelineEntry>> {
  const part = (table: typeof connectionAudit | typeof connectionHealthLog) => sql`
    (select entry.id, entry.at from ${table} entry where entry.tenant_id = ${tenantId} and entry.connection_id = ${id}
        and ${before ? sql`(entry.at, entry.id) < (${before.at.toISOString()}::timestamptz, ${before.id})` : sql`true`}
      order by entry.at desc, entry.id desc limit ${limit + 1})`;
  const sizes = (table: typeof connectionAudit | typeof connectionHealthLog, asked: readonly string[]) =>
    sql`select entry.id, octet_length(entry::text) as bytes from ${table} entry where entry.id in ${[...asked]}`;
  const { rows: ids, more } = await sliceIds(
    tx,
    {
      ids: sql`select id from (${part(connectionAudit)} union all ${part(connectionHealthLog)}) as both_logs order by at desc, id desc`,
      sizesOf: (asked) => sql`${sizes(connectionAudit, asked)} union all ${sizes(connectionHealthLog, asked)}`,
    },
    { limit },
  );
  const changes = await tx
    .select()
    .from(connectionAudit)
    .where(inArray(connectionAudit.id, [...ids]));
  const checks = await tx
    .select()
    .from(connectionHealthLog)
    .where(inArray(connectionHealthLog.id, [...ids]));
  const entries = [
    ...changes.map((row) => entry("audit", row, { actor: row.actor, action: row.action, detail: row.detail })),
    ...checks.map((row) =>
      entry("check", row, { checkType: row.checkType, ok: row.ok, latencyMs: row.latencyMs, result: row.result }),
    ),
  ];
  const place = new Map(ids.map((entryId, index) => [entryId, index]));
  return { rows: entries.sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0)), more };
}

const entry = (
  kind: TimelineEntry["kind"],
  { id, at }: { readonly id: string; readonly at: Date },
  data: JsonObject,
): TimelineEntry => ({ id, at, kind, data });
