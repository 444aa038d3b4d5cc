import { asId } from "@postd/contracts";
import { type Admission, type AdmitInput, admit, type ClaimedJob, type Ledger } from "@postd/core";
import { sql } from "drizzle-orm";
import type { Executor } from "../pools.ts";
import { runSql } from "../run-sql.ts";
import { type TenantDb, withTenant } from "../tenant-tx.ts";
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
 * Reads the job under its lock, asks `admit`, and writes what it says: a claim with a new fence and lease, a hold, a
 * wait, or `unknown` after a crash. A row another worker is claiming this moment is skipped, not waited for.
 */
export async function claimJob(db: TenantDb, input: ClaimInput): Promise<ClaimedJob | { readonly refused: string }> {
  try {
    return await withTenant(db, input.tenantId, async (tx) => {
      const row = await lockJob(tx, input.jobId);
      if (!row) return { refused: "gone or busy" };
      const admission = admit(admitInput(row, input.lateAfterMs));
      return apply(tx, row, admission, input);
    });
  } catch (error) {
    if (!isTwinRace(error)) throw error;
    // Two of one fingerprint were claimed in the same moment; this one waits for the other.
    await withTenant(db, input.tenantId, (tx) =>
      runSql<object>(
        tx,
        sql`update publish_jobs set wake_at = domain_now() + interval '2 seconds' where id = ${input.jobId}`,
      ),
    );
    return { refused: "twin in flight" };
  }
}

async function lockJob(tx: Executor, jobId: string): Promise<ClaimRow | undefined> {
  const { rows } = await runSql<ClaimRow>(
    tx,
    sql`
    select j.*, domain_now() as now, c.status as connection_status, c.disconnected_at, c.paused_at as connection_paused,
      c.blocked_until, t.paused_at as tenant_paused, i.paused_at as instance_paused,
      (select k.state from publish_jobs k where k.connection_id = j.connection_id and k.in_flight = j.fingerprint and k.id <> j.id) as twin
    from publish_jobs j join connections c on c.id = j.connection_id join tenants t on t.id = j.tenant_id cross join instance i
    where j.id = ${jobId} for update of j skip locked`,
  );
  return rows[0];
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

async function apply(
  tx: Executor,
  row: ClaimRow,
  admission: Admission,
  input: ClaimInput,
): Promise<ClaimedJob | { readonly refused: string }> {
  switch (admission.go) {
    case "no":
      return { refused: admission.why };
    case "wait":
      await closeLost(tx, row);
      await runSql<object>(
        tx,
        sql`update publish_jobs set state = case when state = 'publishing' then 'retrying' else state end,
        lease_until = null, wake_at = ${admission.until.toISOString()}::timestamptz, updated_at = domain_now() where id = ${row.id}`,
      );
      return { refused: admission.why };
    case "hold":
      await closeLost(tx, row);
      await runSql<object>(
        tx,
        sql`update publish_jobs set state = 'held', held_reason = ${admission.reason},
        wake_at = ${admission.reason === "paused" ? sql`domain_now() + interval '1 minute'` : sql`null`}, in_flight = null,
        lease_until = null, updated_at = domain_now() where id = ${row.id}`,
      );
      return { refused: `held: ${admission.reason}` };
    case "unknown": {
      const probe = JSON.stringify({
        since: row.now.toISOString(),
        looks: 0,
        saw: [],
        nextAt: admission.lookAt.toISOString(),
      });
      await closeLost(tx, row);
      await runSql<object>(
        tx,
        sql`update publish_jobs set state = 'unknown', wake_at = ${admission.lookAt.toISOString()}::timestamptz,
        lease_until = null, probe = ${probe}::jsonb, updated_at = domain_now() where id = ${row.id}`,
      );
      return { refused: "unknown until looked at" };
    }
    case "publish":
    case "probe":
    case "verify":
      return take(tx, row, admission.go, input);
    default:
      admission satisfies never;
      throw new Error("an admission has no write");
  }
}

async function take(tx: Executor, row: ClaimRow, go: ClaimedJob["admission"], input: ClaimInput): Promise<ClaimedJob> {
  await closeLost(tx, row);
  const leaseUntil = new Date(row.now.getTime() + input.leaseMs);
  const until = leaseUntil.toISOString();
  const state = go === "publish" ? "publishing" : row.state;
  await runSql<object>(
    tx,
    sql`update publish_jobs set state = ${state}, held_reason = null, fence = fence + 1, lease_owner = ${input.owner},
    lease_until = ${until}::timestamptz, wake_at = ${until}::timestamptz, in_flight = fingerprint,
    first_claimed_at = coalesce(first_claimed_at, domain_now()), updated_at = domain_now() where id = ${row.id}`,
  );
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

/** The intent a dead worker left has no answer and never will; its row says so, and its prepared value stays. */
async function closeLost(tx: Executor, row: ClaimRow): Promise<void> {
  const pending = row.step_state?.pending;
  if (!pending?.open) return;
  const stored: StoredState = { ...row.step_state, pending: { ...pending, open: false } };
  await runSql<object>(
    tx,
    sql`update publish_attempts set outcome = 'lost', answered_at = domain_now(), note = 'No answer was recorded: the connection or the process was cut.'
    where id = ${pending.attemptId} and outcome is null`,
  );
  await runSql<object>(
    tx,
    sql`update publish_jobs set step_state = ${JSON.stringify(stored)}::jsonb where id = ${row.id}`,
  );
}

function isTwinRace(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return (
    typeof cause === "object" &&
    cause !== null &&
    "constraint" in cause &&
    cause.constraint === "publish_jobs_in_flight"
  );
}
