import type { JobHolds, Ledger } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql } from "../run-sql.ts";
import { scopedSql } from "../scoped-sql.ts";
import { type TenantDb, withTenant } from "../tenant-tx.ts";
import { claimJob } from "./claim.ts";
import { settleJob, writeIntent } from "./settle.ts";

/** The publish ledger on PostgreSQL. Every method is one short transaction of one tenant. */
export function createLedger(db: TenantDb): Ledger {
  return {
    claim: (input) => claimJob(db, input),
    intend: (input) => writeIntent(db, input),
    settle: (input) => settleJob(db, input),
    async renew(input) {
      const until = sql`domain_now() + ${input.leaseMs} * interval '1 millisecond'`;
      const { rows } = await scopedSql<{ lease_until: Date }>(
        db,
        input.tenantId,
        sql`update publish_jobs set lease_until = ${until}, wake_at = ${until}
          where id = ${input.jobId} and fence = ${input.fence} and lease_until > domain_now() returning lease_until`,
      );
      return rows[0]?.lease_until;
    },
    async owned(input) {
      if (input.externalIds.length === 0) return new Set<string>();
      const { rows } = await scopedSql<{ external_post_id: string }>(
        db,
        input.tenantId,
        sql`select external_post_id from publish_jobs where connection_id = ${input.connectionId} and id <> ${input.except}
          and external_post_id in ${[...input.externalIds]}`,
      );
      return new Set(rows.map((row) => row.external_post_id));
    },
  };
}

/** Holding and releasing a connection's jobs. A raised fence stops a worker that is at one of them. */
export function createJobHolds(db: TenantDb, settings: { readonly lateAfterMs: number }): JobHolds {
  return {
    holdConnection: ({ tenantId, connectionId }) =>
      withTenant(db, tenantId, async (tx) => {
        const { rowCount } = await runSql<object>(
          tx,
          sql`
          update publish_jobs set state = 'held', held_reason = 'attention', wake_at = null, in_flight = null, fence = fence + 1, updated_at = domain_now()
          where connection_id = ${connectionId} and external_post_id is null and
            (state in ('scheduled', 'retrying', 'processing') or (state = 'held' and held_reason in ('quota', 'outage', 'paused')))`,
        );
        return rowCount ?? 0;
      }),
    handedOver: ({ tenantId, connectionId }) =>
      withTenant(db, tenantId, async (tx) => {
        const { rows } = await runSql<{ count: number }>(
          tx,
          sql`select count(*)::int as count from publish_jobs where connection_id = ${connectionId} and state = 'handed_over'`,
        );
        return rows[0]?.count ?? 0;
      }),
    releaseConnection: ({ tenantId, connectionId }) =>
      withTenant(db, tenantId, async (tx) => {
        const released = await releaseHeld(
          tx,
          sql`connection_id = ${connectionId} and held_reason = 'attention'`,
          settings.lateAfterMs,
        );
        await runSql<object>(
          tx,
          sql`update publish_jobs set wake_at = domain_now(), needs_person = false
          where connection_id = ${connectionId} and state = 'unknown' and failure ->> 'kind' in ('auth_expired', 'auth_revoked', 'scope_missing')`,
        );
        return released;
      }),
  };
}

/** Wakes held jobs that are still in time; those too late stay held, now as missed. Answers how many woke. */
export async function releaseHeld(
  tx: Parameters<Parameters<typeof withTenant>[2]>[0],
  which: ReturnType<typeof sql>,
  lateAfterMs: number,
): Promise<number> {
  const late = sql`greatest(scheduled_for, created_at, released_at) < domain_now() - ${lateAfterMs} * interval '1 millisecond'`;
  await runSql<object>(
    tx,
    sql`update publish_jobs set held_reason = 'missed', updated_at = domain_now() where state = 'held' and ${which} and ${late}`,
  );
  const { rowCount } = await runSql<object>(
    tx,
    sql`
    update publish_jobs set state = case when first_claimed_at is null then 'scheduled' else 'retrying' end, held_reason = null, tries = 0,
      wake_at = greatest(scheduled_for, domain_now()), released_at = case when scheduled_for < domain_now() then domain_now() else released_at end, updated_at = domain_now()
    where state = 'held' and ${which} and not (${late})`,
  );
  await runSql<object>(tx, sql`select pg_notify('postd_due', '')`);
  return rowCount ?? 0;
}
