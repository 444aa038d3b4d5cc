import type { JobState, JobView, PublishJobId, ResolveInput, RetryInput, ServiceError } from "@postd/contracts";
import type { JobRecord, PersonAction } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult } from "../../ports/services.ts";
import type { PublishingDeps } from "./accept-post.ts";
import { plannedFor } from "./accept-post.ts";
import { cancelPlanned, changeRemote, movePlanned, type RemoteDeps } from "./remote.ts";
import { jobView } from "./views.ts";

type Deps = PublishingDeps & { readonly remote: RemoteDeps };

export const notFound = (what: string, id: string): { readonly ok: false; readonly error: ServiceError } => ({
  ok: false,
  error: { code: "not_found", detail: `There is no ${what} ${id}.` },
});

/** Sends a failed, held or waiting job again, now or at a time. Never an unknown one: that must be resolved first. */
export async function retryJob(
  caller: Caller,
  id: PublishJobId,
  input: RetryInput,
  deps: Deps,
): ServiceResult<JobView> {
  const found = await deps.store.forTenant(caller.tenantId).job(id);
  if (!found) return notFound("job", id);
  const planned = plannedFor(input.at, deps.clock.now());
  if (!planned.ok) return planned;
  if (found.job.state === "unknown")
    return {
      ok: false,
      error: {
        code: "state_conflict",
        detail: "This post may already be live, so it is not sent again blindly.",
        next: "Resolve it: say whether it is live.",
      },
    };
  if (found.job.state === "handed_over") {
    const moved = await changeRemote(caller.tenantId, found.job, movePlanned(planned.value), deps.remote);
    if (!moved.ok) return moved;
  }
  return act(
    caller,
    found.job,
    sendAgain(found.job, input.at ? planned.value : undefined),
    ["failed", "held", "retrying", "scheduled", "handed_over"],
    "sent again",
    deps,
  );
}

export async function cancelJob(caller: Caller, id: PublishJobId, deps: Deps): ServiceResult<JobView> {
  const found = await deps.store.forTenant(caller.tenantId).job(id);
  if (!found) return notFound("job", id);
  if (found.job.state === "handed_over") {
    const canceled = await changeRemote(caller.tenantId, found.job, cancelPlanned, deps.remote);
    if (!canceled.ok) return canceled;
  }
  return act(
    caller,
    found.job,
    { do: "cancel" },
    ["scheduled", "retrying", "processing", "held", "failed", "handed_over"],
    "canceled",
    deps,
  );
}

/** A person settles what cannot be known. */
export async function resolveJob(
  caller: Caller,
  id: PublishJobId,
  input: ResolveInput,
  deps: Deps,
): ServiceResult<JobView> {
  const found = await deps.store.forTenant(caller.tenantId).job(id);
  if (!found) return notFound("job", id);
  switch (input.outcome) {
    case "live": {
      // Of a post the platform itself was to show, we know the id.
      const externalPostId = input.externalPostId ?? found.job.externalPostId ?? input.permalink;
      if (!externalPostId)
        return {
          ok: false,
          error: {
            code: "invalid_input",
            field: "externalPostId",
            detail: "Which post is it?",
            next: "Give externalPostId or permalink of the live post.",
          },
        };
      return act(
        caller,
        found.job,
        { do: "live", externalPostId, ...(input.permalink ? { permalink: input.permalink } : {}) },
        ["unknown"],
        "linked",
        deps,
      );
    }
    case "not_live":
      return act(caller, found.job, sendAgain(found.job), ["unknown"], "sent again", deps);
    case "leave":
      return act(caller, found.job, { do: "discard" }, ["unknown", "failed"], "discarded", deps);
    default:
      input satisfies never;
      throw new Error("an outcome has no action");
  }
}

/**
 * A failed or unknown job that names a post had it planned at the platform, and it is not there: its steps are done for
 * nothing and are run anew. Every other job goes on where it stopped.
 */
export function sendAgain({ state, externalPostId }: JobRecord, at?: Date): PersonAction {
  const isGone = externalPostId !== undefined && (state === "failed" || state === "unknown");
  return { do: isGone ? "start_over" : "retry", ...(at ? { at } : {}) };
}

async function act(
  caller: Caller,
  job: JobRecord,
  action: PersonAction,
  from: readonly JobState[],
  verb: string,
  deps: Deps,
): ServiceResult<JobView> {
  if (from.includes(job.state)) {
    const changed = await deps.store.forTenant(caller.tenantId).act({ jobId: job.id, action, from });
    if (changed) return { ok: true, value: jobView(changed) };
  }
  const now = await deps.store.forTenant(caller.tenantId).job(job.id);
  const state = now?.job.state ?? job.state;
  return {
    ok: false,
    error: {
      code: "state_conflict",
      detail: `A job that is ${state} cannot be ${verb}.`,
      next: from.length > 0 ? `It can be when it is ${from.join(", ")}.` : "",
    },
  };
}
