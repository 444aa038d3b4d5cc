import { isDeepStrictEqual } from "node:util";
import type { OutgoingPost } from "@postd/connector-kit";
import {
  asId,
  type JsonObject,
  type PostId,
  type PostPatch,
  type PostStatus,
  type PostView,
  type ServiceError,
} from "@postd/contracts";
import { type Meeting, meet, type Wish } from "../../domain/wishes.ts";
import type { JobDecision, JobRecord, LockedJob, NewJob, PostRecord } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult, Wished } from "../../ports/services.ts";
import { draftOf, newJob, plannedFor, versionsOf } from "./accept-post.ts";
import { type ActDeps, notFound } from "./job-actions.ts";
import { abilitiesOf, canceledFor, changed } from "./post-actions.ts";
import { type PreparedTarget, prepareTargets, problemsOf, refusalOf } from "./prepare-targets.ts";

/**
 * Changes a post. Every target is decided by itself, by the job as it is under its lock: changed before anything was sent,
 * kept until POSTD knows whether it is live, changed at the platform, or too late; the answer names each. Jobs keep their
 * ids. An edit is no word to send: what is held stays held unless it gets a new time.
 */
export async function updatePost(
  caller: Caller,
  id: PostId,
  patch: PostPatch,
  deps: ActDeps,
): ServiceResult<Wished<PostView>> {
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.post(id);
  if (!found) return notFound("post", id);
  const { post } = found;
  const ifVersion = patch.ifVersion ?? post.version;
  if (ifVersion !== post.version || post.deleting) return editedMeanwhile(post.deleting);
  const now = deps.clock.now();
  const given = patch.scheduledFor ?? undefined;
  const planned = plannedFor(given, now);
  if (!planned.ok) return planned;
  const status = statusAfter(post, patch, caller.role);
  if (!status.ok) return status;
  const draft = merged(post, patch);
  const prepared = await prepareTargets(draft, store, deps.registry);
  if (!prepared.ok) return prepared;
  const refused = status.value === "draft" ? undefined : refusalOf(problemsOf(prepared.value));
  if (refused) return refused;
  const scheduledFor =
    patch.scheduledFor === undefined ? post.scheduledFor : patch.scheduledFor === null ? undefined : planned.value;
  const canOf = await abilitiesOf(caller, found.jobs, deps);
  let added: readonly NewJob[] = [];
  const written = await store.change({
    id,
    ifVersion,
    decide: (locked) => {
      const next = {
        status: status.value,
        content: draft.content,
        versions: draft.versions,
        targets: draft.targets.map((target) => ({ ...target, connectionId: asId("connection", target.connectionId) })),
        scheduledFor,
      };
      if (status.value !== "approved")
        return { post: next, decided: canceledFor(locked, { kind: "cancel", ...wishBy(caller, now) }), jobs: [] };
      const decided = decideJobs({
        locked,
        targets: prepared.value,
        patch,
        by: wishBy(caller, now),
        at: given ? planned.value : undefined,
        canOf,
      });
      const kept = new Set(
        locked.filter(({ job }) => job.state !== "canceled").map(({ job }) => job.connectionId as string),
      );
      added = prepared.value
        .filter(({ target }) => !kept.has(target.connectionId))
        .map((target) => newJob(target, scheduledFor && scheduledFor > now ? scheduledFor : now, now, deps));
      return { post: next, decided, jobs: added };
    },
  });
  if (!written) return editedMeanwhile(false);
  return { ok: true, value: changed(written.post, written.jobs, written.decided, added) };
}

function editedMeanwhile(isDeleting: boolean): { readonly ok: false; readonly error: ServiceError } {
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

const wishBy = (caller: Caller, now: Date) => ({ by: caller.actorId, at: now.toISOString() });

/** Where the change leaves the post: `mode` says it outright, and taking the time away makes a planned post a draft. */
function statusAfter(
  post: PostRecord,
  patch: PostPatch,
  role: Caller["role"],
): { readonly ok: true; readonly value: PostStatus } | { readonly ok: false; readonly error: ServiceError } {
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
  const awaitsWord = post.status === "awaiting_approval" || post.status === "rejected";
  if (patch.mode === "publish" && awaitsWord && role === "editor")
    return {
      ok: false,
      error: {
        code: "forbidden",
        field: "mode",
        detail: `This post is ${post.status === "rejected" ? "rejected" : "waiting for approval"}; an approver sends it.`,
        next: "Use mode ask.",
      },
    };
  if (patch.mode === "publish") return { ok: true, value: "approved" };
  const clearsTime = patch.scheduledFor === null && post.scheduledFor !== undefined;
  return { ok: true, value: clearsTime && post.status === "approved" ? "draft" : post.status };
}

/** What the change means for each job there is. */
function decideJobs(input: {
  readonly locked: readonly LockedJob[];
  readonly targets: readonly PreparedTarget[];
  readonly patch: PostPatch;
  readonly by: { readonly by: string; readonly at: string };
  readonly at: Date | undefined;
  readonly canOf: (job: JobRecord) => { readonly remove: boolean; readonly editText: boolean };
}): readonly JobDecision[] {
  return input.locked.flatMap((locked) => {
    const { job } = locked;
    if (job.state === "canceled" || job.state === "discarded" || job.state === "removed") return [];
    const target = input.targets.find((candidate) => candidate.target.connectionId === job.connectionId);
    const facts = { ...locked.facts, can: input.canOf(job) };
    const meeting = target ? meetEdit(facts, job, target, input) : meet(facts, { kind: "cancel", ...input.by });
    return [{ jobId: job.id, meeting }];
  });
}

function meetEdit(
  facts: Parameters<typeof meet>[0],
  job: JobRecord,
  target: PreparedTarget,
  {
    patch,
    by,
    at,
  }: { readonly patch: PostPatch; readonly by: { by: string; at: string }; readonly at: Date | undefined },
): Meeting {
  const isSame = isAlike(job.content, target.post);
  if (isSame && !at) return { change: "unchanged", message: "Nothing of it changed." };
  if (isSame && at) return meet(facts, { kind: "move", ...by, scheduledFor: at.toISOString() });
  const textOnly = isTextOnly(job, target) && patch.scheduledFor === undefined;
  const edit: Wish = { kind: "edit", ...by, content: target.post, fingerprint: target.fingerprint, textOnly };
  const edited = meet(facts, edit);
  if (!at || edited.change !== "changed" || !edited.patch) return edited;
  // New content and a new time together, before anything was sent.
  const moved = meet(facts, { kind: "move", ...by, scheduledFor: at.toISOString() });
  return { ...edited, patch: { ...edited.patch, ...moved.patch } };
}

function isTextOnly(job: JobRecord, { post }: PreparedTarget): boolean {
  return isAlike({ ...job.content, text: "" }, { ...post, text: "" });
}

/** Equal as they are stored, whatever the order of their fields. */
const isAlike = (a: OutgoingPost, b: OutgoingPost): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));

function merged(post: PostRecord, patch: PostPatch) {
  const base = draftOf(
    {
      content: patch.content ?? post.content.text,
      mediaIds: patch.mediaIds ?? post.content.mediaIds.map((id) => asId("media", id)),
      targets: patch.targets ?? [...post.targets],
    },
    [],
  );
  const format = patch.format === undefined ? post.content.format : (patch.format ?? undefined);
  return {
    content: {
      ...base.content,
      ...(format ? { format } : {}),
      options: (patch.options as JsonObject | undefined) ?? post.content.options,
    },
    versions: patch.versions ? versionsOf(patch.versions) : post.versions,
    targets: base.targets,
  };
}
