import { asId, type TenantId } from "@postd/contracts";
import type { DueJobs } from "@postd/core";
import { sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";

/** A hint the engine lost is given again after this long. */
const handAgainMs = 30_000;

/**
 * Unscoped reads, with the role that sees ids, due times, states and leases only. Each query says why it may cross
 * tenants.
 */
export function createDueJobs(system: Db): DueJobs {
  return {
    // The dispatcher serves every tenant; it learns ids and nothing an author wrote.
    async takeDue(limit) {
      const { rows } = await runSql<{ id: string; tenant_id: string }>(
        system,
        sql`
        with due as (
          select id from publish_jobs
          where wake_at <= domain_now() and (handed_at is null or handed_at <= wake_at or handed_at < domain_now() - ${handAgainMs} * interval '1 millisecond')
          order by wake_at limit ${limit} for update skip locked)
        update publish_jobs j set handed_at = domain_now() from due where j.id = due.id returning j.id, j.tenant_id`,
      );
      return rows.map((row) => ({ jobId: row.id, tenantId: row.tenant_id }));
    },
    // Whoever disconnected has gone; the worker serves every tenant and learns ids only.
    async endingConnections() {
      const { rows } = await runSql<{ id: string; tenant_id: string }>(
        system,
        sql`select id, tenant_id from connections where ending_at is not null and disconnected_at is null limit 100`,
      );
      return rows.map((row) => ({ connectionId: row.id, tenantId: row.tenant_id }));
    },
    // One number over all tenants, to know how long to sleep.
    async nextDueInMs() {
      const { rows } = await runSql<{ ms: number | null }>(
        system,
        sql`
        select (extract(epoch from min(wake_at) - domain_now()) * 1000)::float8 as ms from publish_jobs where wake_at > domain_now()`,
      );
      const ms = rows[0]?.ms;
      return ms === null || ms === undefined ? undefined : Math.max(0, ms);
    },
  };
}

/** Master keys that wrapped data keys need, over all tenants: starting without one of them is refused. */
export async function masterKeysInUse(
  system: Db,
): Promise<readonly { readonly provider: string; readonly keyId: string; readonly dataKeys: number }[]> {
  const { rows } = await runSql<{ provider: string; key_id: string; data_keys: number }>(
    system,
    sql`
    select provider, master_key_id as key_id, count(*)::int as data_keys from encryption_keys group by 1, 2 order by 1, 2`,
  );
  return rows.map((row) => ({ provider: row.provider, keyId: row.key_id, dataKeys: row.data_keys }));
}

/** Tenants that have sealed anything; rotating keys goes through them one by one, each in its own scope. */
export async function tenantsWithKeys(system: Db): Promise<readonly TenantId[]> {
  const { rows } = await system.execute<{ tenant_id: string }>(
    sql`select distinct tenant_id from encryption_keys order by 1`,
  );
  return rows.map((row) => asId("tenant", row.tenant_id));
}
