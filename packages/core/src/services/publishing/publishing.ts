import { replyFormat } from "@postd/connector-kit";
import { asId, type JobView, ok, type PauseInput, type PostInput, type PostView } from "@postd/contracts";
import type { JobRecord, PostRecord } from "../../ports/publishing-store.ts";
import type { Caller, PublishingService } from "../../ports/services.ts";
import { pageOf } from "../page-of.ts";
import { acceptPost, draftOf, type PublishingDeps } from "./accept-post.ts";
import { notFound } from "./act-on-job.ts";
import { atEntriesOnly } from "./answers.ts";
import { decidePost } from "./decide-post.ts";
import { listDlq, replayDlq } from "./dlq.ts";
import { planWarnings } from "./plan-warnings.ts";
import { deletePost, viewOf } from "./post-actions.ts";
import { prepareTargets } from "./prepare-targets.ts";
import { no } from "./refusals.ts";
import type { RemoteDeps } from "./remote.ts";
import { repeatWarnings } from "./repeat-warnings.ts";
import { resolveJob } from "./resolve-job.ts";
import { retryJob } from "./retry-job.ts";
import { withSavedMentions } from "./saved-mentions.ts";
import { trialPost } from "./trial-post.ts";
import { updatePost } from "./update-post.ts";
import { jobView, postView } from "./views.ts";
import { cancelJob, removeJob } from "./wish-for-job.ts";

