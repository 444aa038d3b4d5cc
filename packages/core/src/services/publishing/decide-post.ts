import type { PostId, PostView } from "@postd/contracts";
import type { NewJob } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import { type ActDeps, notFound } from "./act-on-job.ts";
import { meetTargets } from "./meet-targets.ts";
import { abilitiesOf, changed } from "./post-actions.ts";
import { fileGone, fileIdsOf, prepareTargets, problemsOf, refusalOf } from "./prepare-targets.ts";
import { wishBy } from "./update-post.ts";

/**
 * An approver's word; nobody decides on a post they wrote themselves unless they own the workspace. It counts for the post
 * as it was read, and jobs the post has already, of a time before it was a draft again, stay the only ones of their account.
 */
export async function decidePost(
  caller: Caller,
  id: PostId,
  decision: { readonly approve: boolean; readonly note?: string },
  deps: ActDeps,
): ServiceResult<Wished<PostView>> {
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.post(id);
  if (!found) return notFound("post", id);
  const { post } = found;
  if (post.status !== "awaiting_approval" || post.deleting)
    return {
      ok: false,
      error: { code: "state_conflict", detail: `This post is ${post.status}, not waiting for approval.` },
    };
  if (decision.approve && post.createdBy === caller.actorId && caller.role !== "owner" && caller.role !== "admin")
    return { ok: false, error: { code: "forbidden", detail: "Someone else must approve your own post." } };
  const now = deps.clock.now();
  if (decision.approve && post.scheduledFor && now.getTime() - post.scheduledFor.getTime() > deps.lateAfterMs)
    return {
      ok: false,
      error: {
        code: "state_conflict",
        field: "scheduledFor",
        detail: "Its time passed while it waited for approval, so it did not go out.",
        next: "Choose a new time, then approve.",
      },
    };
  const prepared = await prepareTargets(
    { content: post.content, versions: post.versions, targets: post.targets },
    store,
    deps.registry,
    found.jobs,
  );
  if (!prepared.ok) return prepared;
  const refused = decision.approve ? refusalOf(problemsOf(prepared.value)) : undefined;
  if (refused) return refused;
  const canOf = await abilitiesOf(caller, found.jobs, deps);
  let added: readonly NewJob[] = [];
  const written = await store.change({
    id,
    ifVersion: post.version,
    ...(decision.approve ? { files: fileIdsOf(prepared.value) } : {}),
    decide: (locked) => {
      const { content, versions, targets, scheduledFor } = post;
      const next = { content, versions, targets, scheduledFor };
      const word = { by: caller.actorId, ...(decision.note ? { note: decision.note } : {}) };
      if (!decision.approve) return { post: { ...next, status: "rejected" }, decision: word, decided: [], jobs: [] };
      const met = meetTargets(
        {
          locked,
          targets: prepared.value,
          by: wishBy(caller, now),
          now,
          planned: scheduledFor,
          at: undefined,
          keepsTime: true,
          sends: () => true,
          canOf,
        },
        deps,
      );
      added = met.jobs;
      return { post: { ...next, status: "approved" }, decision: word, decided: met.decided, jobs: added };
    },
  });
  const gone = written || !decision.approve ? undefined : await fileGone(prepared.value, store);
  if (gone) return gone;
  if (!written)
    return {
      ok: false,
      error: {
        code: "state_conflict",
        detail: "Somebody edited or decided this post meanwhile.",
        next: "Read it again, then decide.",
      },
    };
  return { ok: true, value: changed(written.post, written.jobs, written.decided, added) };
}
