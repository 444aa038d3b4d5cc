import type { JsonObject } from "@postd/contracts";
import { asId, type PostId, type PostPatch, type PostView } from "@postd/contracts";
import type { JobRecord, PostRecord } from "../../ports/publishing-store.ts";
import type { Caller, ServiceResult } from "../../ports/services.ts";
import { draftOf, newJob, type PublishingDeps, plannedFor, versionsOf } from "./accept-post.ts";
import { notFound } from "./job-actions.ts";
import { prepareTargets, problemsOf, refusalOf } from "./prepare-targets.ts";
import { changeRemote, editLive, type RemoteDeps, removeLive } from "./remote.ts";
import { postView } from "./views.ts";

type Deps = PublishingDeps & { readonly remote: RemoteDeps };

export async function viewOf(caller: Caller, id: PostId, deps: PublishingDeps): ServiceResult<PostView> {
  const found = await deps.store.forTenant(caller.tenantId).post(id);
  return found ? { ok: true, value: postView(found.post, found.jobs, false) } : notFound("post", id);
}

/** Changes a post nobody has begun to send. A live post's text is edited at the platforms that allow it. */
export async function updatePost(caller: Caller, id: PostId, patch: PostPatch, deps: Deps): ServiceResult<PostView> {
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.post(id);
  if (!found) return notFound("post", id);
  const { post, jobs } = found;
  if (patch.ifVersion !== undefined && patch.ifVersion !== post.version)
    return {
      ok: false,
      error: {
        code: "conflict",
        field: "ifVersion",
        detail: "Somebody edited this post meanwhile.",
        next: "Read it again and repeat the change.",
      },
    };
  if (jobs.some(({ state }) => state === "published")) return editPublished(caller, post, jobs, patch, deps);
  const now = deps.clock.now();
  const scheduledFor =
    patch.scheduledFor === undefined ? post.scheduledFor?.toISOString() : (patch.scheduledFor ?? undefined);
  const planned =
    patch.scheduledFor === undefined
      ? { ok: true as const, value: post.scheduledFor ?? now }
      : plannedFor(scheduledFor, now);
  if (!planned.ok) return planned;
  const draft = merged(post, patch);
  const prepared = await prepareTargets(draft, store, deps.registry);
  if (!prepared.ok) return prepared;
  const refused = post.status === "draft" ? undefined : refusalOf(problemsOf(prepared.value));
  if (refused) return refused;
  const written = await store.rewrite({
    post: {
      ...post,
      content: draft.content,
      versions: draft.versions,
      targets: draft.targets.map((target) => ({ ...target, connectionId: asId("connection", target.connectionId) })),
      scheduledFor: scheduledFor ? planned.value : undefined,
    },
    jobs: post.status === "approved" ? prepared.value.map((target) => newJob(target, planned.value, now, deps)) : [],
    ifVersion: post.version,
  });
  if (!written)
    return {
      ok: false,
      error: {
        code: "state_conflict",
        detail: "This post is already being sent, or was edited meanwhile.",
        next: "Read it again; what is sent is frozen.",
      },
    };
  return viewOf(caller, id, deps);
}

async function editPublished(
  caller: Caller,
  post: PostRecord,
  jobs: readonly JobRecord[],
  patch: PostPatch,
  deps: Deps,
): ServiceResult<PostView> {
  const text = patch.content;
  const onlyText = text !== undefined && Object.keys(patch).every((key) => key === "content" || key === "ifVersion");
  if (!onlyText)
    return {
      ok: false,
      error: {
        code: "state_conflict",
        detail: "Only the text of a live post can be changed.",
        next: "Send content alone, or make a new post.",
      },
    };
  for (const job of jobs.filter(({ state }) => state === "published")) {
    const edited = await changeRemote(caller.tenantId, job, editLive(text), deps.remote);
    if (!edited.ok) return edited;
  }
  return viewOf(caller, post.id, deps);
}

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

/** Cancels what is not sent; with `alsoLive` live posts are deleted at the platforms that allow it, before anything else. */
export async function deletePost(
  caller: Caller,
  id: PostId,
  options: { readonly alsoLive: boolean },
  deps: Deps,
): ServiceResult<PostView> {
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.post(id);
  if (!found) return notFound("post", id);
  const busy = found.jobs.find(({ state }) => state === "publishing" || state === "handed_over");
  if (busy)
    return {
      ok: false,
      error: {
        code: "state_conflict",
        detail: `${busy.id} is ${busy.state}; it cannot be taken back this moment.`,
        next: busy.state === "handed_over" ? "Cancel that job first." : "Try again in a minute.",
      },
    };
  if (options.alsoLive) {
    for (const job of found.jobs.filter(({ state }) => state === "published")) {
      const removed = await changeRemote(caller.tenantId, job, removeLive, deps.remote);
      if (!removed.ok) return removed;
    }
  }
  const jobs = await store.remove(id);
  return { ok: true, value: postView(found.post, jobs, false) };
}

/** An approver's word; nobody decides on a post they wrote themselves unless they own the workspace. */
export async function decidePost(
  caller: Caller,
  id: PostId,
  decision: { readonly approve: boolean; readonly note?: string },
  deps: PublishingDeps,
): ServiceResult<PostView> {
  const store = deps.store.forTenant(caller.tenantId);
  const found = await store.post(id);
  if (!found) return notFound("post", id);
  const { post } = found;
  if (post.status !== "awaiting_approval")
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
  const planned = post.scheduledFor && post.scheduledFor > now ? post.scheduledFor : now;
  const prepared = await prepareTargets(
    { content: post.content, versions: post.versions, targets: post.targets },
    store,
    deps.registry,
  );
  if (!prepared.ok) return prepared;
  const refused = decision.approve ? refusalOf(problemsOf(prepared.value)) : undefined;
  if (refused) return refused;
  const decided = await store.decide({
    id,
    approve: decision.approve,
    by: caller.actorId,
    ...(decision.note ? { note: decision.note } : {}),
    jobs: decision.approve ? prepared.value.map((target) => newJob(target, planned, now, deps)) : [],
  });
  if (!decided)
    return { ok: false, error: { code: "state_conflict", detail: "Somebody else decided this post meanwhile." } };
  return viewOf(caller, id, deps);
}
