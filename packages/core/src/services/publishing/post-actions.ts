import type { PostId, PostView, TargetChange } from "@postd/contracts";
import { type Meeting, meet, type Wish } from "../../domain/wishes.ts";
import type { JobDecision, JobRecord, LockedJob, PostRecord } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import type { PublishingDeps } from "./accept-post.ts";
import { type ActDeps, notFound } from "./act-on-job.ts";
import { prepareTargets } from "./prepare-targets.ts";
import { abilities } from "./remote.ts";
import { postView } from "./views.ts";

export async function viewOf(caller: Caller, id: PostId, deps: PublishingDeps): ServiceResult<PostView> {
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.post(id);
  if (!found) return notFound("post", id);
  const view = postView(found.post, found.jobs);
  if (found.jobs.length > 0) return { ok: true, value: view };
  // Who decides on it sees what will be done to its files; a file or an account that is gone is told when it is sent.
  const prepared = await prepareTargets(found.post, store, deps);
  if (!prepared.ok) return { ok: true, value: view };
  const notes = prepared.value.map(({ fitNotes }) => (fitNotes.length > 0 ? { notes: [...fitNotes] } : {}));
  return {
    ok: true,
    value: { ...view, targets: view.targets.map((target, index) => ({ ...target, ...notes[index] })) },
  };
}

/** Changes that leave something to be done before the answer is the whole truth. */
const waiting: readonly TargetChange[] = ["waiting", "changing_live", "removing_live"];

/** The post with what the change did for each target. */
export function changed(
  post: PostRecord,
  jobs: readonly JobRecord[],
  decided: readonly JobDecision[],
  added: readonly { readonly connectionId: string; readonly id: string }[] = [],
): Wished<PostView> {
  const ofJob = new Map(jobs.map((job) => [job.id as string, job]));
  const changes = [
    ...decided.map(({ jobId, meeting }) => ({
      connectionId: ofJob.get(jobId)?.connectionId ?? "",
      jobId,
      change: meeting.change,
      message: meeting.message,
    })),
    ...added.map(({ connectionId, id }) => ({
      connectionId,
      jobId: id,
      change: "added" as const,
      message: "It goes out to this account too.",
    })),
  ];
  return {
    view: { ...postView(post, jobs), ...(changes.length > 0 ? { changes } : {}) },
    waits: decided.some(({ meeting }) => waiting.includes(meeting.change)),
  };
}

/** What each connected account of these jobs lets an app do, read before the jobs are locked. */
export async function abilitiesOf(caller: Caller, jobs: readonly JobRecord[], deps: ActDeps) {
  const ids = [...new Set(jobs.map(({ connectionId }) => connectionId))];
  const targets = await deps.store.forTenant(caller.tenantId).targets(ids);
  return (job: JobRecord) =>
    abilities(job, targets.find(({ connectionId }) => connectionId === job.connectionId)?.account, deps.registry);
}

/** States that end a job for good; a deletion has nothing to say about them. */
const isOver = ({ state }: JobRecord): boolean => state === "canceled" || state === "discarded" || state === "removed";

/**
 * Cancels what is not sent; with `alsoLive` live posts are taken down at the platforms that allow it. Each job is decided by
 * itself, under its lock. The post goes at once where nothing is left to know or do, else as soon as that is so.
 */
export async function deletePost(
  caller: Caller,
  id: PostId,
  options: { readonly alsoLive: boolean },
  deps: ActDeps,
): ServiceResult<Wished<PostView>> {
  const store = deps.store.forTenant(caller.tenantId);
  for (let tries = 0; tries < 5; tries += 1) {
    const found = await store.post(id);
    if (!found) return notFound("post", id);
    const canOf = await abilitiesOf(caller, found.jobs, deps);
    const wish: Wish = {
      kind: "delete",
      by: caller.actorId,
      at: deps.clock.now().toISOString(),
      alsoLive: options.alsoLive,
    };
    const deleted = await store.change({
      id,
      ifVersion: found.post.version,
      decide: (jobs) => {
        const decided = jobs
          .filter(({ job }) => !isOver(job))
          .map(({ job, facts }) => ({ jobId: job.id, meeting: meet({ ...facts, can: canOf(job) }, wish) }));
        const isStuck = decided.some(({ meeting }) => meeting.change === "too_late");
        const waits = decided.some(({ meeting }) => waiting.includes(meeting.change));
        // What could not be taken down stays to be seen, since the person asked for live posts too.
        return { decided, jobs: [], ...(waits ? { remove: "when_settled" } : isStuck ? {} : { remove: "now" }) };
      },
    });
    if (deleted) return { ok: true, value: changed(deleted.post, deleted.jobs, deleted.decided) };
  }
  return { ok: false, error: { code: "conflict", detail: "Somebody keeps changing this post.", next: "Try again." } };
}

/** The jobs of a post are canceled because it goes back to being a draft. */
export function canceledFor(jobs: readonly LockedJob[], wish: Wish): JobDecision[] {
  return jobs
    .filter(({ job }) => !isOver(job))
    .map(({ job, facts }) => ({ jobId: job.id, meeting: withoutLive(facts, wish) }));
}

const withoutLive = (facts: LockedJob["facts"], wish: Wish): Meeting =>
  meet({ ...facts, can: { remove: false, editWords: false } }, wish);
