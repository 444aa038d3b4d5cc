import { isDeepStrictEqual } from "node:util";
import type { JobState } from "@postd/contracts";
import { type AttemptAnswer, inFlightStates, type JobChange, type Ledger } from "@postd/core";
import { storedWish } from "../../../../../apps/server/src/adapters/postgres/ledger/stored-wish.ts";
import { endDeletion } from "./deletion.ts";
import { withoutVisible } from "./patch.ts";
import { inTransaction, jobOf, later, type MemoryJob, nowOf, putJob, Refused, type Tables } from "./rows.ts";

/** The intent: lease checked and lengthened, attempt written, and with a visible call that the job may be live. */
export function intend(tables: Tables, input: Parameters<Ledger["intend"]>[0]): Awaited<ReturnType<Ledger["intend"]>> {
  try {
    return write(tables, input);
  } catch (error) {
    if (error instanceof Refused && error.constraint === "publish_jobs_in_flight") return "lost";
    throw error;
  }
}

function write(tables: Tables, input: Parameters<Ledger["intend"]>[0]): Awaited<ReturnType<Ledger["intend"]>> {
  const { intent } = input;
  const now = nowOf(tables);
  const row = jobOf(tables, input.tenantId, input.jobId);
  if (!row || Number(row.fence) !== input.fence || !row.lease_until || row.lease_until <= now) return "lost";
  const shows =
    intent.effect === "visible" &&
    (intent.kind === "call" || intent.kind === "native") &&
    tables.rules.marksDoubt !== false;
  if (shows && row.wish !== null && tables.rules.checksWish !== false) return "wished";
  const leaseUntil = new Date(Math.max(row.lease_until.getTime(), later(tables, input.leaseMs).getTime()));
  const common = {
    step: intent.step,
    prepared: intent.prepared,
    repeatable: intent.repeatable,
    settleMs: intent.settleMs,
    open: true,
  };
  const before = row.step_state?.visible;
  const begun = row.may_be_live && before?.step === intent.step ? before.intentAt : now.toISOString();
  const visible = shows ? { ...common, intentAt: begun, endsBy: leaseUntil.toISOString() } : before;
  putJob(tables, {
    ...row,
    lease_until: leaseUntil,
    wake_at: leaseUntil,
    step_state: {
      ...(visible ? { visible } : {}),
      connector: input.connectorState,
      pending: {
        ...common,
        attemptId: intent.attemptId,
        effect: intent.effect,
        timeoutMs: intent.timeoutMs,
        intentAt: now.toISOString(),
      },
    },
    step_version: input.stateVersion ?? 1,
    ...(shows ? { may_be_live: true, in_flight: row.fingerprint } : {}),
    updated_at: now,
  });
  tables.attempts.set(intent.attemptId, {
    id: intent.attemptId,
    jobId: row.id,
    step: intent.step,
    kind: intent.kind,
    effect: intent.effect,
    intentAt: now,
    answeredAt: undefined,
    outcome: undefined,
    note: intent.note,
    latencyMs: undefined,
    failure: undefined,
  });
  return { intentAt: now, leaseUntil };
}

const settleable: readonly JobState[] = [
  "publishing",
  "processing",
  "unknown",
  "handed_over",
  "published",
  "partly_published",
];

/** The answer and how the job goes on: both or neither. */
export function settle(tables: Tables, input: Parameters<Ledger["settle"]>[0]): "written" | "lost" | "owned_elsewhere" {
  const { change, answer } = input;
  const row = jobOf(tables, input.tenantId, input.jobId);
  if (!row || Number(row.fence) !== input.fence || !settleable.includes(row.state)) return "lost";
  try {
    return inTransaction(tables, () => {
      putJob(tables, settled(tables, row, change, answer?.outcome));
      const attempt = answer && tables.attempts.get(answer.attemptId);
      if (answer && attempt && attempt.outcome === undefined)
        tables.attempts.set(attempt.id, {
          ...attempt,
          outcome: answer.outcome,
          answeredAt: nowOf(tables),
          latencyMs: answer.latencyMs,
          failure: answer.failure,
          note: answer.note ?? attempt.note,
        });
      if (change.granted) endDeletion(tables, row.id);
      return "written";
    });
  } catch (error) {
    if (error instanceof Refused && error.constraint === "publish_jobs_external") return "owned_elsewhere";
    throw error;
  }
}

type Outcome = AttemptAnswer["outcome"] | undefined;

