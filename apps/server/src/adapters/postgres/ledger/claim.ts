import { asId } from "@postd/contracts";
import { type Admission, type AdmitInput, admit, type ClaimedJob, type Ledger } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { isTaken } from "../database-error.ts";
import { scopedSql } from "../scoped-sql.ts";
import type { TenantDb } from "../tenant-tx.ts";
import { type JobRow, jobKeyOf, pendingOf, type StoredState } from "./job-row.ts";

interface ClaimRow extends JobRow, Record<string, unknown> {
  readonly now: Date;
  readonly connection_status: AdmitInput["connectionStatus"];
  readonly disconnected_at: Date | null;
  readonly connection_paused: Date | null;
  readonly tenant_paused: Date | null;
  readonly instance_paused: Date | null;
  readonly blocked_until: Date | null;
  readonly twin: string | null;
}

type ClaimInput = Parameters<Ledger["claim"]>[0];

/**
 * Reads the job, asks `admit`, and writes what it says by compare-and-set on what was read: a claim with a new fence and
 * lease, a hold, a wait, or `unknown` after a crash. Whoever is second finds the row changed and is refused.
 */
export async function claimJob(db: TenantDb, input: ClaimInput): Promise<ClaimedJob | { readonly refused: string }> {
  const row = await readJob(db, input);
  if (!row) return { refused: "gone" };
  const admission = admit(admitInput(row, input.lateAfterMs));
  try {
    return await apply(db, row, admission, input);
  } catch (error) {
    if (!isTaken(error, "publish_jobs_in_flight")) throw error;
    // Two of one fingerprint were claimed in the same moment; this one waits for the other.
    const wait = sql`wake_at = domain_now() + interval '2 seconds'`;
    await change(db, row, wait);
    return { refused: "twin" };
  }
}

async function readJob(db: TenantDb, input: ClaimInput): Promise<ClaimRow | undefined> {
  const { rows } = await scopedSql<ClaimRow>(
    db,
    input.tenantId,
    sql`
    select j.*, domain_now() as now, c.status as connection_status, c.disconnected_at, c.paused_at as connection_paused,
      c.blocked_until, t.paused_at as tenant_paused, i.paused_at as instance_paused,
      (select k.state from publish_jobs k where k.connection_id = j.connection_id and k.in_flight = j.fingerprint and k.id <> j.id) as twin
    from publish_jobs j join connections c on c.id = j.connection_id join tenants t on t.id = j.tenant_id cross join instance i
    where j.id = ${input.jobId}`,
  );
  return rows[0];
}

/**
 * Changes the row if it is still as it was read, and closes the intent a dead worker left: it has no answer and never
 * will; its prepared value stays for the repeat.
 */
async function change(db: TenantDb, row: ClaimRow, assignments: SQL): Promise<boolean> {
  const pending = row.step_state?.pending;
  const lost = pending?.open ? pending : undefined;
  const closed: StoredState | undefined = lost && { ...row.step_state, pending: { ...lost, open: false } };
  const { rows } = await scopedSql<{ changed: number }>(
    db,
    row.tenant_id,
    sql`
    with job as (
      update publish_jobs set ${assignments}${closed ? sql`, step_state = ${JSON.stringify(closed)}::jsonb` : sql``}, updated_at = domain_now()
      where id = ${row.id} and fence = ${row.fence} and state = ${row.state} and wake_at = ${row.wake_at?.toISOString() ?? null}::timestamptz
      returning id),
    attempt as (
      update publish_attempts set outcome = 'lost', answered_at = domain_now(), note = 'No answer was recorded: the connection or the process was cut.'
      where id = ${lost?.attemptId ?? null} and outcome is null and exists (select 1 from job))
    select count(*)::int as changed from job`,
  );
  return rows[0]?.changed === 1;
}

