import { formatOf } from "@postd/connector-kit";
import { asId, type BackfillDone, type BackfillInput, type DeskReason } from "@postd/contracts";
import { type Asker, decidesAlone, needsApproval } from "../../domain/approval.ts";
import { type LatePost, planBackfill, suggestedHours } from "../../domain/backfill.ts";
import { causeOf } from "../../domain/desk.ts";
import { canceled, type JobPatch } from "../../domain/wishes.ts";
import type { LockedWaiting, TenantBackfill } from "../../ports/backfill.ts";
import type { NewDeskDecision } from "../../ports/desk.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { retried } from "../publishing/retry-job.ts";

type Found = Parameters<Parameters<TenantBackfill["decide"]>[0]["decide"]>[0];
type Decided = ReturnType<Parameters<TenantBackfill["decide"]>[0]["decide"]> & { readonly view: BackfillDone };
interface Late extends LatePost {
  readonly locked: LockedWaiting;
}

const hourMs = 60 * 60_000;

/**
 * What becomes of waiting posts, each as it is under its lock. Of whatever cannot be sent now it is said why, and it
 * waits on. Pure but for what it is given.
 */
export function decideBackfill(
  asker: Asker,
  input: BackfillInput,
  found: Found,
  registry: Pick<ConnectorRegistry, "get">,
): Decided {
  const { now, waiting, left, taken } = found;
  const refusals = new Map(waiting.map((locked) => [locked.job.id, refusalOf(asker, input, locked, found)]));
  const chosen = waiting.filter(({ job }) => refusals.get(job.id) === undefined);
  const patches: { jobId: LockedWaiting["job"]["id"]; patch: JobPatch }[] = [];
  const decisions: NewDeskDecision[] = [];
  const jobs: BackfillDone["jobs"] = [];
  const told = ({ job }: LockedWaiting) => ({
    jobId: job.id,
    postId: job.postId,
    connectionId: job.connectionId,
    plannedFor: job.scheduledFor.toISOString(),
  });
  if (input.action === "drop") {
    for (const locked of chosen) {
      const reason = input.reason ?? "no_longer_needed";
      patches.push({ jobId: locked.job.id, patch: dropped(now, asker, reason) });
      const cause = causeOf(locked.job, now);
      decisions.push({ jobId: locked.job.id, cause, outcome: "drop", by: asker.actorId, reason, note: input.note });
      jobs.push(told(locked));
    }
  } else {
    const posts = chosen.map((locked): Late => {
      const { id, connectionId, scheduledFor, platform, post } = locked.job;
      return {
        id,
        connectionId,
        plannedFor: scheduledFor,
        leastGapMs: leastGapMs(registry, platform, post.format),
        locked,
      };
    });
    const most = Math.max(0, ...[...Map.groupBy(posts, (it) => it.connectionId).values()].map((own) => own.length));
    const overMs = input.action === "spread" ? (input.over ?? suggestedHours(most)) * hourMs : undefined;
    const plan = planBackfill({ now, posts, taken, ...(overMs === undefined ? {} : { overMs }) });
    for (const { post, at } of plan) {
      const sent = sentAt(post.locked, at, input.action);
      if ("refused" in sent) refusals.set(post.locked.job.id, sent.refused);
      else {
        patches.push({ jobId: post.locked.job.id, patch: sent.patch });
        jobs.push({ ...told(post.locked), at: at.toISOString() });
      }
    }
  }
  const times = jobs.flatMap(({ at }) => at ?? []).sort();
  jobs.sort((a, b) =>
    a.plannedFor === b.plannedFor ? (a.jobId < b.jobId ? -1 : 1) : a.plannedFor < b.plannedFor ? -1 : 1,
  );
  const [firstAt] = times;
  const lastAt = times.at(-1);
  const refused = [...refusals].flatMap(([jobId, reason]) => (reason === undefined ? [] : [{ jobId, reason }]));
  return {
    patches,
    decisions,
    view: {
      action: input.action,
      decided: jobs.length,
      left,
      ...(firstAt && lastAt ? { firstAt, lastAt } : {}),
      jobs,
      refused: [...refused, ...notWaiting(input, waiting)],
      simulated: chosen.some(({ job }) => job.simulated),
    },
  };
}

/** Named ones that somebody else has decided about meanwhile, or that never waited. */
function notWaiting({ jobs }: BackfillInput, waiting: readonly LockedWaiting[]): BackfillDone["refused"] {
  const there = new Set<string>(waiting.map(({ job }) => job.id));
  return [...new Set(jobs ?? [])]
    .filter((id) => !there.has(id))
    .map((id) => ({ jobId: asId("publishJob", id), reason: "It does not wait for a decision." }));
}

function refusalOf(asker: Asker, input: BackfillInput, locked: LockedWaiting, found: Found): string | undefined {
  if (input.action === "drop") return undefined;
  if (!locked.canGo) return "Its account does not work yet; sign in again first.";
  const waits = locked.post.status !== "approved" && needsApproval(locked.post, found.requiresApproval);
  return waits && !decidesAlone(asker) ? "Its post needs approval." : undefined;
}

/** As a retry sends it: spread, it has a new time; else only its wake-up is its place in the order. */
function sentAt(
  { facts, job }: LockedWaiting,
  at: Date,
  action: "send_now" | "spread",
): { readonly patch: JobPatch } | { readonly refused: string } {
  const verdict = action === "spread" ? retried(facts, job, at) : retried(facts, job);
  if ("refused" in verdict) return { refused: verdict.refused.error.detail };
  // Its turn counts as looked after: it is not missed again while it stands in line.
  return { patch: { ...verdict.patch, wakeAt: at, releasedAt: at } };
}

const dropped = (now: Date, { actorId }: Asker, reason: DeskReason): JobPatch => ({
  ...canceled,
  failure: null,
  wishOutcome: {
    kind: "cancel",
    outcome: "done",
    at: now.toISOString(),
    message: `Dropped after its time had passed (${reason}), by ${actorId === "system" ? "the workspace's rule" : "a person"}.`,
  },
});

/** What the platform wants between two posts of one account, as its facts say. */
function leastGapMs(registry: Pick<ConnectorRegistry, "get">, platform: string, format: string): number {
  const known = registry.get(platform);
  return formatOf(known ?? {}, format) ? (known?.publishing?.leastGapMs ?? 0) : 0;
}