function settled(tables: Tables, row: MemoryJob, change: JobChange, outcome: Outcome): MemoryJob {
  const next: { -readonly [K in keyof MemoryJob]: MemoryJob[K] } = {
    ...row,
    state: change.state,
    held_reason: change.heldReason ?? null,
    updated_at: nowOf(tables),
    wake_at: wakeAt(tables, row, change),
    in_flight: twinMark(row, change),
    step_state: change.forgetSteps ? null : stepState(row, change, outcome),
  };
  if (change.connectorState && change.stateVersion !== undefined) next.step_version = change.stateVersion;
  if (change.sealed !== undefined) next.has_sealed = change.sealed !== null;
  if (change.wake !== "lease") next.lease_until = null;
  if (change.tries !== undefined) next.tries = change.tries;
  if (change.needsPerson !== undefined) next.needs_person = change.needsPerson;
  if (change.failure !== undefined) next.failure = change.failure as MemoryJob["failure"];
  if (change.probe !== undefined) next.probe = change.probe;
  if (change.nativeSchedule === false) next.native_schedule = false;
  if (change.mayBeLive !== undefined) next.may_be_live = change.mayBeLive;
  if (change.scheduledFor) next.scheduled_for = change.scheduledFor;
  if (change.post) next.content = change.post;
  if (change.fingerprint !== undefined) next.fingerprint = change.fingerprint;
  if (change.published) {
    next.external_post_id = change.published.externalId;
    next.permalink = change.published.permalink ?? (change.replaced ? null : row.permalink);
  }
  if (change.replaced) {
    const { externalId: externalPostId, permalink } = change.replaced;
    const before = { externalPostId, ...(permalink ? { permalink } : {}), until: nowOf(tables).toISOString() };
    next.earlier_posts = [...(row.earlier_posts ?? []), before];
  }
  if (change.state === "published") next.published_at = row.published_at ?? nowOf(tables);
  if (change.state === "removed") {
    next.removed_at = nowOf(tables);
    next.removed_by = change.removedBy ?? "system";
  }
  if (change.partsGone) next.parts_gone = true;
  if (change.granted) {
    if (isDeepStrictEqual(row.wish, storedWish(change.granted.wish))) next.wish = null;
    next.wish_outcome = change.granted.outcome;
  }
  return next;
}

function twinMark(row: MemoryJob, change: JobChange): string | null {
  if (inFlightStates.includes(change.state)) return row.in_flight;
  return (change.mayBeLive ?? row.may_be_live) ? row.in_flight : null;
}

function stepState(row: MemoryJob, change: JobChange, outcome: Outcome): MemoryJob["step_state"] {
  const { connectorState, pending = "keep", mayBeLive } = change;
  let state: NonNullable<MemoryJob["step_state"]> = { ...row.step_state };
  if (connectorState !== undefined) state = { ...state, connector: connectorState };
  if (pending === null) {
    const { pending: _gone, ...rest } = state;
    state = rest;
  }
  if (mayBeLive === false) state = withoutVisible(state) ?? {};
  if (pending === "answered" && state.pending) state = { ...state, pending: { ...state.pending, open: false } };
  if ((outcome === "ok" || outcome === "waiting") && state.visible)
    state = { ...state, visible: { ...state.visible, open: false } };
  return state;
}

function wakeAt(tables: Tables, row: MemoryJob, { wake, mayBeLive, knownWish, granted }: JobChange): Date | null {
  if (wake === "lease") return row.lease_until ?? nowOf(tables);
  const planned = wake === null ? null : later(tables, wake);
  const stands = row.wish !== null && !(granted && isDeepStrictEqual(row.wish, storedWish(granted.wish)));
  if (!stands) return planned;
  const isNews = !isDeepStrictEqual(row.wish, knownWish && storedWish(knownWish));
  const isCertain = !(mayBeLive ?? row.may_be_live);
  return isNews || (wake === null && isCertain) ? nowOf(tables) : planned;
}

export function renew(tables: Tables, input: Parameters<Ledger["renew"]>[0]): Date | undefined {
  const row = jobOf(tables, input.tenantId, input.jobId);
  if (!row || Number(row.fence) !== input.fence || !row.lease_until || row.lease_until <= nowOf(tables))
    return undefined;
  const until = later(tables, input.leaseMs);
  const { pending, visible } = row.step_state ?? {};
  const moves = pending?.open && visible && tables.rules.movesEnd !== false;
  const state = moves ? { ...row.step_state, visible: { ...visible, endsBy: until.toISOString() } } : row.step_state;
  tables.jobs.set(row.id, { ...row, lease_until: until, wake_at: until, step_state: state });
  return until;
}

export function owners(
  tables: Tables,
  input: Parameters<Ledger["owners"]>[0],
): { readonly owned: ReadonlySet<string>; readonly hasRival: boolean } {
  const asking = jobOf(tables, input.tenantId, input.jobId);
  if (!asking) return { owned: new Set(input.externalIds), hasRival: true };
  const account = tables.connections.get(asking.connection_id)?.externalId;
  const owned = new Set<string>();
  let hasRival = false;
  for (const other of tables.jobs.values()) {
    if (other.id === asking.id || other.platform !== asking.platform || other.simulated !== asking.simulated) continue;
    if (other.external_post_id !== null && input.externalIds.includes(other.external_post_id))
      owned.add(other.external_post_id);
    for (const { externalPostId } of other.earlier_posts ?? [])
      if (input.externalIds.includes(externalPostId)) owned.add(externalPostId);
    if (
      other.may_be_live &&
      other.fingerprint === asking.fingerprint &&
      tables.connections.get(other.connection_id)?.externalId === account
    )
      hasRival = true;
  }
  return { owned, hasRival };
}
