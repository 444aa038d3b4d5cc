import { fail, ok, type PostId, type PostView, type Result, type ServiceError } from "@postd/contracts";
import { mayApprove } from "../../domain/approval.ts";
import type { JobRecord, NewJob, PostRecord, TenantPublishing } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import { postHash } from "../approval/post-hash.ts";
import { type ActDeps, notFound } from "./act-on-job.ts";
import { fitTargets } from "./fit-targets.ts";
import { meetTargets } from "./meet-targets.ts";
import { abilitiesOf, changed } from "./post-actions.ts";
import { fileGone, fileIdsOf } from "./post-files.ts";
import { prepareTargets, problemsOf, refusalOf } from "./prepare-targets.ts";
import { wishBy } from "./update-post.ts";

interface Decision {
  readonly approve: boolean;
  readonly note?: string;
  /** Of the post as the approver saw it. */
  readonly hash?: string;
}

/**
 * An approver's word; nobody decides on a post they wrote themselves unless they own the workspace. It counts for the post
 * as it was read, and jobs the post has already, of a time before it was a draft again, stay the only ones of their account.
 */
export async function decidePost(
  caller: Caller,
  id: PostId,
  decision: Decision,
  deps: ActDeps,
): ServiceResult<Wished<PostView>> {
  const found = await deps.store.forTenant(caller.tenantId).post(id);
  if (!found) return notFound("post", id);
  const { post } = found;
  if (post.status !== "awaiting_approval" || post.deleting) return notWaiting(post);
  if (decision.hash !== undefined && decision.hash !== postHash(post)) return otherHash(post);
  if (decision.approve && !mayApprove(post, caller)) return ownPost;
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
  const written = decision.approve
    ? await approve(caller, found, decision, deps)
    : await reject(caller, post, decision, deps);
  if (!written.ok) return written;
  const { value: after } = written;
  return after
    ? ok(changed(after.post, after.jobs, after.decided, after.added))
    : decidedMeanwhile(caller, id, decision, deps);
}

type Written = Result<
  (NonNullable<Awaited<ReturnType<TenantPublishing["change"]>>> & { readonly added: readonly NewJob[] }) | undefined,
  ServiceError
>;

const wordOf = (caller: Caller, { note }: Decision) => ({ by: caller.actorId, ...(note ? { note } : {}) });

/** A decision changes nothing of what is decided on. */
const planOf = ({ content, versions, targets, scheduledFor, changedBy }: PostRecord) => ({
  content,
  versions,
  targets,
  scheduledFor,
  changedBy,
  approvalAsked: true,
});

/** What is not sent is not checked either: an account may be gone, or a file. */
async function reject(caller: Caller, post: PostRecord, decision: Decision, deps: ActDeps): Promise<Written> {
  const written = await deps.store.forTenant(caller.tenantId).change({
    id: post.id,
    ifVersion: post.version,
    decide: () => ({
      post: { ...planOf(post), status: "rejected" },
      decision: wordOf(caller, decision),
      decided: [],
      jobs: [],
    }),
  });
  return ok(written && { ...written, added: [] });
}

async function approve(
  caller: Caller,
  { post, jobs }: { readonly post: PostRecord; readonly jobs: readonly JobRecord[] },
  decision: Decision,
  deps: ActDeps,
): Promise<Written> {
  const store = deps.store.forTenant(caller.tenantId);
  const prepared = await prepareTargets(post, store, deps, jobs);
  if (!prepared.ok) return prepared;
  const refused = refusalOf(problemsOf(prepared.value));
  if (refused) return refused;
  const ready = await fitTargets(caller, prepared.value, deps);
  if (!ready.ok) return ready;
  const unfit = refusalOf(problemsOf(ready.value));
  if (unfit) return unfit;
  const canOf = await abilitiesOf(caller, jobs, deps);
  const now = deps.clock.now();
  let added: readonly NewJob[] = [];
  const written = await store.change({
    id: post.id,
    ifVersion: post.version,
    files: fileIdsOf(ready.value),
    decide: (locked) => {
      const met = meetTargets(
        {
          locked,
          targets: ready.value,
          by: wishBy(caller, now),
          now,
          planned: post.scheduledFor,
          at: undefined,
          keepsTime: true,
          sends: () => true,
          canOf,
        },
        deps,
      );
      added = met.jobs;
      return {
        post: { ...planOf(post), status: "approved" },
        decision: wordOf(caller, decision),
        decided: met.decided,
        jobs: added,
      };
    },
  });
  if (written) return ok({ ...written, added });
  return (await fileGone(ready.value, store)) ?? ok(undefined);
}

const ownPost = fail<ServiceError>({
  code: "forbidden",
  detail: "You wrote this post, or changed it last; someone else must approve it.",
  next: "Ask another approver.",
});

/** Somebody was faster: who decided, or what the post says now. */
async function decidedMeanwhile(caller: Caller, id: PostId, decision: Decision, deps: ActDeps) {
  const found = await deps.store.forTenant(caller.tenantId).post(id);
  if (!found) return notFound("post", id);
  if (found.post.status !== "awaiting_approval" || found.post.deleting) return notWaiting(found.post);
  if (decision.hash !== undefined && decision.hash !== postHash(found.post)) return otherHash(found.post);
  return fail<ServiceError>({
    code: "state_conflict",
    detail: "Somebody edited or decided this post meanwhile.",
    next: "Read it again, then decide.",
  });
}

function notWaiting({ status, deleting, decidedBy }: PostRecord) {
  const isDecided = (status === "approved" || status === "rejected") && decidedBy !== undefined;
  const by = isDecided && !deleting ? ` ${decidedBy} ${status} it.` : "";
  return fail<ServiceError>({
    code: "state_conflict",
    detail: `This post is ${deleting ? "being deleted" : status}, not waiting for approval.${by}`,
    next: "Read it again to see where it stands.",
  });
}

const otherHash = (post: PostRecord) =>
  fail<ServiceError>({
    code: "conflict",
    field: "hash",
    detail: `This post has changed since you saw it; its hash is ${postHash(post)} now. Nothing was approved.`,
    next: "Read it again, and approve it with the hash it has now.",
  });
