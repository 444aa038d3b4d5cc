import type { IdempotencyStore } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql } from "./run-sql.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";

/** A request that began this long ago and never ended died; its key is free again. */
const abandonedMs = 2 * 60_000;

interface KeyRow {
  readonly body_hash: string;
  readonly status: number | null;
  readonly response: unknown;
  readonly abandoned: boolean;
}

/** First answers of creating requests that are no posts; posts keep theirs in the transaction that makes them. */
export function createIdempotencyStore(db: TenantDb): IdempotencyStore {
  return {
    begin: ({ tenantId, operation, key, bodyHash }) =>
      withTenant(db, tenantId, async (tx) => {
        const inserted = await runSql(
          tx,
          sql`insert into idempotency_records (tenant_id, operation, key, body_hash, created_at)
          values (${tenantId}, ${operation}, ${key}, ${bodyHash}, domain_now()) on conflict do nothing`,
        );
        if (inserted.rowCount === 1) return { kind: "fresh" };
        const { rows } = await runSql<KeyRow>(
          tx,
          sql`select body_hash, status, response, created_at < domain_now() - ${abandonedMs} * interval '1 millisecond' as abandoned
          from idempotency_records where operation = ${operation} and key = ${key} for update`,
        );
        const row = rows[0];
        if (row?.status === null && row.abandoned) {
          await runSql(
            tx,
            sql`update idempotency_records set body_hash = ${bodyHash}, created_at = domain_now() where operation = ${operation} and key = ${key}`,
          );
          return { kind: "fresh" };
        }
        if (!row) return { kind: "busy" };
        if (row.body_hash !== bodyHash) return { kind: "conflict" };
        return row.status === null ? { kind: "busy" } : { kind: "replay", status: row.status, response: row.response };
      }),
    finish: ({ tenantId, operation, key, status, response }) =>
      withTenant(db, tenantId, async (tx) => {
        await runSql(
          tx,
          sql`update idempotency_records set status = ${status}, response = ${JSON.stringify(response)}::jsonb where operation = ${operation} and key = ${key}`,
        );
      }),
    forget: ({ tenantId, operation, key }) =>
      withTenant(db, tenantId, async (tx) => {
        await runSql(
          tx,
          sql`delete from idempotency_records where operation = ${operation} and key = ${key} and status is null`,
        );
      }),
  };
}
