import type { CheckRecord, HealthCheckRecord, Slice, TenantConnections } from "@postd/core";
import { newId } from "@postd/core";
import { and, desc, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { domainNow } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import { connectionHealthLog } from "./schema.ts";

const Quota = z.object({ left: z.number(), until: z.string().optional() });

/** A row of the health log for each of these accounts. Answers when that was. */
export async function logChecks(
  tx: Executor,
  tenantId: string,
  connectionIds: readonly string[],
  check: CheckRecord,
): Promise<Date> {
  const { checkType, ok, latencyMs, result, status, scopes, quota, apiVersion, nextCheckAt } = check;
  if (connectionIds.length === 0) return new Date(0);
  const [row] = await tx
    .insert(connectionHealthLog)
    .values(
      connectionIds.map((connectionId) => ({
        id: newId("audit"),
        tenantId,
        connectionId,
        at: domainNow,
        checkType,
        ok,
        latencyMs,
        result,
        status: status ?? null,
        scopes: scopes ? [...scopes] : null,
        quota: quota ? { ...quota } : null,
        apiVersion: apiVersion ?? null,
        nextCheckAt: nextCheckAt ?? null,
      })),
    )
    .returning({ at: connectionHealthLog.at });
  if (!row) throw new Error("a row that was just written is not there");
  return row.at;
}

/** See `TenantConnections.healthLog`. */
export async function readHealthLog(
  tx: Executor,
  tenantId: string,
  { id, limit, before }: Parameters<TenantConnections["healthLog"]>[0],
): Promise<Slice<HealthCheckRecord>> {
  const rows = await tx
    .select()
    .from(connectionHealthLog)
    .where(
      and(
        eq(connectionHealthLog.tenantId, tenantId),
        eq(connectionHealthLog.connectionId, id),
        before
          ? sql`(${connectionHealthLog.at}, ${connectionHealthLog.id}) < (${before.at.toISOString()}::timestamptz, ${before.id})`
          : undefined,
      ),
    )
    .orderBy(desc(connectionHealthLog.at), desc(connectionHealthLog.id))
    .limit(limit + 1);
  const kept = rows.slice(0, limit).map(({ tenantId: _tenant, connectionId: _connection, quota, ...row }) => {
    const told = Quota.safeParse(quota);
    const left = told.success
      ? { left: told.data.left, ...(told.data.until === undefined ? {} : { until: told.data.until }) }
      : undefined;
    return {
      ...row,
      status: row.status ?? undefined,
      scopes: row.scopes ?? undefined,
      apiVersion: row.apiVersion ?? undefined,
      nextCheckAt: row.nextCheckAt ?? undefined,
      quota: left,
    };
  });
  return { rows: kept, more: rows.length > limit };
}
