import type { JobView, PublishJobId, ServiceError } from "@postd/contracts";
import type { JobPatch, Meeting } from "../../domain/wishes.ts";
import type { NewDeskDecision } from "../../ports/desk.ts";
import type { JobRecord, LockedJob } from "../../ports/publishing-store.ts";
import type { Caller, Wished } from "../../ports/services.ts";
import type { PublishingDeps } from "./accept-post.ts";
import type { RemoteDeps } from "./remote.ts";
import { jobView } from "./views.ts";

export type ActDeps = PublishingDeps & { readonly remote: RemoteDeps };

export const notFound = (what: string, id: string): { readonly ok: false; readonly error: ServiceError } => ({
  ok: false,
  error: { code: "not_found", detail: `There is no ${what} ${id}.` },
});

export const conflict = (detail: string, next: string): { readonly ok: false; readonly error: ServiceError } => ({
  ok: false,
  error: { code: "state_conflict", detail, next },
});

/** What a person's word may do with the job as it is under its lock: a patch, or the reason why not. */
export type Verdict =
  | { readonly patch: JobPatch; readonly decision?: NewDeskDecision }
  | { readonly refused: ReturnType<typeof conflict> };

/** Decides on the locked row and writes in the same transaction; nothing can come between the look and the write. */
export async function act(
  caller: Caller,
  id: PublishJobId,
  deps: ActDeps,
  verdictOf: (locked: LockedJob) => Verdict,
): Promise<{ readonly ok: true; readonly job: JobRecord } | ReturnType<typeof conflict>> {
  let refused: ReturnType<typeof conflict> | undefined;
  const job = await deps.store.forTenant(caller.tenantId).act({
    jobId: id,
    decide: (locked) => {
      const verdict = verdictOf(locked);
      if ("patch" in verdict) return verdict;
      refused = verdict.refused;
      return {};
    },
  });
  if (job === undefined) return notFound("job", id);
  if (job === "taken")
    return conflict("That post belongs to another job of POSTD.", "Name the post this job made, or leave it.");
  return refused ?? { ok: true, job };
}

/** The wish as the API's answer: done at once, or kept. */
export const wished = (job: JobRecord): Wished<JobView> => ({ view: jobView(job), waits: job.wish !== undefined });

export const wishBy = (caller: Caller, deps: Pick<PublishingDeps, "clock">) => ({
  by: caller.actorId,
  at: deps.clock.now().toISOString(),
});

export const verdictOf = ({ patch, message }: Meeting): Verdict =>
  patch ? { patch } : { refused: conflict(message, "See the job for where it stands.") };
