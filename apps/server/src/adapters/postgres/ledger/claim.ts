import {
  type Admission,
  type AskedBudget,
  admit,
  type Circuit,
  type ClaimedJob,
  type ConnectionWithSecret,
  circuitRules,
  type JobPatch,
  type Ledger,
  otherSteps,
  settledWish,
} from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { type ServerExtras, serverOf } from "../circuit-row.ts";
import { type ConnectionRead, connectionOfJob, connectionRead } from "../connections-read.ts";
import { isTaken } from "../database-error.ts";
import { compiled, runBoth, runSql } from "../run-sql.ts";
import { forTenant, type TenantDb } from "../tenant-tx.ts";
import { type ClaimBudgets, isUsedUp, type Places, placesFor, waitingFor } from "./claim-budgets.ts";
import {
  admitInput,
  type ClaimRow,
  claimedJob,
  doubtState,
  isForeign,
  waiting,
  withDeletion,
  workingReason,
  workingState,
} from "./claim-row.ts";
import { clock } from "./domain-time.ts";
import { factsOf, type StoredState } from "./job-row.ts";
import { dropsSealed, forgetSealed, json, patchAssignments } from "./patch.ts";
import { endDeletion } from "./settle.ts";
import { wishOf } from "./stored-wish.ts";

type ClaimInput = Parameters<Ledger["claim"]>[0];

/**
 * Reads the job, asks `admit`, and writes what it says by compare-and-set on what was read: a claim with a new fence and
 * lease, a hold, a wait, a settled wish, or that it is in doubt after a crash. Whoever is second finds the row changed and
 * is refused.
 */
export async function claimJob(
  db: TenantDb,
  input: ClaimInput,
  serverExtras: ServerExtras,
  budgets?: ClaimBudgets,
): Promise<ClaimedJob | { readonly refused: string }> {
  const { job, connection } = await readJob(db, input, serverExtras);
  if (!job) return { refused: "gone" };
  const row = withDeletion(job);
  const admission = admit(admitInput(row, input.lateAfterMs));
  const attempt = () => apply(db, row, admission, input, budgets);
  try {
    // Where another job took the last place in the same moment, it is seen at once how long this one waits.
    const answer = await attempt().catch((error: unknown) => (isUsedUp(error) ? attempt() : Promise.reject(error)));
    // Another job took the probe in the same moment: this one waits like all others, and is not left due.
    if (answer === noLonger && "probes" in admission) return await claimJob(db, input, serverExtras, budgets);
    return "refused" in answer || !connection ? answer : { ...answer, connection };
  } catch (error) {
    if (isUsedUp(error)) {
      await change(db, row, sql`wake_at = domain_now() + interval '1 second'`);
      return { refused: "quota" };
    }
    if (!isTaken(error, "publish_jobs_in_flight")) throw error;
    // Two of one fingerprint were claimed in the same moment; this one waits for the other.
    const wait = sql`wake_at = domain_now() + interval '2 seconds'`;
    await change(db, row, wait);
    return { refused: "twin" };
  }
}

const jobToClaim = compiled(sql`
  select j.*, domain_now() as now, c.status as connection_status, c.disconnected_at, c.ending_at, c.paused_at as connection_paused, c.disabled_at as connection_disabled,
    greatest(c.blocked_until, b.until, cb.until) as blocked_until, t.paused_at as tenant_paused, i.paused_at as instance_paused,
    (select deleted_at from posts where id = j.post_id) as post_deleted_at,
    s.server, case when pc.key is not null then to_jsonb(pc) end as platform_circuit, case when cc.key is not null then to_jsonb(cc) end as connection_circuit,
    (select case when k.state = 'processing' and k.may_be_live then 'unknown' else k.state end from publish_jobs k where k.connection_id = j.connection_id and k.in_flight = j.fingerprint and k.id <> j.id) as twin
  from publish_jobs j join connections c on c.id = j.connection_id join tenants t on t.id = j.tenant_id cross join instance i
    left join app_blocks b on b.platform = j.platform and b.auth_kind = c.auth_kind and b.simulated = j.simulated and c.app_id = 'instance'
    left join client_blocks cb on cb.platform = j.platform and cb.auth_kind = c.auth_kind and cb.simulated = j.simulated and cb.client_id = c.client_id
    cross join lateral (select ${serverOf(sql`c.extras`, sql`j.platform`, sql.placeholder("serverExtras"))} as server) s
    left join circuits pc on pc.key = j.platform || case when j.simulated then ':simulated:' else ':real:' end || s.server
    left join circuits cc on cc.key = j.connection_id
  where j.id = ${sql.placeholder("jobId")}`);

