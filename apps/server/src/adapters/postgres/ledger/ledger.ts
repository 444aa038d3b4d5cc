import type { JobHolds, Ledger } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import type { ServerExtras } from "../circuit-row.ts";
import { runSql } from "../run-sql.ts";
import { forTenant, type TenantDb, withTenant } from "../tenant-tx.ts";
import { claimJob } from "./claim.ts";
import type { ClaimBudgets } from "./claim-budgets.ts";
import { renewLease, writeIntent } from "./intend.ts";
import { settleJob } from "./settle.ts";

/** The publish ledger on PostgreSQL. Every method is one short transaction of one tenant; `budgets` absent: none is asked. */
export function createLedger(db: TenantDb, serverExtras: ServerExtras = {}, budgets?: ClaimBudgets): Ledger {
  return {
    claim: (input) => claimJob(db, input, serverExtras, budgets),
    intend: (input) => writeIntent(db, input),
    settle: (input) => settleJob(db, input),
    renew: (input) => renewLease(db, input),
    async owners(input) {
      const ids = [...new Set(input.externalIds)];
      const { rows } = await runSql<{ id: string | null; answer: string }>(
        forTenant(db, input.tenantId),
        sql`select asked.id, post_ownership(${input.jobId}, asked.id) as answer
          from jsonb_array_elements_text(${JSON.stringify([...ids, null])}::jsonb) as asked(id)`,
      );
      const taken = rows.filter(({ answer }) => answer === "taken");
      return { owned: new Set(taken.flatMap(({ id }) => id ?? [])), hasRival: taken.some(({ id }) => id === null) };
    },
  };
}

/** Surely not sent, so it may be held; what may be live is looked at instead. */
const unsent = sql`not may_be_live and external_post_id is null and
  (state in ('scheduled', 'retrying', 'processing') or (state = 'held' and held_reason in ('quota', 'outage', 'paused', 'disabled', 'operator')))`;

/** A person was asked about it, and nothing more happens by itself. */
const isAsked = sql`(needs_person and wake_at is null)`;

/**
 * What a sign-in is still needed for: a look at what may be live, or a wish that is being carried out at the platform. A
 * post of which a person is asked waits for nothing.
 */
const needsSignIn = sql`(may_be_live and state not in ('published', 'discarded') and not ${isAsked}
  or wish is not null and wake_at is not null)`;

/** Holding and releasing a connection's jobs. A raised fence stops a worker that is at one of them. */
export function createJobHolds(db: TenantDb, settings: { readonly lateAfterMs: number }): JobHolds {
  const changed = async (tenantId: string, statement: SQL): Promise<number> => {
    const { rowCount } = await withTenant(db, tenantId, (tx) => runSql(tx, statement));
    return rowCount;
  };
  const counted = async (
    { tenantId, connectionId }: Parameters<JobHolds["inDoubt"]>[0],
    which: SQL,
  ): Promise<number> => {
    const { rows } = await runSql<{ count: number }>(
      forTenant(db, tenantId),
      sql`select count(*)::int as count from publish_jobs where connection_id = ${connectionId} and ${which}`,
    );
    return rows[0]?.count ?? 0;
  };
  return {
    holdConnection: ({ tenantId, connectionId }) =>
      changed(
        tenantId,
        // What was wished of one of them is still done: nothing of it was sent.
        sql`update publish_jobs set state = 'held', held_reason = 'attention', wake_at = case when wish is not null then domain_now() end, in_flight = null, fence = fence + 1, updated_at = domain_now()
          where connection_id = ${connectionId} and ${unsent}`,
      ),
    handedOver: (key) => counted(key, sql`state = 'handed_over'`),
    async lookAtOnce({ tenantId, connectionId }) {
      // One that is being worked on keeps its lease; the claim itself waits until a look can tell.
      const woken = await changed(
        tenantId,
        sql`update publish_jobs set wake_at = case when lease_until > domain_now() then wake_at else domain_now() end, updated_at = domain_now()
          where connection_id = ${connectionId} and ${needsSignIn}`,
      );
      await changed(tenantId, sql`select pg_notify('postd_due', '')`);
      return woken;
    },
    inDoubt: (key) => counted(key, needsSignIn),
    async askAboutConnection({ tenantId, connectionId }) {
      // The claim asks, as soon as there can be an answer.
      const woken = await changed(
        tenantId,
        sql`update publish_jobs set wake_at = domain_now(), updated_at = domain_now()
          where connection_id = ${connectionId} and may_be_live and state in ('unknown', 'retrying', 'processing')
            and not ${isAsked} and (lease_until is null or lease_until <= domain_now())`,
      );
      await changed(tenantId, sql`select pg_notify('postd_due', '')`);
      return woken;
    },
    releaseConnection: ({ tenantId, connectionId }) =>
      withTenant(db, tenantId, async (tx) => {
        const released = await releaseHeld(
          tx,
          sql`connection_id = ${connectionId} and held_reason = 'attention'`,
          settings.lateAfterMs,
        );
        // With a sign-in POSTD can look for itself again.
        await runSql(
          tx,
          sql`update publish_jobs set wake_at = domain_now(), needs_person = false
          where connection_id = ${connectionId} and may_be_live and wake_at is null and state in ('unknown', 'partly_published')`,
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
  await runSql(
    tx,
    sql`update publish_jobs set held_reason = 'missed', missed_at = domain_now(), updated_at = domain_now() where state = 'held' and ${which} and ${late}`,
  );
  const { rowCount } = await runSql(
    tx,
    sql`
    update publish_jobs set state = case when state = 'held' and first_claimed_at is null then 'scheduled' else 'retrying' end, held_reason = null, tries = 0,
      wake_at = greatest(scheduled_for, domain_now()), released_at = case when scheduled_for < domain_now() then domain_now() else released_at end, updated_at = domain_now()
    where (state = 'partly_published' or (state = 'held' and not (${late}))) and ${which}`,
  );
  await runSql(tx, sql`select pg_notify('postd_due', '')`);
  return rowCount ?? 0;
}
