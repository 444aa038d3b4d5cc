import type { DlqGroupView, PublishJobId } from "@postd/contracts";
import { causeOf, isOverdue } from "../../domain/desk.ts";
import type { JobRecord } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult } from "../../ports/services.ts";
import type { PublishingDeps } from "./accept-post.ts";
import { retried, waitsForWord } from "./retry-job.ts";
import { jobView } from "./views.ts";

export async function listDlq(
  caller: Caller,
  deps: PublishingDeps,
): ServiceResult<{ readonly groups: readonly DlqGroupView[] }> {
  const groups = new Map<string, JobRecord[]>();
  const now = deps.clock.now();
  for (const job of await deps.store.forTenant(caller.tenantId).desk()) {
    const cause = causeOf(job, now);
    groups.set(cause, [...(groups.get(cause) ?? []), job]);
  }
  const views = [...groups].map(([cause, jobs]) => groupView(cause, jobs, now));
  // Unknown first: they are the ones only a person can settle.
  views.sort((a, b) => Number(b.kind === "unknown") - Number(a.kind === "unknown") || b.count - a.count);
  return { ok: true, value: { groups: views } };
}

function groupView(cause: string, jobs: readonly JobRecord[], now: Date): DlqGroupView {
  const newest = jobs[0];
  if (!newest) throw new Error("a group has no jobs");
  const shown = jobView(newest).failure;
  const oldest = Math.min(...jobs.map(({ updatedAt }) => updatedAt.getTime()));
  const special =
    newest.mayBeLive || newest.state === "unknown"
      ? {
          kind: "unknown",
          message: "These posts may be live; the platform could not tell.",
          actor: "you" as const,
          action: "resolve",
        }
      : isOverdue(newest, now)
        ? {
            kind: "overdue",
            message: "They were due more than 7 days ago and are not sent. They are kept until somebody decides.",
            actor: "you" as const,
            action: "backfill",
          }
        : newest.state === "held"
          ? {
              kind: `held_${newest.heldReason ?? ""}`,
              message: "Their time passed while nothing was running.",
              actor: "you" as const,
              action: "retry",
            }
          : {
              kind: shown?.kind ?? "failed",
              message: shown?.message ?? "They could not be sent.",
              actor: shown?.actor ?? ("you" as const),
              action: shown?.action ?? "retry",
            };
  return {
    cause,
    platform: newest.platform,
    ...special,
    count: jobs.length,
    oldestAt: new Date(oldest).toISOString(),
    jobs: jobs.slice(0, 100).map((job) => jobView(job)),
  };
}

/** Sends failed and missed jobs again; an unknown one is refused, since it may be live. */
export async function replayDlq(
  caller: Caller,
  input: { readonly cause?: string; readonly jobIds?: readonly PublishJobId[] },
  deps: PublishingDeps,
): ServiceResult<{
  readonly replayed: number;
  readonly refused: readonly { readonly jobId: string; readonly reason: string }[];
}> {
  if (input.cause === undefined && input.jobIds === undefined)
    return {
      ok: false,
      error: {
        code: "invalid_input",
        field: "cause",
        detail: "Say which jobs.",
        next: "Give a cause from GET /api/dlq, or jobIds.",
      },
    };
  const store = deps.store.forTenant(caller.tenantId);
  const desk = await store.desk();
  const now = deps.clock.now();
  const lost = input.jobIds?.find((id) => !desk.some((job) => job.id === id));
  if (lost)
    return { ok: false, error: { code: "not_found", field: "jobIds", detail: `There is no job ${lost} on the desk.` } };
  const chosen = desk.filter((job) =>
    input.jobIds ? input.jobIds.includes(job.id) : causeOf(job, now) === input.cause,
  );
  const ofEveryPost = await store.requiresApproval();
  let replayed = 0;
  const refused: { jobId: string; reason: string }[] = [];
  for (const job of chosen) {
    const of = await store.post(job.postId);
    let reason = of && waitsForWord(caller, of.post, ofEveryPost) ? "Its post needs approval." : undefined;
    await store.act({
      jobId: job.id,
      decide: (locked) => {
        if (reason) return {};
        if (locked.job.mayBeLive) reason = "It may be live; resolve it first.";
        else if (locked.job.state !== job.state) reason = "Its state changed meanwhile.";
        if (reason) return {};
        const verdict = retried(locked.facts, locked.job);
        if ("patch" in verdict) return verdict;
        reason = verdict.refused.error.detail;
        return {};
      },
    });
    if (reason === undefined) replayed += 1;
    else refused.push({ jobId: job.id, reason });
  }
  return { ok: true, value: { replayed, refused } };
}
