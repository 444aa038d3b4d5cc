import type { Ledger } from "@postd/core";
import { sql } from "drizzle-orm";
import { isTaken } from "../database-error.ts";
import { compiled, runSql } from "../run-sql.ts";
import { forTenant, type TenantDb } from "../tenant-tx.ts";
import { clock, isoText, now } from "./domain-time.ts";

type IntendInput = Parameters<Ledger["intend"]>[0];

const given = (name: string) => sql.placeholder(name);

/** One statement: the lease is checked and lengthened, the pending intent stored and the attempt row written together. */
const intentStatement = (shows: boolean) => {
  const until = sql`greatest(lease_until, ${now} + ${given("leaseMs")} * interval '1 millisecond')`;
  const nowText = isoText(now);
  // The first intent of an open call stays its beginning: a post made by any of its tries is no older.
  const begun = sql`case when may_be_live and step_state #>> '{visible,step}' = ${given("step")}
    then coalesce(step_state #>> '{visible,intentAt}', ${nowText}) else ${nowText} end`;
  const visible = shows
    ? sql`jsonb_build_object('visible', ${given("common")}::jsonb || jsonb_build_object('intentAt', ${begun}, 'endsBy', ${isoText(until)}))`
    : sql`case when step_state ? 'visible' then jsonb_build_object('visible', step_state -> 'visible') else '{}'::jsonb end`;
  return compiled(sql`
    with ${clock}, job as (
      update publish_jobs set
        lease_until = ${until}, wake_at = ${until},
        step_state = ${visible} || jsonb_build_object('connector', ${given("connectorState")}::jsonb,
          'pending', ${given("pending")}::jsonb || jsonb_build_object('intentAt', ${nowText})),
        step_version = ${given("stateVersion")},
        ${shows ? sql`may_be_live = true, in_flight = fingerprint,` : sql``}
        open_attempt_id = ${given("attemptId")}, updated_at = ${now}
      where id = ${given("jobId")} and fence = ${given("fence")} and lease_until > ${now} ${shows ? sql`and wish is null` : sql``}
      returning id, tenant_id, fence, lease_until),
    attempt as (
      insert into publish_attempts (id, tenant_id, job_id, fence, step, kind, effect, repeatable, prepared, fingerprint, intent_at, note)
      select ${given("attemptId")}, tenant_id, id, fence, ${given("step")}, ${given("kind")}, ${given("effect")}, ${given("repeatable")},
        ${given("prepared")}::jsonb, ${given("fingerprint")}, ${now}, ${given("note")} from job
      returning intent_at)
    select (select intent_at from attempt) as intent_at, (select lease_until from job) as lease_until,
      (select wish is not null and fence = ${given("fence")} and lease_until > ${now} from publish_jobs where id = ${given("jobId")}) as wished`);
};
const visibleIntent = intentStatement(true);
const otherIntent = intentStatement(false);

/**
 * Commits what is about to be sent. No lease, no intent; no intent, no call. With a visible call of the post the row says
 * from here on that it may be live, and a wish that stands on the row was first: then nothing is sent.
 */
export async function writeIntent(
  db: TenantDb,
  input: IntendInput,
): Promise<{ readonly intentAt: Date; readonly leaseUntil: Date } | "lost" | "wished"> {
  const { intent, jobId, fence, leaseMs } = input;
  const shows = intent.effect === "visible" && (intent.kind === "call" || intent.kind === "native");
  const { step, prepared, repeatable, settleMs, attemptId, effect, timeoutMs, kind, fingerprint, note } = intent;
  const common = { step, prepared, repeatable, settleMs, open: true };
  const written = runSql<{ intent_at: Date | null; lease_until: Date | null; wished: boolean | null }>(
    forTenant(db, input.tenantId),
    (shows ? visibleIntent : otherIntent)({
      ...{ jobId, fence, leaseMs, step, attemptId, kind, effect, repeatable, fingerprint, note },
      common: JSON.stringify(common),
      pending: JSON.stringify({ ...common, attemptId, effect, timeoutMs }),
      connectorState: JSON.stringify(input.connectorState),
      stateVersion: input.stateVersion ?? 1,
      prepared: JSON.stringify(prepared),
    }),
  );
  try {
    const row = (await written).rows[0];
    if (row?.intent_at && row.lease_until) return { intentAt: row.intent_at, leaseUntil: row.lease_until };
    return row?.wished ? "wished" : "lost";
  } catch (error) {
    // A twin was claimed while this one had given up its mark; the next claim waits for it.
    if (isTaken(error, "publish_jobs_in_flight")) return "lost";
    throw error;
  }
}

/** A call that is under way, or has yet to leave, may now end as late as the lease does; nobody looks before. */
export async function renewLease(db: TenantDb, input: Parameters<Ledger["renew"]>[0]): Promise<Date | undefined> {
  const until = sql`domain_now() + ${input.leaseMs} * interval '1 millisecond'`;
  const { rows } = await runSql<{ lease_until: Date }>(
    forTenant(db, input.tenantId),
    sql`update publish_jobs set lease_until = ${until}, wake_at = ${until},
        step_state = case when step_state ? 'visible' and step_state #>> '{pending,open}' = 'true'
          then jsonb_set(step_state, '{visible,endsBy}', to_jsonb(${isoText(until)})) else step_state end
      where id = ${input.jobId} and fence = ${input.fence} and lease_until > domain_now() returning lease_until`,
  );
  return rows[0]?.lease_until;
}
