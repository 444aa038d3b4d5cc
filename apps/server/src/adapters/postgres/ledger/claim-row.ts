import { asId, type HeldReason, type JobState } from "@postd/contracts";
import type { Admission, AdmitInput, Circuit, ClaimedJob, JobCircuits, Ledger } from "@postd/core";
import { circuitOf, type StoredCircuit } from "../circuit-row.ts";
import { type JobRow, jobKeyOf, pendingOf, visibleOf } from "./job-row.ts";
import { wishOf } from "./stored-wish.ts";

interface CircuitColumns {
  /** Host of the account's own server; empty where the platform has one address. */
  readonly server?: string;
  readonly platform_circuit?: StoredCircuit | null;
  readonly connection_circuit?: StoredCircuit | null;
}

/** A job's row with what `admit` needs to know beside it. */
export interface ClaimRow extends JobRow, CircuitColumns, Record<string, unknown> {
  readonly now: Date;
  readonly connection_status: AdmitInput["connectionStatus"];
  readonly disconnected_at: Date | null;
  readonly ending_at: Date | null;
  readonly connection_paused: Date | null;
  readonly connection_disabled: Date | null;
  readonly tenant_paused: Date | null;
  readonly instance_paused: Date | null;
  readonly blocked_until: Date | null;
  readonly twin: string | null;
  readonly post_deleted_at: Date | null;
  /** When it last took its place in the budgets of its account. */
  readonly spent_at: Date | null;
}

/** Whatever a job of a deleted post was woken for, it is not sent any more. */
export function withDeletion<R extends ClaimRow>(row: R): R {
  if (row.post_deleted_at === null || row.wish !== null) return row;
  return { ...row, wish: { kind: "delete", by: "system", at: row.post_deleted_at.toISOString(), alsoLive: false } };
}

const circuitsOf = ({ server = "", platform_circuit, connection_circuit }: CircuitColumns): JobCircuits => ({
  server,
  ...(platform_circuit && { platform: circuitOf(platform_circuit) }),
  ...(connection_circuit && { connection: circuitOf(connection_circuit) }),
});

export function admitInput(row: ClaimRow, lateAfterMs: number): AdmitInput {
  const visible = visibleOf(row);
  const { repeatBy } = row.probe ?? {};
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
    mayBeLive: row.may_be_live,
    visible: visible && { ...visible, repeatBy: repeatBy === undefined ? undefined : new Date(repeatBy) },
    wish: wishOf(row.wish),
    isDisabled: row.connection_disabled !== null,
    pausedBy: row.instance_paused
      ? "instance"
      : row.tenant_paused
        ? "tenant"
        : row.connection_paused
          ? "connection"
          : undefined,
    connectionStatus: row.connection_status,
    connection: row.disconnected_at ? "disconnected" : row.ending_at ? "ending" : "connected",
    blockedUntil: row.blocked_until ?? undefined,
    twin: row.twin === null ? undefined : isWorkedOn(row.twin) ? "in_flight" : "unknown",
    isLive: row.external_post_id !== null && row.state !== "handed_over" && !(row.native_schedule && row.may_be_live),
    isDraft: row.state === "handed_over" && row.external_post_id === null,
    circuits: circuitsOf(row),
    lateAfterMs,
  };
}

/** It comes to an end by itself soon; in every other state a twin waits for a look, or for a person. */
const isWorkedOn = (state: string): boolean => state === "publishing" || state === "processing" || state === "retrying";

/** Steps were begun by a version this worker does not know. */
export const isForeign = (row: JobRow, { readsSteps }: Parameters<Ledger["claim"]>[0]): boolean =>
  row.step_state?.connector !== undefined &&
  readsSteps !== undefined &&
  !readsSteps({ platform: row.platform, format: row.content.format, version: row.step_version });

/** The state a claimed job is in while it is worked on; what rests where it stood stays so meanwhile. */
export function workingState(row: JobRow, go: ClaimedJob["admission"]): JobState {
  if (go === "publish" || go === "finish") return "publishing";
  if (row.state === "published" || row.state === "partly_published" || row.state === "handed_over") return row.state;
  return go === "grant" ? "processing" : doubtState(row);
}

/** Whoever changes what is live leaves the rest of a thread held as it was. */
export const workingReason = (row: JobRow, go: ClaimedJob["admission"]): HeldReason | null =>
  go === "grant" ? row.held_reason : null;

/** A post that is live and named is never called unknown as a whole; what is in doubt then is a part of it. */
export const doubtState = (row: JobRow): JobState =>
  row.external_post_id !== null && !row.native_schedule ? "processing" : "unknown";

/** A wait longer than this is shown as held, with its reason. */
const shownAsHeldMs = 15 * 60_000;

/**
 * How a job waits. A long wait the platform asked for is shown as held, and so is one for a platform that does not answer; both
 * count as looked after: the job's time is not missed meanwhile.
 */
export function waiting(
  row: ClaimRow,
  admission: Extract<Admission, { go: "wait" }>,
): { readonly state: JobState; readonly heldReason: HeldReason | undefined; readonly isAttended: boolean } {
  const { why, until } = admission;
  const isLong = why === "outage" || until.getTime() - row.now.getTime() > shownAsHeldMs;
  const isAttended = why !== "twin";
  const isUnsent = !row.may_be_live && row.external_post_id === null && row.state !== "handed_over";
  const goesOn = row.state === "publishing" || row.state === "unknown" ? "retrying" : row.state;
  if (!isAttended || !isLong || !isUnsent) return { state: goesOn, heldReason: undefined, isAttended };
  return { state: "held", heldReason: why === "outage" ? "outage" : "quota", isAttended };
}

/** A claimed row as the pipeline works on it; `row` is as it was before the claim. */
export function claimedJob(
  row: JobRow & CircuitColumns,
  { go, probes }: { readonly go: ClaimedJob["admission"]; readonly probes?: Circuit },
  leaseUntil: Date,
): ClaimedJob {
  const pending = pendingOf(row);
  return {
    ...jobKeyOf(row),
    postId: asId("post", row.post_id),
    connectionId: asId("connection", row.connection_id),
    platform: row.platform,
    admission: go,
    state: row.state,
    heldReason: row.held_reason ?? undefined,
    fence: Number(row.fence) + 1,
    leaseUntil,
    scheduledFor: row.scheduled_for,
    tries: row.tries,
    post: row.content,
    fingerprint: row.fingerprint,
    steps: row.step_state?.connector,
    stateVersion: row.step_version,
    hasSealed: row.has_sealed,
    pending: pending && { ...pending, open: false },
    mayBeLive: row.may_be_live,
    visible: visibleOf(row),
    wish: wishOf(row.wish),
    published:
      row.external_post_id === null
        ? undefined
        : { externalId: row.external_post_id, ...(row.permalink ? { permalink: row.permalink } : {}) },
    probe: row.probe ?? undefined,
    nativeSchedule: row.native_schedule,
    simulated: row.simulated,
    firstClaim: row.first_claimed_at === null,
    circuits: circuitsOf(row),
    ...(probes && { asksForAll: { key: probes.key, fence: probes.fence + 1 } }),
  };
}
