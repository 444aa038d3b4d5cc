import type { JobRecord, TenantPublishing } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { isTaken } from "../database-error.ts";
import { writeDecisions } from "../desk-repo.ts";
import { factsOf, type JobRow } from "../ledger/job-row.ts";
import { releaseHeld } from "../ledger/ledger.ts";
import { dropsSealed, forgetSealed, patchAssignments } from "../ledger/patch.ts";
import { endDeletion } from "../ledger/settle.ts";
import type { Executor } from "../pools.ts";
import { runSql } from "../run-sql.ts";
import { jobRecord } from "./records.ts";

export type LockedRow = JobRow & Record<string, unknown> & { readonly now: Date };

/** Rows of jobs under their locks, in one order for everybody, so that nobody waits in a circle. */
export async function lockJobs(tx: Executor, where: SQL): Promise<readonly LockedRow[]> {
  const { rows } = await runSql<LockedRow>(
    tx,
    sql`select *, domain_now() as now from publish_jobs where ${where} order by id for update`,
  );
  return rows;
}

/** Writes what was decided for a locked row, and wakes the twin that waited for it. */
export async function patchJob(
  tx: Executor,
  row: LockedRow,
  patch: Parameters<typeof patchAssignments>[0],
): Promise<JobRow> {
  // What it waited for its next claim asks anew.
  const waits = patch.state === undefined ? sql`` : sql`, waits_for = null`;
  const { rows } = await runSql<JobRow & Record<string, unknown>>(
    tx,
    sql`update publish_jobs set ${sql.join(patchAssignments(patch), sql`, `)}${waits} where id = ${row.id} returning *`,
  );
  const changed = rows[0];
  if (dropsSealed(row, patch)) await runSql(tx, forgetSealed(row.id));
  if (!changed) throw new Error("a locked job was gone");
  if (patch.keepsPost) await runSql(tx, sql`update posts set deleting = false where id = ${row.post_id}`);
  if (patch.inFlight === false)
    await runSql(
      tx,
      sql`update publish_jobs set wake_at = domain_now() where connection_id = ${row.connection_id} and fingerprint = ${row.fingerprint}
      and state = 'scheduled' and scheduled_for <= domain_now() and id <> ${row.id}`,
    );
  return changed;
}

/** A person's word on one job, decided on the row as it is under its lock. */
export async function actOnJob(
  tx: Executor,
  input: Parameters<TenantPublishing["act"]>[0],
): Promise<JobRecord | "taken" | undefined> {
  const [row] = await lockJobs(tx, sql`id = ${input.jobId}`);
  if (!row) return undefined;
  const { patch, decision } = input.decide({ job: jobRecord(row), facts: factsOf(row, row.now) });
  if (!patch) return jobRecord(row);
  const changed = await patchJob(tx, row, patch);
  if (decision) await writeDecisions(tx, [decision]);
  await runSql(tx, endDeletion(row.id));
  await runSql(tx, sql`select pg_notify('postd_due', '')`);
  return jobRecord(changed);
}

/** Another job, of whatever tenant, owns the post that was named. */
export const isOwned = (error: unknown): boolean => isTaken(error, "publish_jobs_external");

type Scope = { readonly scope: "instance" | "tenant" | "connection"; readonly connectionId?: string };

export async function pause(tx: Executor, tenantId: string, input: Scope & { readonly by: string }): Promise<boolean> {
  const set = sql`paused_at = domain_now(), paused_by = ${input.by}`;
  const { rowCount } = await runSql(tx, pauseTarget(tenantId, input, set));
  return rowCount === 1;
}

/** Answers how many jobs of this tenant woke; other tenants of a resumed instance are woken by their own next claim. */
export async function resume(
  tx: Executor,
  tenantId: string,
  input: Scope,
  lateAfterMs: number,
): Promise<number | undefined> {
  const { rowCount } = await runSql(tx, pauseTarget(tenantId, input, sql`paused_at = null, paused_by = null`));
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
