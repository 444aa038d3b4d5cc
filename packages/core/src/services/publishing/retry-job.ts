import type { JobState, JobView, PublishJobId, RetryInput } from "@postd/contracts";
import { decidesAlone, needsApproval } from "../../domain/approval.ts";
import { isTakingDown, type JobPatch, meet, type Wish } from "../../domain/wishes.ts";
import type { JobRecord, LockedJob, PostRecord } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import { plannedFor } from "./accept-post.ts";
import { type ActDeps, act, conflict, notFound, type Verdict, verdictOf, wishBy, wished } from "./act-on-job.ts";

/**
 * Sends a failed, held or waiting job again, now or at a time, and withdraws what was wished before. Never one in doubt: that
 * must be resolved first.
 */
export async function retryJob(
  caller: Caller,
  id: PublishJobId,
  input: RetryInput,
  deps: ActDeps,
): ServiceResult<Wished<JobView>> {
  const planned = plannedFor(input.at, deps.clock.now());
  if (!planned.ok) return planned;
  const at = input.at ? planned.value : undefined;
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.job(id);
  if (!found) return notFound("job", id);
  const of = await store.post(found.job.postId);
  if (!of) return conflict("Its post is deleted, so nothing of it is sent any more.", "Write a new post.");
  if (waitsForWord(caller, of.post, await store.requiresApproval()))
    return conflict("Its post needs approval, so nothing of it is sent before.", "Ask for it with mode ask.");
  const acted = await act(caller, id, deps, ({ facts, job }) => {
    if (facts.state === "handed_over" && at) {
      const move: Wish = { kind: "move", ...wishBy(caller, deps), scheduledFor: at.toISOString() };
      const moving = meet({ ...facts, can: { remove: false, editWords: false } }, move);
      return verdictOf(moving.patch ? { ...moving, patch: { ...moving.patch, ...keepsPost(job) } } : moving);
    }
    return retried(facts, job, at);
  });
  return acted.ok ? { ok: true, value: wished(acted.job) } : acted;
}

/** Nobody but who decides alone sends what an approver has yet to decide on. */
export const waitsForWord = (caller: Caller, post: PostRecord, ofEveryPost: boolean): boolean =>
  post.status !== "approved" && needsApproval(post, ofEveryPost) && !decidesAlone(caller);

/** What is sent after all takes a deletion of its post back. */
const keepsPost = (job: JobRecord): Pick<JobPatch, "keepsPost"> =>
  job.wish?.kind === "delete" ? { keepsPost: true } : {};

const retryable: readonly JobState[] = ["failed", "held", "retrying", "scheduled", "partly_published"];

/** The patch that sends a job again. */
export function retried(facts: LockedJob["facts"], job: JobRecord, at?: Date): Verdict {
  const withdrawn: Pick<JobPatch, "wish" | "wishOutcome" | "keepsPost"> = job.wish
    ? {
        ...keepsPost(job),
        wish: null,
        wishOutcome: {
          kind: job.wish.kind,
          outcome: "withdrawn",
          at: facts.now.toISOString(),
          message: "It is sent after all.",
        },
      }
    : {};
  if (isTakingDown(facts))
    return { refused: conflict("It is being taken down at the platform.", "See the job for where it stands.") };
  if (facts.mayBeLive) {
    const repeats = facts.state === "retrying" && job.visible?.repeatable === true;
    // POSTD is at it by itself; all that is left to do is to take back what was wished.
    if (job.wish || repeats) return { patch: { ...withdrawn, raiseFence: false } };
    return {
      refused: conflict(
        "This post may already be live, so it is not sent again blindly.",
        "Resolve it: say whether it is live.",
      ),
    };
  }
  if (!retryable.includes(facts.state))
    return {
      refused: conflict(
        `A job that is ${facts.state} cannot be sent again.`,
        `It can be when it is ${retryable.join(", ")}.`,
      ),
    };
  // Its steps stand where they ended, and would say that it is whole.
  if (job.partsGone || (facts.state === "partly_published" && job.wishOutcome?.outcome === "partly"))
    return {
      refused: conflict(
        "Parts of it were taken down, so nothing more of it is sent.",
        "Remove the rest, leave it as it is, or write a new post.",
      ),
    };
  // What a platform was to show and did not is begun anew by our clock; all else goes on where it stopped.
  const isGone = facts.externalPostId !== undefined && facts.state === "failed";
  const wakeAt = at && at > facts.now ? at : facts.now;
  const isFirst = facts.firstClaimedAt === undefined && !isGone;
  return {
    patch: {
      ...withdrawn,
      state: isFirst ? "scheduled" : "retrying",
      heldReason: null,
      wakeAt,
      tries: 0,
      failure: null,
      needsPerson: false,
      releasedAt: facts.now,
      inFlight: false,
      raiseFence: true,
      ...(at ? { scheduledFor: at } : {}),
      ...(at && facts.nativeSchedule ? { forgetSteps: true } : {}),
      ...(isGone ? { forgetSteps: true, forgetPost: true, forgetProbe: true, holdsClock: true } : {}),
    },
  };
}
