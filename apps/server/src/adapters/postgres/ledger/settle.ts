import type { AttemptAnswer, JobChange, JobKey, Ledger, SealedSecret } from "@postd/core";
import { inFlightStates } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { isTaken } from "../database-error.ts";
import { compiled, runSql } from "../run-sql.ts";
import { forTenant, type TenantDb } from "../tenant-tx.ts";
import { isKeyGone, sealedUpsert } from "../vault-store.ts";
import { json } from "./patch.ts";
import { storedWish } from "./stored-wish.ts";

type IntendInput = Parameters<Ledger["intend"]>[0];

/** Reading the clock costs more than the row it stamps, so a statement of the hot path reads it once. */
export const clock = sql`clock as materialized (select domain_now() as now)`;
const now = sql`(select now from clock)`;

/** An instant as it stands inside JSON. */
const isoText = (instant: SQL): SQL => sql`to_char((${instant}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

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

/** Commits an answer and how the job goes on; both or neither, and neither for a worker whose fence is old. */
export async function settleJob(
  db: TenantDb,
  input: JobKey & { readonly fence: number; readonly answer?: AttemptAnswer; readonly change: JobChange },
): ReturnType<Ledger["settle"]> {
  const { change, answer } = input;
  const before = change.wake === 0 ? [sql`select pg_notify('postd_due', '')`] : [];
  const update = sql`
      with ${clock}, job as (
        update publish_jobs set ${sql.join(assignments(change, answer), sql`, `)}
        where id = ${input.jobId} and fence = ${input.fence} and state in ('publishing', 'processing', 'unknown', 'handed_over', 'published', 'partly_published')
        returning id)
      ${answer ? sql`, attempt as (${answerUpdate(answer)})` : sql``}
      ${change.sealed === undefined ? sql`` : sql`, kept as (${keptForSteps(input.jobId, change.sealed)})`}
      select count(*)::int as written from job`;
  try {
    const statements = change.granted
      ? [update, endDeletion(input.jobId), wasGranted(input, change.granted)]
      : [update];
    const { rows } = await runSql<{ written: number }>(forTenant(db, input.tenantId), ...before, ...statements);
    return rows[0]?.written === 1 ? "written" : "lost";
  } catch (error) {
    if (isTaken(error, "publish_jobs_external")) return "owned_elsewhere";
    if (isKeyGone(error)) return "key_gone";
    throw error;
  }
}

/** Secrets of the steps change with the row, and only for the worker whose change is written. */
const keptForSteps = (jobId: string, sealed: SealedSecret | null): SQL =>
  sealed
    ? sealedUpsert(sealed, sql`from job`)
    : sql`delete from encrypted_secrets where owner_id = ${jobId} and exists (select 1 from job)`;

/** The last statement's answer is what is read: whether the row has what was to be written. */
const wasGranted = (
  { jobId, fence }: { readonly jobId: string; readonly fence: number },
  { outcome }: NonNullable<JobChange["granted"]>,
): SQL =>
  sql`select count(*)::int as written from publish_jobs where id = ${jobId} and fence = ${fence} and wish_outcome = ${json(outcome)}`;

/** A post somebody wants deleted goes when nothing of it is in doubt, planned, or asked for any more. */
export const endDeletion = (jobId: string): SQL => sql`
  update posts p set deleted_at = domain_now(), deleting = false, updated_at = domain_now()
  where p.id = (select post_id from publish_jobs where id = ${jobId}) and p.deleting and p.deleted_at is null and not exists (
    select 1 from publish_jobs j where j.post_id = p.id
      and (j.may_be_live and j.state not in ('published', 'discarded') or j.wish is not null or j.state in ('scheduled', 'publishing', 'processing', 'retrying', 'held', 'handed_over', 'unknown', 'partly_published')))`;

function answerUpdate(answer: AttemptAnswer): SQL {
  return sql`update publish_attempts set outcome = ${answer.outcome}, answered_at = ${now}, latency_ms = ${answer.latencyMs ?? null},
    failure = ${json(answer.failure ?? null)}, note = coalesce(${answer.note ?? null}, note)
    where id = ${answer.attemptId} and outcome is null and exists (select 1 from job)`;
}

function assignments(change: JobChange, answer: AttemptAnswer | undefined): SQL[] {
  const working = change.wake === "lease";
  const set: SQL[] = [
    sql`state = ${change.state}`,
    sql`held_reason = ${change.heldReason ?? null}`,
    sql`updated_at = ${now}`,
    sql`wake_at = ${wakeAt(change)}`,
    sql`in_flight = ${twinMark(change)}`,
  ];
  if (!working) set.push(sql`lease_until = null`);
  if (change.tries !== undefined) set.push(sql`tries = ${change.tries}`);
  if (change.needsPerson !== undefined) set.push(sql`needs_person = ${change.needsPerson}`);
  if (change.failure !== undefined) set.push(sql`failure = ${json(change.failure)}`);
  if (change.probe !== undefined) set.push(sql`probe = ${json(change.probe)}`);
  if (change.connectorState && change.stateVersion !== undefined) set.push(sql`step_version = ${change.stateVersion}`);
  if (change.sealed !== undefined) set.push(sql`has_sealed = ${change.sealed !== null}`);
  if (change.nativeSchedule === false) set.push(sql`native_schedule = false`);
  if (change.mayBeLive !== undefined) set.push(sql`may_be_live = ${change.mayBeLive}`);
  if (change.scheduledFor) set.push(sql`scheduled_for = ${change.scheduledFor.toISOString()}::timestamptz`);
  if (change.post) set.push(sql`content = ${json(change.post)}`);
  if (change.fingerprint !== undefined) set.push(sql`fingerprint = ${change.fingerprint}`);
  if (change.published) {
    set.push(sql`external_post_id = ${change.published.externalId}`);
    const { permalink = null } = change.published;
    set.push(change.replaced ? sql`permalink = ${permalink}` : sql`permalink = coalesce(${permalink}, permalink)`);
  }
  if (change.replaced) {
    const { externalId: externalPostId, permalink } = change.replaced;
    const before = json({ externalPostId, ...(permalink ? { permalink } : {}) });
    set.push(
      sql`earlier_posts = coalesce(earlier_posts, '[]'::jsonb) || jsonb_build_array(${before} || jsonb_build_object('until', ${isoText(now)}))`,
    );
  }
  if (change.state === "published") set.push(sql`published_at = coalesce(published_at, ${now})`);
  if (change.state === "removed") set.push(sql`removed_at = ${now}`, sql`removed_by = ${change.removedBy ?? "system"}`);
  if (change.partsGone) set.push(sql`parts_gone = true`);
  if (change.granted) {
    const { wish, outcome } = change.granted;
    // One that took its place meanwhile stays; this one's end is told all the same.
    set.push(sql`wish = case when wish = ${json(storedWish(wish))} then null else wish end`);
    set.push(sql`wish_outcome = ${json(outcome)}`);
  }
  const state = change.forgetSteps ? sql`null` : stateExpression(change, answer);
  if (state) set.push(sql`step_state = ${state}`);
  if (change.pending === null || change.pending === "answered") set.push(sql`open_attempt_id = null`);
  return set;
}

/**
 * Twins wait while a job is in flight, and as long as it may be live. The mark is taken with a claim or an intent only:
 * where a person gave it up meanwhile, a twin may have it.
 */
function twinMark(change: JobChange): SQL {
  if (inFlightStates.includes(change.state) || change.mayBeLive === true) return sql`in_flight`;
  return change.mayBeLive === false ? sql`null` : sql`case when may_be_live then in_flight end`;
}

function stateExpression(change: JobChange, answer: AttemptAnswer | undefined): SQL | undefined {
  const { connectorState, pending = "keep", mayBeLive } = change;
  if (connectorState === undefined && pending === "keep" && mayBeLive !== false) return undefined;
  let state = sql`coalesce(step_state, '{}'::jsonb)`;
  if (connectorState !== undefined) state = sql`${state} || jsonb_build_object('connector', ${json(connectorState)})`;
  if (pending === null) state = sql`(${state}) - 'pending'`;
  if (mayBeLive === false) state = sql`(${state}) - 'visible'`;
  // `jsonb_set` leaves alone what has no such parent.
  if (pending === "answered") state = sql`jsonb_set(${state}, '{pending,open}', 'false'::jsonb)`;
  const isTaken = answer?.outcome === "ok" || answer?.outcome === "waiting";
  if (isTaken && mayBeLive !== false) state = sql`jsonb_set(${state}, '{visible,open}', 'false'::jsonb)`;
  return state;
}

/**
 * A wish that came while it was under way is looked at now, and so is one that was known where the job comes to rest and
 * nothing is in doubt. One that was known and waits, for a look or for another try, waits its time.
 */
function wakeAt({ wake, mayBeLive, knownWish, granted }: JobChange): SQL {
  // A worker that was late told what it knows; its lease is gone, so somebody else goes on.
  if (wake === "lease") return sql`coalesce(lease_until, ${now})`;
  const planned = wake === null ? sql`null::timestamptz` : sql`${now} + ${wake} * interval '1 millisecond'`;
  const stands = granted ? sql`wish is not null and wish <> ${json(storedWish(granted.wish))}` : sql`wish is not null`;
  const isNews = knownWish ? sql`wish <> ${json(storedWish(knownWish))}` : sql`true`;
  const isCertain = mayBeLive === undefined ? sql`not may_be_live` : sql`${!mayBeLive}::boolean`;
  return sql`case when ${stands} and (${isNews}${wake === null ? sql` or ${isCertain}` : sql``}) then ${now} else ${planned} end`;
}
