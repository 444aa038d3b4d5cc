import { isDeepStrictEqual } from "node:util";
import { asId, type PostId, type PostPatch, type PostStatus, type PostView, type ServiceError } from "@postd/contracts";
import { decidesAlone, needsApproval } from "../../domain/approval.ts";
import type { WishFacts } from "../../domain/wishes.ts";
import type { JobRecord, NewJob, PostRecord } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import { plannedFor, targetsOf, versionsOf } from "./accept-post.ts";
import { type ActDeps, notFound } from "./act-on-job.ts";
import { staysAnswer } from "./answers.ts";
import { contentOf, writtenIn } from "./content.ts";
import { fitTargets } from "./fit-targets.ts";
import { meetTargets } from "./meet-targets.ts";
import { abilitiesOf, canceledFor, changed } from "./post-actions.ts";
import { fileGone, fileIdsOf } from "./post-files.ts";
import { prepareTargets, problemsOf, refusalOf, simulatedMark } from "./prepare-targets.ts";
import type { PreparedTarget } from "./prepared-target.ts";
import { withSavedMentions } from "./saved-mentions.ts";

/**
 * Changes a post. Every target is decided by itself, by the job as it is under its lock: changed before anything was sent,
 * kept until POSTD knows whether it is live, changed at the platform, or too late; the answer names each. Jobs keep their
 * ids. An edit is no word to send: what is held stays held unless it gets a new time.
 */
export async function updatePost(
  caller: Caller,
  id: PostId,
  given: PostPatch,
  deps: ActDeps,
): ServiceResult<Wished<PostView>> {
  const store = deps.store.forTenant(caller.tenantId);
  const named = await withSavedMentions(given, store);
  if (!named.ok) return named;
  const patch = named.value;
  const found = await store.post(id);
  if (!found) return notFound("post", id);
  const { post } = found;
  const ifVersion = patch.ifVersion ?? post.version;
  if (ifVersion !== post.version || post.deleting) return editedMeanwhile(post.deleting);
  const now = deps.clock.now();
  const at = patch.scheduledFor ?? undefined;
  const planned = plannedFor(at, now);
  if (!planned.ok) return planned;
  const alone = decidesAlone(caller);
  const waitsForWord = !alone && needsApproval(post, await store.requiresApproval());
  // In so many words: to change what was approved, or to send it, is not to take the asking back.
  const takesBack = alone && patch.mode === "draft";
  const draft = merged(post, patch);
  const stray = staysAnswer(post, draft);
  if (stray) return stray;
  const isNew = !isSamePost(post, draft);
  const status = statusAfter(post, patch, { waitsForWord, isNew });
  if (!status.ok) return status;
  const scheduledFor =
    patch.scheduledFor === undefined ? post.scheduledFor : patch.scheduledFor === null ? undefined : planned.value;
  const prepared = await prepareTargets({ ...draft, scheduledFor }, store, deps, found.jobs);
  if (!prepared.ok) return prepared;
  const canOf = await abilitiesOf(caller, found.jobs, deps);
  const checked = prepared.value.map((target) => (takesNothing(target, found.jobs, canOf) ? passed(target) : target));
  const refused = status.value === "draft" ? undefined : refusalOf(problemsOf(checked));
  if (refused) return refused;
  // Only what goes out has its files made; a draft says what will be done to them.
  const ready = status.value === "approved" ? await fitTargets(caller, checked, deps) : prepared;
  if (!ready.ok) return ready;
  const unfit = status.value === "approved" ? refusalOf(problemsOf(ready.value)) : undefined;
  if (unfit) return unfit;
  const wanted = new Set(post.targets.map(({ connectionId }) => connectionId as string));
  let added: readonly NewJob[] = [];
  const written = await store.change({
    id,
    ifVersion,
    files: fileIdsOf(ready.value),
    decide: (locked) => {
      const next = {
        status: status.value,
        content: draft.content,
        versions: draft.versions,
        targets: draft.targets.map((target, index) => ({
          ...target,
          connectionId: asId("connection", target.connectionId),
          ...simulatedMark(ready.value[index]),
        })),
        scheduledFor,
        // A time is not what is approved, so who moves it last takes no words off their writer.
        changedBy: isNew ? caller.actorId : post.changedBy,
        approvalAsked: status.value === "awaiting_approval" || (needsApproval(post, false) && !takesBack),
      };
      if (status.value !== "approved")
        return { post: next, decided: canceledFor(locked, { kind: "cancel", ...wishBy(caller, now) }), jobs: [] };
      const met = meetTargets(
        {
          locked,
          targets: ready.value,
          by: wishBy(caller, now),
          now,
          planned: scheduledFor,
          at: at ? planned.value : undefined,
          keepsTime: patch.scheduledFor === undefined,
          sends: (id) => patch.mode === "publish" || at !== undefined || !wanted.has(id),
          canOf,
        },
        deps,
      );
      added = met.jobs;
      return { post: next, decided: met.decided, jobs: added };
    },
  });
  if (!written) return (await fileGone(ready.value, store)) ?? editedMeanwhile(false);
  return { ok: true, value: changed(written.post, written.jobs, written.decided, added) };
}

