import { asId } from "@postd/contracts";
import type { AttemptAnswer, JobChange, JobKey, Ledger, SealedSecret } from "@postd/core";
import { inFlightStates } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { isTaken } from "../database-error.ts";
import { compiled, runSql } from "../run-sql.ts";
import { forTenant, type TenantDb } from "../tenant-tx.ts";
import { isKeyGone, sealedUpsert } from "../vault-store.ts";
import { clock, isoText, now } from "./domain-time.ts";
import { json } from "./patch.ts";
import { storedWish } from "./stored-wish.ts";

type SettleInput = JobKey & { readonly fence: number; readonly answer?: AttemptAnswer; readonly change: JobChange };
type Plain = string | number | boolean | null;
/** How a value stands in a statement: itself, or a place for it. */
type Place = (name: string, value: Plain) => SQL;
const literally: Place = (_name, value) => sql`${value}`;

const settleStatement = ({ jobId, fence, change, answer }: SettleInput, place: Place): SQL => sql`
      with ${clock}, job as (
        update publish_jobs set ${sql.join(assignments(change, answer, place), sql`, `)}
        where id = ${place("jobId", jobId)} and fence = ${place("fence", fence)} and state in ('publishing', 'processing', 'unknown', 'handed_over', 'published', 'partly_published')
        returning id)
      ${answer ? sql`, attempt as (${answerUpdate(answer, place)})` : sql``}
      ${change.sealed === undefined ? sql`` : sql`, kept as (${keptForSteps(jobId, change.sealed)})`}
      select count(*)::int as written from job`;

/** A change and an answer as they are when a post is simply out. */
const simplyOut = {
  jobId: asId("publishJob", ""),
  tenantId: asId("tenant", ""),
  fence: 0,
  answer: { attemptId: "", outcome: "ok", latencyMs: 0 },
  change: {
    state: "published",
    wake: null,
    pending: null,
    mayBeLive: false,
    tries: 0,
    failure: null,
    probe: null,
    needsPerson: false,
    published: { externalId: "" },
    connectorState: {},
    stateVersion: 1,
  },
} satisfies SettleInput;
const fieldsOf = (value: object): string =>
  Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name]) => name)
    .sort()
    .join();
const plainFields = { change: fieldsOf(simplyOut.change), answer: fieldsOf(simplyOut.answer) };

/** Nearly every run ends like this, so the statement for it is put together once: anything that differs in form is written anew. */
const isPlainEnd = ({ change, answer }: SettleInput): boolean =>
  change.state === "published" &&
  change.wake === null &&
  change.pending === null &&
  change.mayBeLive === false &&
  change.failure === null &&
  change.probe === null &&
  answer?.outcome === "ok" &&
  fieldsOf(change) === plainFields.change &&
  fieldsOf(answer) === plainFields.answer;

const plainEnd = compiled(settleStatement(simplyOut, (name) => sql`${sql.placeholder(name)}`));

const plainValues = ({ jobId, fence, change, answer }: SettleInput): Readonly<Record<string, Plain>> => ({
  jobId,
  fence,
  state: change.state,
  tries: change.tries ?? 0,
  needsPerson: change.needsPerson ?? false,
  stateVersion: change.stateVersion ?? 1,
  externalId: change.published?.externalId ?? null,
  permalink: change.published?.permalink ?? null,
  connectorState: JSON.stringify(change.connectorState),
  attemptId: answer?.attemptId ?? null,
  outcome: answer?.outcome ?? null,
  latencyMs: answer?.latencyMs ?? null,
});

/** Commits an answer and how the job goes on; both or neither, and neither for a worker whose fence is old. */
export async function settleJob(db: TenantDb, input: SettleInput): ReturnType<Ledger["settle"]> {
  const { change } = input;
  const before = change.wake === 0 ? [sql`select pg_notify('postd_due', '')`] : [];
  const update = isPlainEnd(input) ? plainEnd(plainValues(input)) : settleStatement(input, literally);
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

function answerUpdate({ attemptId, outcome, latencyMs, failure, note }: AttemptAnswer, place: Place): SQL {
  return sql`update publish_attempts set outcome = ${place("outcome", outcome)}, answered_at = ${now}, latency_ms = ${place("latencyMs", latencyMs ?? null)},
    failure = ${json(failure ?? null)}${note === undefined ? sql`` : sql`, note = ${note}`}
    where id = ${place("attemptId", attemptId)} and outcome is null and exists (select 1 from job)`;
}

function assignments(change: JobChange, answer: AttemptAnswer | undefined, place: Place): SQL[] {
  const working = change.wake === "lease";
  const set: SQL[] = [
    sql`state = ${place("state", change.state)}`,
    sql`held_reason = ${change.heldReason ?? null}`,
    sql`updated_at = ${now}`,
    sql`wake_at = ${wakeAt(change)}`,
    sql`in_flight = ${twinMark(change)}`,
  ];
  if (!working) set.push(sql`lease_until = null`);
  if (change.tries !== undefined) set.push(sql`tries = ${place("tries", change.tries)}`);
  if (change.needsPerson !== undefined) set.push(sql`needs_person = ${place("needsPerson", change.needsPerson)}`);
  if (change.failure !== undefined) set.push(sql`failure = ${json(change.failure)}`);
  if (change.probe !== undefined) set.push(sql`probe = ${json(change.probe)}`);
  if (change.connectorState && change.stateVersion !== undefined)
    set.push(sql`step_version = ${place("stateVersion", change.stateVersion)}`);
  if (change.sealed !== undefined) set.push(sql`has_sealed = ${change.sealed !== null}`);
  if (change.nativeSchedule === false) set.push(sql`native_schedule = false`);
  if (change.mayBeLive !== undefined) set.push(sql`may_be_live = ${change.mayBeLive}`);
  if (change.scheduledFor) set.push(sql`scheduled_for = ${change.scheduledFor.toISOString()}::timestamptz`);
  if (change.post) set.push(sql`content = ${json(change.post)}`);
  if (change.fingerprint !== undefined) set.push(sql`fingerprint = ${change.fingerprint}`);
  if (change.published) {
    const { externalId, permalink = null } = change.published;
    set.push(sql`external_post_id = ${place("externalId", externalId)}`);
    const named = place("permalink", permalink);
    set.push(change.replaced ? sql`permalink = ${named}` : sql`permalink = coalesce(${named}, permalink)`);
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
  const state = change.forgetSteps ? sql`null` : stateExpression(change, answer, place);
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

function stateExpression(change: JobChange, answer: AttemptAnswer | undefined, place: Place): SQL | undefined {
  const { connectorState, pending = "keep", mayBeLive } = change;
  if (connectorState === undefined && pending === "keep" && mayBeLive !== false) return undefined;
  let state = sql`coalesce(step_state, '{}'::jsonb)`;
  if (connectorState !== undefined)
    state = sql`${state} || jsonb_build_object('connector', ${place("connectorState", JSON.stringify(connectorState))}::jsonb)`;
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
