import type { AttemptAnswer, JobChange, JobKey, Ledger } from "@postd/core";
import { inFlightStates } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { isTaken } from "../database-error.ts";
import { scopedSql } from "../scoped-sql.ts";
import type { TenantDb } from "../tenant-tx.ts";

type IntendInput = Parameters<Ledger["intend"]>[0];

/** Commits what is about to be sent. No lease, no intent; no intent, no call. */
export async function writeIntent(
  db: TenantDb,
  input: IntendInput,
): Promise<{ readonly intentAt: Date; readonly leaseUntil: Date } | undefined> {
  const { intent } = input;
  const pending = JSON.stringify({
    attemptId: intent.attemptId,
    step: intent.step,
    prepared: intent.prepared,
    effect: intent.effect,
    repeatable: intent.repeatable,
    timeoutMs: intent.timeoutMs,
    settleMs: intent.settleMs,
    open: true,
  });
  // One statement: the lease is checked and lengthened, the pending intent stored and the attempt row written together.
  const { rows } = await scopedSql<{ intent_at: Date; lease_until: Date }>(
    db,
    input.tenantId,
    sql`
      with job as (
        update publish_jobs set
          lease_until = greatest(lease_until, domain_now() + ${input.leaseMs} * interval '1 millisecond'),
          wake_at = greatest(lease_until, domain_now() + ${input.leaseMs} * interval '1 millisecond'),
          step_state = jsonb_build_object('connector', ${JSON.stringify(input.connectorState)}::jsonb,
            'pending', ${pending}::jsonb || jsonb_build_object('intentAt', to_char(domain_now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))),
          open_attempt_id = ${intent.attemptId}, updated_at = domain_now()
        where id = ${input.jobId} and fence = ${input.fence} and lease_until > domain_now()
        returning id, tenant_id, fence, lease_until)
      insert into publish_attempts (id, tenant_id, job_id, fence, step, kind, effect, repeatable, prepared, fingerprint, intent_at, note)
      select ${intent.attemptId}, tenant_id, id, fence, ${intent.step}, ${intent.kind}, ${intent.effect}, ${intent.repeatable},
        ${JSON.stringify(intent.prepared)}::jsonb, ${intent.fingerprint}, domain_now(), ${intent.note} from job
      returning intent_at, (select lease_until from job) as lease_until`,
  );
  const row = rows[0];
  return row && { intentAt: row.intent_at, leaseUntil: row.lease_until };
}

/** Commits an answer and how the job goes on; both or neither, and neither for a worker whose fence is old. */
export async function settleJob(
  db: TenantDb,
  input: JobKey & { readonly fence: number; readonly answer?: AttemptAnswer; readonly change: JobChange },
): Promise<"written" | "lost" | "owned_elsewhere"> {
  const notify = input.change.wake === 0 ? [sql`select pg_notify('postd_due', '')`] : [];
  try {
    const { rows } = await scopedSql<{ written: number }>(
      db,
      input.tenantId,
      ...notify,
      sql`
      with job as (
        update publish_jobs set ${sql.join(assignments(input.change), sql`, `)}
        where id = ${input.jobId} and fence = ${input.fence} and state in ('publishing', 'unknown', 'handed_over') returning id)
      ${input.answer ? sql`, attempt as (${answerUpdate(input.answer)})` : sql``}
      select count(*)::int as written from job`,
    );
    return rows[0]?.written === 1 ? "written" : "lost";
  } catch (error) {
    if (isTaken(error, "publish_jobs_external")) return "owned_elsewhere";
    throw error;
  }
}

function answerUpdate(answer: AttemptAnswer): SQL {
  return sql`update publish_attempts set outcome = ${answer.outcome}, answered_at = domain_now(), latency_ms = ${answer.latencyMs ?? null},
    failure = ${json(answer.failure ?? null)}, note = coalesce(${answer.note ?? null}, note)
    where id = ${answer.attemptId} and outcome is null and exists (select 1 from job)`;
}

function assignments(change: JobChange): SQL[] {
  const working = change.wake === "lease";
  const keepsTwin = change.holdsTwin ?? inFlightStates.includes(change.state);
  const set: SQL[] = [
    sql`state = ${change.state}`,
    sql`held_reason = ${change.heldReason ?? null}`,
    sql`updated_at = domain_now()`,
    sql`wake_at = ${wakeAt(change.wake)}`,
    sql`in_flight = ${keepsTwin ? sql`fingerprint` : sql`null`}`,
  ];
  if (!working) set.push(sql`lease_until = null`);
  if (change.tries !== undefined) set.push(sql`tries = ${change.tries}`);
  if (change.needsPerson !== undefined) set.push(sql`needs_person = ${change.needsPerson}`);
  if (change.failure !== undefined) set.push(sql`failure = ${json(change.failure)}`);
  if (change.probe !== undefined) set.push(sql`probe = ${json(change.probe)}`);
  if (change.nativeSchedule === false) set.push(sql`native_schedule = false`);
  if (change.published) {
    set.push(sql`external_post_id = ${change.published.externalId}`);
    set.push(sql`permalink = coalesce(${change.published.permalink ?? null}, permalink)`);
  }
  if (change.state === "published") set.push(sql`published_at = coalesce(published_at, domain_now())`);
  const state = stateExpression(change);
  if (state) set.push(sql`step_state = ${state}`);
  if (change.pending === null || change.pending === "answered") set.push(sql`open_attempt_id = null`);
  return set;
}

function stateExpression(change: JobChange): SQL | undefined {
  const connector =
    change.connectorState === undefined
      ? undefined
      : sql`jsonb_build_object('connector', ${JSON.stringify(change.connectorState)}::jsonb)`;
  const base = connector ? sql`coalesce(step_state, '{}'::jsonb) || ${connector}` : sql`step_state`;
  if (change.pending === null) return sql`(${base}) - 'pending'`;
  if (change.pending === "answered")
    return sql`case when (${base}) ? 'pending' then jsonb_set(${base}, '{pending,open}', 'false'::jsonb) else ${base} end`;
  return connector ? base : undefined;
}

function wakeAt(wake: JobChange["wake"]): SQL {
  if (wake === null) return sql`null`;
  if (wake === "lease") return sql`lease_until`;
  return sql`domain_now() + ${wake} * interval '1 millisecond'`;
}

function json(value: object | null): SQL {
  return value === null ? sql`null` : sql`${JSON.stringify(value)}::jsonb`;
}