/** The change comes too late for this account whatever it says, so what is wrong with it there refuses nothing. */
function takesNothing(
  { target }: PreparedTarget,
  jobs: readonly JobRecord[],
  canOf: (job: JobRecord) => WishFacts["can"],
): boolean {
  const own = jobs.filter(({ connectionId, state }) => connectionId === target.connectionId && state !== "canceled");
  return own.some((job) => {
    if (job.state === "discarded" || job.state === "removed") return true;
    return job.state === "published" && !canOf(job).editWords;
  });
}

const passed = (target: PreparedTarget): PreparedTarget => ({ ...target, problems: [], fits: [] });

export function editedMeanwhile(isDeleting: boolean): { readonly ok: false; readonly error: ServiceError } {
  return {
    ok: false,
    error: {
      code: "conflict",
      field: "ifVersion",
      detail: isDeleting ? "This post is being deleted." : "Somebody edited this post meanwhile.",
      next: "Read it again and repeat the change.",
    },
  };
}

export const wishBy = (caller: Caller, now: Date) => ({ by: caller.actorId, at: now.toISOString() });

/**
 * Where the change leaves the post: `mode` says it outright, and taking the time away makes a planned post a draft. What an
 * approver has not seen asks again; a time alone does not, since the approver's word is about what is said and where.
 */
function statusAfter(
  post: PostRecord,
  patch: PostPatch,
  { waitsForWord, isNew }: { readonly waitsForWord: boolean; readonly isNew: boolean },
): { readonly ok: true; readonly value: PostStatus } | { readonly ok: false; readonly error: ServiceError } {
  // What was rejected must be asked for again, whatever it says by then.
  if (patch.mode === "draft" && post.status === "rejected" && waitsForWord)
    return {
      ok: false,
      error: {
        code: "forbidden",
        field: "mode",
        detail: "This post is rejected and stays so until an approver decides again.",
        next: "Change it as it is, then use mode ask.",
      },
    };
  if (patch.mode === "draft") return { ok: true, value: "draft" };
  if (patch.mode === "ask") {
    if (post.status === "approved")
      return {
        ok: false,
        error: {
          code: "state_conflict",
          field: "mode",
          detail: "This post is approved already.",
          next: "Make it a draft first, then ask.",
        },
      };
    return { ok: true, value: "awaiting_approval" };
  }
  if (patch.mode === "publish" && waitsForWord && post.status !== "approved")
    return {
      ok: false,
      error: {
        code: "forbidden",
        field: "mode",
        detail: `This post ${post.status === "rejected" ? "is rejected" : "needs approval"}; an approver sends it.`,
        next: "Use mode ask.",
      },
    };
  const clearsTime = patch.mode !== "publish" && patch.scheduledFor === null && post.scheduledFor !== undefined;
  if (clearsTime && post.status === "approved") return { ok: true, value: "draft" };
  if (post.status === "approved" && waitsForWord && isNew) return { ok: true, value: "awaiting_approval" };
  return { ok: true, value: patch.mode === "publish" ? "approved" : post.status };
}

/** What it says and where it goes, by what is stored of it. */
function isSamePost(post: PostRecord, draft: ReturnType<typeof merged>): boolean {
  const plain = ({ content, versions, targets }: ReturnType<typeof merged>): unknown =>
    JSON.parse(JSON.stringify({ content, versions, targets: targetsOf(targets) }));
  return isDeepStrictEqual(plain({ ...post, targets: [...post.targets] }), plain(draft));
}

function merged(post: PostRecord, patch: PostPatch) {
  const { format: _kept, ...content } = post.content;
  const format = patch.format === undefined ? post.content.format : (patch.format ?? undefined);
  return {
    content: contentOf({ ...content, ...writtenIn(patch), ...(format ? { format } : {}) }),
    versions: patch.versions ? versionsOf(patch.versions) : post.versions,
    targets: patch.targets ? targetsOf(patch.targets) : [...post.targets],
  };
}