function admitInput(row: ClaimRow, lateAfterMs: number): AdmitInput {
  const pending = pendingOf(row);
  return {
    now: row.now,
    state: row.state,
    heldReason: row.held_reason ?? undefined,
    wakeAt: row.wake_at ?? undefined,
    scheduledFor: row.scheduled_for,
    createdAt: row.created_at,
    releasedAt: row.released_at ?? undefined,
    firstClaimedAt: row.first_claimed_at ?? undefined,
    leaseUntil: row.lease_until ?? undefined,
    open: pending?.open ? pending : undefined,
    pausedBy: row.instance_paused
      ? "instance"
      : row.tenant_paused
        ? "tenant"
        : row.connection_paused
          ? "connection"
          : undefined,
    connectionStatus: row.connection_status,
    disconnected: row.disconnected_at !== null,
    blockedUntil: row.blocked_until ?? undefined,
    twin: row.twin === null ? undefined : row.twin === "unknown" ? "unknown" : "in_flight",
    isLive: row.external_post_id !== null,
    lateAfterMs,
  };
}

const noLonger = { refused: "changed meanwhile" };

async function apply(
  db: TenantDb,
  row: ClaimRow,
  admission: Admission,
  input: ClaimInput,
): Promise<ClaimedJob | { readonly refused: string }> {
  switch (admission.go) {
    case "no":
      return { refused: admission.why };
    case "wait": {
      const state = row.state === "publishing" ? "retrying" : row.state;
      await change(
        db,
        row,
        sql`state = ${state}, lease_until = null, wake_at = ${admission.until.toISOString()}::timestamptz`,
      );
      return { refused: admission.why };
    }
    case "hold": {
      const wakeAt = admission.reason === "paused" ? sql`domain_now() + interval '1 minute'` : sql`null`;
      await change(
        db,
        row,
        sql`state = 'held', held_reason = ${admission.reason}, wake_at = ${wakeAt}, in_flight = null, lease_until = null`,
      );
      return { refused: `held: ${admission.reason}` };
    }
    case "unknown": {
      const lookAt = admission.lookAt.toISOString();
      const probe = JSON.stringify({ since: row.now.toISOString(), looks: 0, saw: [], nextAt: lookAt });
      await change(
        db,
        row,
        sql`state = 'unknown', wake_at = ${lookAt}::timestamptz, lease_until = null, probe = ${probe}::jsonb`,
      );
      return { refused: "unknown until looked at" };
    }
    case "publish":
    case "probe":
    case "verify":
      return (await take(db, row, admission.go, input)) ?? noLonger;
    default:
      admission satisfies never;
      throw new Error("an admission has no write");
  }
}

async function take(
  db: TenantDb,
  row: ClaimRow,
  go: ClaimedJob["admission"],
  input: ClaimInput,
): Promise<ClaimedJob | undefined> {
  const leaseUntil = new Date(row.now.getTime() + input.leaseMs);
  const until = leaseUntil.toISOString();
  const state = go === "publish" ? "publishing" : row.state;
  const taken = await change(
    db,
    row,
    sql`state = ${state}, held_reason = null, fence = fence + 1, lease_owner = ${input.owner}, lease_until = ${until}::timestamptz,
      wake_at = ${until}::timestamptz, in_flight = fingerprint, first_claimed_at = coalesce(first_claimed_at, domain_now())`,
  );
  if (!taken) return undefined;
  const pending = pendingOf(row);
  return {
    ...jobKeyOf(row),
    postId: asId("post", row.post_id),
    connectionId: asId("connection", row.connection_id),
    platform: row.platform,
    admission: go,
    fence: Number(row.fence) + 1,
    leaseUntil,
    scheduledFor: row.scheduled_for,
    tries: row.tries,
    post: row.content,
    fingerprint: row.fingerprint,
    state: row.step_state?.connector,
    pending: pending && { ...pending, open: false },
    published:
      row.external_post_id === null
        ? undefined
        : { externalId: row.external_post_id, ...(row.permalink ? { permalink: row.permalink } : {}) },
    probe: row.probe ?? undefined,
    nativeSchedule: row.native_schedule,
    simulated: row.simulated,
    firstClaim: row.first_claimed_at === null,
  };
}
