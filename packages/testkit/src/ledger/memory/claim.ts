import type { JobState } from "@postd/contracts";
import {
  type Admission,
  admit,
  type Circuit,
  type ClaimedJob,
  type Ledger,
  otherSteps,
  settledWish,
} from "@postd/core";
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
} from "../../../../../apps/server/src/adapters/postgres/ledger/claim-row.ts";
import { factsOf } from "../../../../../apps/server/src/adapters/postgres/ledger/job-row.ts";
import { wishOf } from "../../../../../apps/server/src/adapters/postgres/ledger/stored-wish.ts";
import { circuitColumns, takeProbe } from "./circuits.ts";
import { endDeletion } from "./deletion.ts";
import { patched } from "./patch.ts";
import { connectionOf, jobOf, later, type MemoryJob, nowOf, putJob, Refused, type Tables } from "./rows.ts";

type ClaimInput = Parameters<Ledger["claim"]>[0];
type Claim = ClaimedJob | { readonly refused: string };

/** The claim as one moment: read, admit, write. */
export function claim(tables: Tables, input: ClaimInput): Claim {
  const stored = jobOf(tables, input.tenantId, input.jobId);
  if (!stored) return { refused: "gone" };
  const seen = withDeletion(claimRow(tables, stored));
  const row: MemoryJob = seen.wish === stored.wish ? stored : { ...stored, wish: seen.wish };
  const admission = (tables.rules.admit ?? admit)(admitInput(seen, input.lateAfterMs));
  try {
    return apply(tables, row, admission, input);
  } catch (error) {
    if (!(error instanceof Refused) || error.constraint !== "publish_jobs_in_flight") throw error;
    write(tables, row, { wake_at: later(tables, 2_000) });
    return { refused: "twin" };
  }
}

function claimRow(tables: Tables, row: MemoryJob): ClaimRow {
  const connection = connectionOf(tables, row.connection_id);
  const app = tables.appBlocks.get(`${row.platform} ${connection.authKind} ${row.simulated}`);
  const blocks = [connection.blockedUntil, app].flatMap((at) => at?.getTime() ?? []);
  let twin: JobState | null = null;
  for (const other of tables.jobs.values())
    if (other.id !== row.id && other.connection_id === row.connection_id && other.in_flight === row.fingerprint)
      twin = other.state === "processing" && other.may_be_live ? "unknown" : other.state;
  const paused = nowOf(tables);
  return {
    ...row,
    ...circuitColumns(tables, row),
    now: nowOf(tables),
    connection_status: connection.status,
    disconnected_at: connection.disconnectedAt ?? null,
    ending_at: connection.endingAt ?? null,
    connection_paused: connection.pausedAt ?? null,
    connection_disabled: connection.disabledAt ?? null,
    tenant_paused: tables.pausedTenants.has(row.tenant_id) ? paused : null,
    instance_paused: tables.instancePaused ? paused : null,
    blocked_until: blocks.length > 0 ? new Date(Math.max(...blocks)) : null,
    twin,
    spent_at: null,
    post_deleted_at: tables.posts.get(row.post_id)?.deletedAt ?? null,
  };
}

/** Writes, and closes the intent a dead worker left. */
function write(tables: Tables, row: MemoryJob, change: Partial<MemoryJob>): MemoryJob {
  const pending = row.step_state?.pending;
  const closed = pending?.open ? { step_state: { ...row.step_state, pending: { ...pending, open: false } } } : {};
  const written = putJob(tables, { ...row, waits_for: null, ...closed, ...change, updated_at: nowOf(tables) });
  const attempt = pending?.open ? tables.attempts.get(pending.attemptId) : undefined;
  if (attempt && attempt.outcome === undefined)
    tables.attempts.set(attempt.id, {
      ...attempt,
      outcome: "lost",
      answeredAt: nowOf(tables),
      note: "No answer was recorded: the connection or the process was cut.",
    });
  return written;
}

function apply(tables: Tables, row: MemoryJob, admission: Admission, input: ClaimInput): Claim {
  switch (admission.go) {
    case "no":
      if (admission.why === "settled" && row.wake_at !== null) write(tables, row, { wake_at: null });
      return { refused: admission.why };
    case "wait": {
      const { state, heldReason, isAttended } = waiting(claimRow(tables, row), admission);
      write(tables, row, {
        state,
        lease_until: null,
        wake_at: admission.until,
        ...(admission.why === "outage" ? { waits_for: admission.waitsFor } : {}),
        ...(heldReason ? { held_reason: heldReason, in_flight: null } : {}),
        ...(isAttended ? { released_at: admission.until } : {}),
      });
      return { refused: admission.why };
    }
    case "hold":
      write(tables, row, {
        state: row.external_post_id === null ? "held" : "partly_published",
        held_reason: admission.reason,
        wake_at: admission.reason === "paused" || admission.reason === "disabled" ? later(tables, 60_000) : null,
        in_flight: null,
        lease_until: null,
      });
      return { refused: `held: ${admission.reason}` };
    case "look_later": {
      const probe = {
        since: row.probe?.since ?? nowOf(tables).toISOString(),
        looks: row.probe?.looks ?? 0,
        saw: row.probe?.saw ?? [],
        nextAt: admission.at.toISOString(),
      };
      write(tables, row, {
        state: doubtState(row),
        held_reason: null,
        wake_at: admission.at,
        lease_until: null,
        probe,
        waits_for: admission.waitsFor ?? null,
      });
      return { refused: "in doubt until looked at" };
    }
    case "ask":
      write(tables, row, {
        state: row.external_post_id === null || row.native_schedule ? "unknown" : "partly_published",
        wake_at: null,
        needs_person: true,
        lease_until: null,
      });
      return { refused: "a person is asked" };
    case "settle_wish":
      settleWish(tables, row);
      return { refused: "a wish was settled" };
    case "publish":
    case "finish":
    case "probe":
    case "verify":
    case "grant":
      if (isForeign(row, input)) return { refused: otherSteps };
      return take(tables, row, admission, input);
    default:
      admission satisfies never;
      throw new Error("an admission has no write");
  }
}

function settleWish(tables: Tables, row: MemoryJob): void {
  const wish = wishOf(row.wish);
  if (!wish) return;
  const facts = { ...factsOf(row, nowOf(tables)), can: { remove: false, editWords: false } };
  const isLive = row.external_post_id !== null && row.state !== "failed";
  write(tables, patched(tables, row, settledWish(facts, wish)), {});
  if (!isLive) endDeletion(tables, row.id);
  const post = tables.posts.get(row.post_id);
  if (post && isLive && wish.kind === "delete") tables.posts.set(post.id, { ...post, deleting: false });
}

function take(
  tables: Tables,
  row: MemoryJob,
  { go, probes }: { readonly go: ClaimedJob["admission"]; readonly probes?: Circuit },
  input: ClaimInput,
): ClaimedJob {
  const leaseUntil = later(tables, input.leaseMs);
  const columns = circuitColumns(tables, row);
  write(tables, row, {
    state: workingState(row, go),
    held_reason: workingReason(row, go),
    fence: String(Number(row.fence) + 1),
    lease_until: leaseUntil,
    wake_at: leaseUntil,
    in_flight: go === "publish" ? row.fingerprint : row.in_flight,
    first_claimed_at: row.first_claimed_at ?? nowOf(tables),
  });
  if (probes) takeProbe(tables, probes);
  const seen = { ...row, ...columns };
  return claimedJob(seen, probes ? { go, probes } : { go }, leaseUntil);
}