/** With the job its connection, as whoever claims it acts for it at once: one round trip. */
async function readJob(
  db: TenantDb,
  { tenantId, jobId }: ClaimInput,
  serverExtras: ServerExtras,
): Promise<{ readonly job: ClaimRow | undefined; readonly connection: ConnectionWithSecret | undefined }> {
  const { first, second } = await runBoth<ClaimRow, ConnectionRead>(
    forTenant(db, tenantId),
    jobToClaim({ jobId, serverExtras: JSON.stringify(serverExtras) }),
    connectionOfJob({ jobId }),
  );
  return { job: first[0], connection: connectionRead(second[0], tenantId) };
}

interface ChangeMore {
  readonly after?: readonly SQL[];
  /** The circuit it waits for from here on; absent: none. */
  readonly waitsFor?: string;
  /** The probe that is taken with the row: both or neither. */
  readonly takes?: { readonly circuit: Circuit; readonly owner: string };
  /** Places in budgets that are taken with the row: all or none. */
  readonly spends?: readonly AskedBudget[];
}

/** Only one of all workers moves the fence on from what its claim read. */
const probeTaken = ({ circuit, owner }: NonNullable<ChangeMore["takes"]>, row: ClaimRow): SQL => sql`
  mine as (select 1 from publish_jobs where ${asRead(row)} for update),
  probe as (
    update circuits set state = 'half_open', fence = fence + 1, probe_owner = ${owner}, updated_at = (select now from clock),
      probe_until = (select now from clock) + ${circuitRules.probeLeaseMs} * interval '1 millisecond'
    where key = ${circuit.key} and fence = ${circuit.fence} and state = ${circuit.state} and exists (select 1 from mine) returning 1),`;

const asRead = (row: ClaimRow): SQL =>
  sql`id = ${row.id} and fence = ${row.fence} and state = ${row.state} and wake_at = ${row.wake_at?.toISOString() ?? null}::timestamptz`;

/**
 * Changes the row if it is still as it was read, and closes the intent a dead worker left: it has no answer and never
 * will; its prepared value stays for the repeat.
 */
async function change(
  db: TenantDb,
  row: ClaimRow,
  assignments: SQL,
  { after = [], waitsFor, takes, spends = [] }: ChangeMore = {},
): Promise<boolean> {
  const spent =
    spends.length === 0
      ? sql``
      : sql`, (select spend_budgets(${row.connection_id}, ${JSON.stringify(spends)}::jsonb) from job) as spent`;
  const pending = row.step_state?.pending;
  const lost = pending?.open ? pending : undefined;
  const closed: StoredState | undefined = lost && { ...row.step_state, pending: { ...lost, open: false } };
  const { rows } = await runSql<{ changed: number }>(
    forTenant(db, row.tenant_id),
    sql`
    with ${clock}, ${takes ? probeTaken(takes, row) : sql``} job as (
      update publish_jobs set ${assignments}${closed ? sql`, step_state = ${json(closed)}` : sql``}, waits_for = ${waitsFor ?? null}, updated_at = (select now from clock)
      where ${asRead(row)}${takes ? sql` and exists (select 1 from probe)` : sql``}
      returning id),
    attempt as (
      update publish_attempts set outcome = 'lost', answered_at = (select now from clock), note = 'No answer was recorded: the connection or the process was cut.'
      where id = ${lost?.attemptId ?? null} and outcome is null and exists (select 1 from job))
    select (select count(*)::int from job) as changed${spent}`,
    ...after,
  );
  return rows[0]?.changed === 1;
}

type Wait = Extract<Admission, { go: "wait" }>;
const isOutage = (wait: Wait): wait is Extract<Wait, { why: "outage" }> => wait.why === "outage";
const isQuota = (wait: Wait): wait is Extract<Wait, { why: "quota" }> => wait.why === "quota";

/** Thousands may wait for one platform, and are not to wake in one moment. */
const unhurried = (until: SQL): SQL => sql`${until} + random() * interval '5 minutes'`;

const noLonger = { refused: "changed meanwhile" };

