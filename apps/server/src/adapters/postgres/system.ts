import { asId, type TenantId } from "@postd/contracts";
import type { DueJobs } from "@postd/core";
import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { runBatch } from "./batch.ts";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";

const dialect = new PgDialect();

/** A hint the engine lost is given again after this long. */
const handAgainMs = 30_000;
/** Rows looked at for each one that is wanted, so that a queue of one tenant rarely hides another's. */
const lookedAtPerTask = 4;
/** Looking past the queues of those who have enough reads all their due rows, so it is not done at every turn. */
const deepLookEveryMs = 200;
const looksAtOnce = 3;
/** Makes dispatchers take turns, so that what one counts is not handed twice over by another. */
const turnLock = 7_306_371;

/** How many handed and unfinished jobs one tenant and one connection may have in all processes together. */
export interface DueCaps {
  readonly perTenant: number;
  readonly perConnection: number;
}

/**
 * Enough that a tenant alone keeps eight workers busy between two turns of a dispatcher, few enough that workers read
 * past it in a moment. Slots themselves are shared out by each worker.
 */
export const dueCaps = (workerConcurrency: number): DueCaps => ({
  perTenant: 8 * workerConcurrency,
  perConnection: 4 * workerConcurrency,
});

type DueRow = {
  readonly id: string;
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly platform: string;
  readonly seen: number;
};

/**
 * Unscoped reads, with the role that sees ids, due times, states and leases only. Each query says why it may cross
 * tenants.
 */
export function createDueJobs(system: Db, caps: DueCaps = dueCaps(24)): DueJobs {
  let lookedDeepAtMs = Number.NEGATIVE_INFINITY;
  return {
    // The dispatcher serves every tenant; it learns ids and nothing an author wrote.
    async takeDue(limit) {
      const taken: DueRow[] = [];
      for (let looks = 1; ; looks += 1) {
        const wanted = limit - taken.length;
        const lookAt = wanted * lookedAtPerTask;
        // Whoever was served in this turn is passed over: by the next look some of theirs have ended, and they would hide others again.
        const served = [...new Set(taken.map((row) => row.tenant_id))];
        const [, answer] = await runBatch(system.$client, [
          { sql: "select pg_advisory_xact_lock($1)", params: [turnLock] },
          dialect.sqlToQuery(handOver({ ...caps, limit: wanted, lookAt, served })),
        ]);
        const rows = (answer?.rows ?? []) as DueRow[];
        taken.push(...rows);
        // More is due than was looked at, and somebody in it has enough: whoever stands behind is looked for.
        const hides = rows.length > 0 && rows.length < wanted && (rows[0]?.seen ?? 0) >= lookAt;
        const nowMs = performance.now();
        if (!hides || looks >= looksAtOnce || nowMs - lookedDeepAtMs < deepLookEveryMs) break;
        if (looks === looksAtOnce - 1) lookedDeepAtMs = nowMs;
      }
      return taken.map((row) => ({
        jobId: row.id,
        tenantId: row.tenant_id,
        connectionId: row.connection_id,
        platform: row.platform,
      }));
    },
    async giveBack(jobIds) {
      if (jobIds.length === 0) return;
      await runSql(
        system,
        sql`update publish_jobs set handed_at = null where id in ${[...jobIds]} and handed_at > wake_at`,
      );
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

/**
 * Hands over the longest due rows of those who have not enough already. Counted as handed and unfinished: a row under a
 * lease that runs, and one whose hint is young and that nobody has claimed since; a row that is finished, or waits for
 * a later time, has neither.
 */
export function handOver({
  perTenant,
  perConnection,
  limit,
  lookAt,
  served = [],
}: DueCaps & { limit: number; lookAt: number; served?: readonly string[] }) {
  return sql`
    with clock as materialized (select domain_now() as now, domain_now() - ${handAgainMs} * interval '1 millisecond' as young),
    flying as materialized (
      select connection_id, tenant_id, count(*) as count from (
        select connection_id, tenant_id from publish_jobs
        where lease_until > (select now from clock) and wake_at is not null
        union all
        select connection_id, tenant_id from publish_jobs
        where handed_at > wake_at and wake_at <= (select now from clock) and handed_at >= (select young from clock)) as job
      group by connection_id, tenant_id),
    busy_tenants as materialized (select tenant_id, sum(count) as count from flying group by tenant_id),
    due as materialized (
      select id, tenant_id, connection_id, wake_at from publish_jobs
      where wake_at <= (select now from clock)
        and (handed_at is null or handed_at <= wake_at or handed_at < (select young from clock))
        and tenant_id <> all (array(select tenant_id from busy_tenants where count >= ${perTenant}))
        and tenant_id <> all (array(select jsonb_array_elements_text(${JSON.stringify(served)}::jsonb)))
        and connection_id <> all (array(select connection_id from flying where count >= ${perConnection}))
      order by wake_at limit ${lookAt}),
    by_connection as (
      select due.*, row_number() over (partition by connection_id order by wake_at, id) as place from due),
    by_tenant as (
      select c.*, row_number() over (partition by c.tenant_id order by c.wake_at, c.id) as tenant_place
      from by_connection c left join flying f using (connection_id, tenant_id)
      where c.place + coalesce(f.count, 0) <= ${perConnection}),
    chosen as materialized (
      select t.id from by_tenant t left join busy_tenants b using (tenant_id)
      where t.tenant_place + coalesce(b.count, 0) <= ${perTenant} order by t.wake_at, t.id limit ${limit}),
    free as materialized (
      select j.id from publish_jobs j join chosen using (id) where j.wake_at <= (select now from clock) for update of j skip locked),
    handed as (
      update publish_jobs j set handed_at = (select now from clock) from free where j.id = free.id
      returning j.id, j.tenant_id, j.connection_id, j.platform, j.wake_at)
    select id, tenant_id, connection_id, platform, (select count(*) from due)::int as seen from handed order by wake_at, id`;
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
  const { rows } = await runSql<{ tenant_id: string }>(
    system,
    sql`select distinct tenant_id from encryption_keys order by 1`,
  );
  return rows.map((row) => asId("tenant", row.tenant_id));
}
