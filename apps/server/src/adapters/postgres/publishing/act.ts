import type { JobRecord, TenantPublishing } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import type { JobRow } from "../ledger/job-row.ts";
import { releaseHeld } from "../ledger/ledger.ts";
import type { Executor } from "../pools.ts";
import { runSql } from "../run-sql.ts";
import { jobRecord } from "./records.ts";

/** A person's word on one job. The fence is raised, so a worker that is at it can write nothing more. */
export async function actOnJob(
  tx: Executor,
  input: Parameters<TenantPublishing["act"]>[0],
): Promise<JobRecord | undefined> {
  const { rows } = await runSql<JobRow & Record<string, unknown>>(
    tx,
    sql`
    update publish_jobs set ${sql.join(assignments(input.action), sql`, `)}, fence = fence + 1, lease_until = null, needs_person = false, updated_at = domain_now()
    where id = ${input.jobId} and state in ${[...input.from]} returning *`,
  );
  const row = rows[0];
  if (!row) return undefined;
  // A twin that waited for this one may go now.
  await runSql(
    tx,
    sql`update publish_jobs set wake_at = domain_now() where connection_id = ${row.connection_id} and fingerprint = ${row.fingerprint}
    and state = 'scheduled' and scheduled_for <= domain_now() and id <> ${row.id}`,
  );
  await runSql<object>(tx, sql`select pg_notify('postd_due', '')`);
  return jobRecord(row);
}

function assignments(action: Parameters<TenantPublishing["act"]>[0]["action"]): SQL[] {
  switch (action.do) {
    case "retry": {
      const at = action.at ? sql`${action.at.toISOString()}::timestamptz` : sql`domain_now()`;
      // A native one keeps its place at the platform and only moves; everything else wakes at the new time.
      return [
        sql`state = case when state = 'handed_over' then state when first_claimed_at is null then 'scheduled' else 'retrying' end`,
        sql`held_reason = null`,
        sql`tries = 0`,
        sql`failure = null`,
        sql`released_at = domain_now()`,
        sql`scheduled_for = ${action.at ? at : sql`scheduled_for`}`,
        sql`wake_at = case when state = 'handed_over' then ${at} + interval '1 minute' else ${at} end`,
      ];
    }
    case "start_over": {
      const at = action.at ? sql`${action.at.toISOString()}::timestamptz` : sql`domain_now()`;
      return [
        sql`state = 'retrying'`,
        sql`held_reason = null`,
        sql`tries = 0`,
        sql`failure = null`,
        sql`probe = null`,
        sql`step_state = null`,
        sql`external_post_id = null`,
        sql`permalink = null`,
        sql`native_schedule = false`,
        sql`in_flight = null`,
        sql`released_at = domain_now()`,
        sql`scheduled_for = ${action.at ? at : sql`scheduled_for`}`,
        sql`wake_at = ${at}`,
      ];
    }
    case "cancel":
      return [sql`state = 'canceled'`, sql`held_reason = null`, sql`wake_at = null`, sql`in_flight = null`];
    case "discard":
      return [sql`state = 'discarded'`, sql`held_reason = null`, sql`wake_at = null`, sql`in_flight = null`];
    case "live":
      return [
        sql`state = 'published'`,
        sql`external_post_id = ${action.externalPostId}`,
        sql`permalink = coalesce(${action.permalink ?? null}, permalink)`,
        sql`published_at = domain_now()`,
        sql`wake_at = null`,
        sql`in_flight = null`,
        sql`failure = null`,
      ];
    default:
      action satisfies never;
      throw new Error("an action has no write");
  }
}

type Scope = { readonly scope: "instance" | "tenant" | "connection"; readonly connectionId?: string };

export async function pause(tx: Executor, tenantId: string, input: Scope & { readonly by: string }): Promise<boolean> {
  const set = sql`paused_at = domain_now(), paused_by = ${input.by}`;
  const { rowCount } = await runSql<object>(tx, pauseTarget(tenantId, input, set));
  return rowCount === 1;
}

/** Answers how many jobs of this tenant woke; other tenants of a resumed instance are woken by their own next claim. */
export async function resume(
  tx: Executor,
  tenantId: string,
  input: Scope,
  lateAfterMs: number,
): Promise<number | undefined> {
  const { rowCount } = await runSql<object>(tx, pauseTarget(tenantId, input, sql`paused_at = null, paused_by = null`));
  if (rowCount !== 1) return undefined;
  const which =
    input.scope === "connection"
      ? sql`connection_id = ${input.connectionId} and held_reason = 'paused'`
      : sql`held_reason = 'paused'`;
  return releaseHeld(tx, which, lateAfterMs);
}

function pauseTarget(tenantId: string, input: Scope, set: SQL): SQL {
  switch (input.scope) {
    case "instance":
      return sql`update instance set ${set} where id = 1`;
    case "tenant":
      return sql`update tenants set ${set} where id = ${tenantId}`;
    case "connection":
      return sql`update connections set ${set} where id = ${input.connectionId}`;
    default:
      input.scope satisfies never;
      throw new Error("a scope has no table");
  }
}