async function apply(
  db: TenantDb,
  row: ClaimRow,
  admission: Admission,
  input: ClaimInput,
  budgets: ClaimBudgets | undefined,
): Promise<ClaimedJob | { readonly refused: string }> {
  switch (admission.go) {
    case "no":
      // Nothing is left to do, so nothing wakes it again.
      if (admission.why === "settled" && row.wake_at !== null) await change(db, row, sql`wake_at = null`);
      return { refused: admission.why };
    case "wait": {
      const until = sql`${admission.until.toISOString()}::timestamptz`;
      const { state, heldReason, isAttended } = waiting(row, admission);
      const says = isQuota(admission) && row.external_post_id === null ? admission.says : undefined;
      await change(
        db,
        row,
        sql`state = ${state}, lease_until = null, wake_at = ${isOutage(admission) ? unhurried(until) : until}
          ${heldReason ? sql`, held_reason = ${heldReason}, in_flight = null` : sql``} ${isAttended ? sql`, released_at = ${until}` : sql``}
          ${says === undefined ? sql`` : sql`, failure = ${json(waitingFor(says, row, heldReason))}`}`,
        isOutage(admission) ? { waitsFor: admission.waitsFor } : {},
      );
      return { refused: admission.why };
    }
    case "hold": {
      const wakeAt =
        admission.reason === "paused" || admission.reason === "disabled"
          ? sql`domain_now() + interval '1 minute'`
          : sql`null`;
      const state = row.external_post_id === null ? "held" : "partly_published";
      await change(
        db,
        row,
        sql`state = ${state}, held_reason = ${admission.reason}, wake_at = ${wakeAt}, in_flight = null, lease_until = null
          ${admission.reason === "missed" ? sql`, missed_at = domain_now()` : sql``}`,
      );
      return { refused: `held: ${admission.reason}` };
    }
    case "look_later": {
      const lookAt = admission.at.toISOString();
      const probe = JSON.stringify({
        since: row.probe?.since ?? row.now.toISOString(),
        looks: row.probe?.looks ?? 0,
        saw: row.probe?.saw ?? [],
        nextAt: lookAt,
      });
      await change(
        db,
        row,
        sql`state = ${doubtState(row)}, held_reason = null, wake_at = ${lookAt}::timestamptz, lease_until = null, probe = ${probe}::jsonb`,
        admission.waitsFor === undefined ? {} : { waitsFor: admission.waitsFor },
      );
      return { refused: "in doubt until looked at" };
    }
    case "ask":
      await change(
        db,
        row,
        sql`state = ${row.external_post_id === null || row.native_schedule ? "unknown" : "partly_published"}, wake_at = null, needs_person = true, lease_until = null`,
      );
      return { refused: "a person is asked" };
    case "settle_wish":
      await settleWish(db, row);
      return { refused: "a wish was settled" };
    case "publish":
    case "finish":
    case "probe":
    case "verify":
    case "grant":
      if (isForeign(row, input)) return { refused: otherSteps };
      return (await withinBudgets(db, row, admission, input, budgets)) ?? noLonger;
    default:
      admission satisfies never;
      throw new Error("an admission has no write");
  }
}

async function settleWish(db: TenantDb, row: ClaimRow): Promise<void> {
  const wish = wishOf(row.wish);
  if (!wish) return;
  const facts = { ...factsOf(row, row.now), can: { remove: false, editWords: false } };
  const isLive = row.external_post_id !== null && row.state !== "failed";
  const patch: JobPatch = settledWish(facts, wish);
  // A live post that somebody wanted deleted, without saying that live ones go too, is theirs to see.
  const after = isLive
    ? [sql`update posts set deleting = false where id = ${row.post_id} and ${wish.kind === "delete"}`]
    : [endDeletion(row.id)];
  if (dropsSealed(row, patch)) after.push(forgetSealed(row.id));
  await change(db, row, sql.join(patchAssignments(patch).slice(1), sql`, `), { after });
}

type Taking = { readonly go: ClaimedJob["admission"]; readonly probes?: Circuit };

/** Takes the job if the budgets of its account have room, and makes it wait if not. */
async function withinBudgets(
  db: TenantDb,
  row: ClaimRow,
  taking: Taking,
  input: ClaimInput,
  budgets: ClaimBudgets | undefined,
): Promise<ClaimedJob | { readonly refused: string } | undefined> {
  const places = await placesFor(row, taking.go, budgets);
  if ("until" in places) return apply(db, row, { go: "wait", why: "quota", ...places }, input, budgets);
  const taken = await take(db, row, taking, input, places);
  if (taken) places.taken();
  return taken;
}

async function take(
  db: TenantDb,
  row: ClaimRow,
  { go, probes }: Taking,
  input: ClaimInput,
  { spends, isSpent }: Pick<Places, "spends" | "isSpent">,
): Promise<ClaimedJob | undefined> {
  const leaseUntil = new Date(row.now.getTime() + input.leaseMs);
  const until = leaseUntil.toISOString();
  const state = workingState(row, go);
  const mark = go === "publish" ? sql`fingerprint` : sql`in_flight`;
  const taken = await change(
    db,
    row,
    sql`state = ${state}, held_reason = ${workingReason(row, go)}, fence = fence + 1, lease_owner = ${input.owner}, lease_until = ${until}::timestamptz,
      wake_at = ${until}::timestamptz, in_flight = ${mark}, wish = coalesce(wish, ${json(row.wish)}), first_claimed_at = coalesce(first_claimed_at, (select now from clock))
      ${isSpent ? sql`, spent_at = (select now from clock)` : sql``}`,
    { spends, ...(probes && { takes: { circuit: probes, owner: input.owner } }) },
  );
  if (!taken) return undefined;
  return claimedJob(row, probes ? { go, probes } : { go }, leaseUntil);
}