/** Posts and publish jobs as the API offers them. */
export function createPublishingService(deps: PublishingDeps & { readonly remote: RemoteDeps }): PublishingService {
  const of = (caller: Caller) => deps.store.forTenant(caller.tenantId);
  return {
    publish: (caller, input, idempotencyKey) => {
      const { payload, connectionId } = input;
      const { idempotencyKey: bodyKey, nativeSchedule, destination, ...rest } = payload;
      const post: PostInput = {
        ...rest,
        targets: [
          {
            connectionId,
            ...(nativeSchedule === undefined ? {} : { nativeSchedule }),
            ...(destination === undefined ? {} : { destination }),
          },
        ],
      };
      const key = idempotencyKey ?? bodyKey;
      const answer = (_post: PostRecord, jobs: readonly JobRecord[]): JobView => jobView(first(jobs));
      const fieldPrefix = (_index: number, field: string) =>
        `payload.${field === "text" && payload.text === undefined ? "content" : field}`;
      return acceptPost(
        caller,
        post,
        {
          operation: "publish",
          body: { ...input, payload: { ...payload, idempotencyKey: undefined } },
          fieldPrefix,
          answer,
          ...(key === undefined ? {} : { idempotencyKey: key }),
        },
        deps,
      );
    },
    createPost: (caller, input, idempotencyKey) => {
      const key = idempotencyKey ?? input.idempotencyKey;
      const answer = (post: PostRecord, jobs: readonly JobRecord[]): PostView => postView(post, jobs);
      const fieldPrefix = (index: number, field: string) => `targets.${index}.${field}`;
      return acceptPost(
        caller,
        input,
        {
          operation: "createPost",
          body: { ...input, idempotencyKey: undefined },
          fieldPrefix,
          answer,
          ...(key === undefined ? {} : { idempotencyKey: key }),
        },
        deps,
      );
    },
    reply: (caller, { entryId, connectionId, destination, mayReply, ...said }, idempotencyKey) =>
      acceptPost(
        caller,
        { ...said, format: replyFormat, targets: [{ connectionId, destination }] },
        {
          operation: "reply",
          body: { entryId, ...said },
          fieldPrefix: (_index, field) => field,
          mayReply,
          answer: (post, jobs) => postView(post, jobs),
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        },
        deps,
      ),
    validatePost: async (caller, input) => {
      const named = await withSavedMentions(input, of(caller));
      if (!named.ok) return named;
      const scheduledFor = input.scheduledFor === undefined ? undefined : new Date(input.scheduledFor);
      const draft = draftOf(named.value, []);
      const stray = atEntriesOnly(draft);
      if (stray) return stray;
      const prepared = await prepareTargets({ ...draft, scheduledFor }, of(caller), deps);
      if (!prepared.ok) return prepared;
      const at = scheduledFor ?? deps.clock.now();
      const repeats = deps.repeats ? await repeatWarnings(deps.repeats, caller.tenantId, prepared.value, at) : [];
      const targets = await Promise.all(
        prepared.value.map(async (one, index) => {
          const warnings = deps.plans ? await planWarnings(deps.plans, caller.tenantId, one, at) : [];
          const { connectionId } = one.target;
          return {
            connectionId,
            format: one.post.format,
            problems: [...one.problems, ...warnings, ...(repeats[index] ?? [])],
          };
        }),
      );
      return {
        ok: true,
        value: { ok: !targets.some(({ problems }) => problems.some(({ severity }) => severity === "error")), targets },
      };
    },
    trialPost: (caller, input) => trialPost(caller, input, deps),
    getPost: (caller, id) => viewOf(caller, id, deps),
    listPosts: async (caller, { limit, cursor, status, replies = status === "awaiting_approval" }) => {
      const slice = await of(caller).posts({
        limit,
        ...(cursor ? { before: cursor } : {}),
        ...(status ? { status } : {}),
        ...(replies ? {} : { withoutAnswers: true }),
      });
      const views = slice.rows.map(({ post, jobs }) => postView(post, jobs));
      return ok(pageOf(slice, views, ({ post }) => post.id));
    },
    updatePost: (caller, id, patch) => updatePost(caller, id, patch, deps),
    deletePost: (caller, id, options) => deletePost(caller, id, options, deps),
    decidePost: (caller, id, decision) => decidePost(caller, id, decision, deps),
    getJob: async (caller, id) => {
      const found = await of(caller).job(id);
      return found ? { ok: true, value: jobView(found.job, found.attempts, found.decisions) } : notFound("job", id);
    },
    listJobs: async (caller, { limit, cursor, states, connectionId, postId }) => {
      // A filter names something of this tenant; what is not there is said, not shown as nothing to do.
      if (connectionId && (await of(caller).targets([connectionId])).length === 0)
        return notFound("connection", connectionId);
      if (postId && !(await of(caller).post(postId))) return notFound("post", postId);
      const filter = {
        ...(cursor ? { before: cursor } : {}),
        ...(states ? { states } : {}),
        ...(connectionId ? { connectionId } : {}),
        ...(postId ? { postId } : {}),
      };
      const slice = await of(caller).jobs({ limit, ...filter });
      const views = slice.rows.map((job) => jobView(job));
      return ok(pageOf(slice, views, ({ id }) => id));
    },
    retryJob: (caller, id, input) => retryJob(caller, id, input, deps),
    cancelJob: (caller, id) => cancelJob(caller, id, deps),
    removeJob: (caller, id) => removeJob(caller, id, deps),
    resolveJob: (caller, id, input) => resolveJob(caller, id, input, deps),
    listDlq: (caller) => listDlq(caller, deps),
    replayDlq: (caller, input) => replayDlq(caller, input, deps),
    pause: async (caller, input) => {
      const scope = scopeOf(caller, input);
      if (!scope.ok) return scope;
      const paused = await of(caller).pause({ ...scope.value, by: caller.actorId });
      return paused ? { ok: true, value: { paused: true } } : notFound("connection", input.connectionId ?? "");
    },
    resume: async (caller, input) => {
      const scope = scopeOf(caller, input);
      if (!scope.ok) return scope;
      const released = await of(caller).resume(scope.value);
      return released === undefined
        ? notFound("connection", input.connectionId ?? "")
        : { ok: true, value: { paused: false, released } };
    },
  };
}

function scopeOf(caller: Caller, input: PauseInput) {
  if (input.scope === "instance" && !caller.operator)
    return no(
      "forbidden",
      "scope",
      "Only the operator of this server may pause all of it.",
      "Use scope tenant for your own workspace.",
    );
  if (input.scope === "connection" && !input.connectionId)
    return no(
      "invalid_input",
      "connectionId",
      "Which account shall pause?",
      "Give connectionId with scope connection.",
    );
  if (input.scope !== "connection" && input.connectionId)
    return no(
      "invalid_input",
      "connectionId",
      `The scope ${input.scope} takes no connectionId.`,
      "Leave connectionId out, or use scope connection.",
    );
  return {
    ok: true as const,
    value: {
      scope: input.scope,
      ...(input.connectionId ? { connectionId: asId("connection", input.connectionId) } : {}),
    },
  };
}

function first(jobs: readonly JobRecord[]): JobRecord {
  const [job] = jobs;
  if (!job) throw new Error("a published post has no job");
  return job;
}
