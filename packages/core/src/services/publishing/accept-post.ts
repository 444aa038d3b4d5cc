import type { Clock } from "@postd/connector-kit";
import {
  asId,
  type Id,
  type IdKind,
  type JobView,
  type JsonObject,
  type PostInput,
  type PostPatch,
  type PostView,
  type ServiceError,
} from "@postd/contracts";
import { decidesAlone } from "../../domain/approval.ts";
import type {
  ContentRecord,
  IdempotencyClaim,
  JobRecord,
  NewJob,
  PostRecord,
  PublishingStore,
} from "../../ports/publishing-store.ts";
import type { PullPlaces } from "../../ports/pull-places.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { RepeatsReader } from "../../ports/repeats.ts";
import type { Caller, Created, MediaService, ServiceResult } from "../../ports/services.ts";
import { hashBody, keyUsed } from "../kept-answer.ts";
import type { PipelineLog } from "../pipeline/worker-deps.ts";
import { atEntriesOnly } from "./answers.ts";
import { contentOf, writtenIn } from "./content.ts";
import { fitTargets } from "./fit-targets.ts";
import type { PlanDeps } from "./plan-warnings.ts";
import { fileGone, fileIdsOf } from "./post-files.ts";
import { prepareTargets, problemsOf, refusalOf, simulatedMark } from "./prepare-targets.ts";
import type { PreparedTarget } from "./prepared-target.ts";
import { no } from "./refusals.ts";
import { withSavedMentions } from "./saved-mentions.ts";

export interface PublishingDeps {
  readonly store: PublishingStore;
  readonly registry: ConnectorRegistry;
  readonly media: Pick<MediaService, "fetchFromUrl" | "fitted">;
  readonly clock: Clock;
  readonly newId: <K extends IdKind>(kind: K) => Id<K>;
  readonly lateAfterMs: number;
  readonly log: Pick<PipelineLog, "error">;
  readonly pulls?: PullPlaces;
  /** Warns of plans that hold more than a platform takes. Absent: nobody counts. */
  readonly plans?: PlanDeps;
  /** Warns of what went out before, in checks alone. Absent: nobody looks. */
  readonly repeats?: RepeatsReader;
}

/** All files a post names by address must be there after this long. */
const fetchAllMs = 3 * 60_000;
/** A planned time may lie this far back, for clocks that differ and slow forms. */
const pastToleranceMs = 5 * 60_000;

/** Parses, checks and commits one post with a job per target; the same key and body answer what they answered first. */
export async function acceptPost<V extends JobView | PostView>(
  caller: Caller,
  given: PostInput,
  how: {
    readonly operation: string;
    readonly idempotencyKey?: string;
    /** What the key protects: the request without the key itself. */
    readonly body: unknown;
    readonly fieldPrefix: (index: number, field: string) => string;
    /** Why what it answers cannot be answered; absent: it is an ordinary post. */
    readonly mayReply?: () => { readonly ok: false; readonly error: ServiceError } | undefined;
    readonly answer: (post: PostRecord, jobs: readonly JobRecord[]) => V;
  },
  deps: PublishingDeps,
): ServiceResult<Created<V>> {
  const store = deps.store.forTenant(caller.tenantId);
  const claim: IdempotencyClaim | undefined =
    how.idempotencyKey === undefined
      ? undefined
      : { operation: how.operation, key: how.idempotencyKey, bodyHash: hashBody(how.body) };
  if (claim) {
    const seen = await store.seen(claim);
    if (seen.kind === "differs") return { ok: false, error: keyUsed(claim.key) };
    if (seen.kind === "replay") return { ok: true, value: { view: seen.response as unknown as V, replayed: true } };
  }
  const unanswerable = how.mayReply?.();
  if (unanswerable) return unanswerable;
  const named = await withSavedMentions(given, store);
  if (!named.ok) return named;
  const input = named.value;
  const now = deps.clock.now();
  const planned = plannedFor(input.scheduledFor, now);
  if (!planned.ok) return planned;
  const fetched = await fetchMedia(caller, input.mediaUrls ?? [], deps);
  if (!fetched.ok) return fetched;
  const draft = draftOf(input, fetched.value);
  const stray = how.mayReply ? undefined : atEntriesOnly(draft);
  if (stray) return stray;
  const scheduledFor = input.scheduledFor ? planned.value : undefined;
  const prepared = await prepareTargets({ ...draft, scheduledFor }, store, deps);
  if (!prepared.ok) return prepared;
  const mode = input.mode ?? "publish";
  if (mode === "publish" && !decidesAlone(caller) && (await store.requiresApproval()))
    return mustAsk(how.mayReply ? "Send it with mode ask." : "Write it with POST /api/posts and mode ask.");
  if (mode !== "draft") {
    const refused = refusalOf(problemsOf(prepared.value, how.fieldPrefix));
    if (refused) return refused;
  }
  // Content of jobs is what it is from here on, so its files are made now.
  const ready = mode === "publish" ? await fitTargets(caller, prepared.value, deps) : prepared;
  if (!ready.ok) return ready;
  const unfit = mode === "publish" ? refusalOf(problemsOf(ready.value, how.fieldPrefix)) : undefined;
  if (unfit) return unfit;
  const post = {
    id: deps.newId("post"),
    status:
      mode === "publish" ? ("approved" as const) : mode === "ask" ? ("awaiting_approval" as const) : ("draft" as const),
    content: draft.content,
    versions: draft.versions,
    targets: input.targets.map(({ connectionId, nativeSchedule, destination }, index) => ({
      connectionId: asId("connection", connectionId),
      ...(nativeSchedule ? { nativeSchedule } : {}),
      ...(destination === undefined ? {} : { destination }),
      ...simulatedMark(ready.value[index]),
    })),
    scheduledFor,
    metadata: (input.metadata ?? {}) as JsonObject,
    createdBy: caller.actorId,
    changedBy: caller.actorId,
    approvalAsked: mode === "ask",
    deleting: false,
  };
  const jobs = mode === "publish" ? ready.value.map((target) => newJob(target, planned.value, now, deps)) : [];
  const accepted = await store.accept({
    post,
    jobs,
    files: fileIdsOf(ready.value),
    now,
    refuseTwins: mode === "publish" && !claim && input.repost !== true,
    answer: how.answer,
    ...(claim ? { idempotency: claim } : {}),
  });
  if (accepted.kind === "differs") return { ok: false, error: keyUsed(claim?.key ?? "") };
  if (accepted.kind === "file_gone") {
    const gone = await fileGone(ready.value, store);
    if (!gone) throw new Error("a post was refused for a file that is there");
    return gone;
  }
  if (accepted.kind === "twin") return twinRefusal(accepted, ready.value, now);
  if (accepted.kind === "replay")
    return { ok: true, value: { view: accepted.response as unknown as V, replayed: true } };
  return { ok: true, value: { view: accepted.view, replayed: false } };
}

export const mustAsk = (next: string) =>
  no("forbidden", "mode", "Every post of this workspace waits for an approver.", next);

export function newJob(
  prepared: PreparedTarget,
  scheduledFor: Date,
  now: Date,
  deps: Pick<PublishingDeps, "newId">,
): NewJob {
  const leadMs = scheduledFor.getTime() - now.getTime();
  const schedule = prepared.platform.publishing.schedule;
  // The platform holds the clock only inside its window; otherwise POSTD does, as always.
  const native =
    prepared.nativeSchedule && schedule !== undefined && leadMs >= schedule.minLeadMs && leadMs <= schedule.maxLeadMs;
  return {
    id: deps.newId("publishJob"),
    connectionId: prepared.target.connectionId,
    platform: prepared.target.platform,
    post: prepared.post,
    fingerprint: prepared.fingerprint,
    scheduledFor,
    wakeAt: native || scheduledFor <= now ? undefined : scheduledFor,
    nativeSchedule: native,
    simulated: prepared.target.simulated,
  };
}

export function draftOf(
  input: Omit<PostPatch, "targets" | "format"> & Pick<PostInput, "targets" | "format">,
  fetchedIds: readonly string[],
) {
  const written = writtenIn(input);
  const content = contentOf({
    ...written,
    text: written.text ?? "",
    mediaIds: [...(written.mediaIds ?? []), ...fetchedIds],
    options: written.options ?? {},
  });
  return { content, versions: versionsOf(input.versions ?? {}), targets: targetsOf(input.targets) };
}

export const targetsOf = (targets: PostInput["targets"]) =>
  targets.map(({ connectionId, nativeSchedule, destination }) => ({
    connectionId,
    ...(nativeSchedule === undefined ? {} : { nativeSchedule }),
    ...(destination === undefined ? {} : { destination }),
  }));

export const versionsOf = (versions: NonNullable<PostInput["versions"]>): Record<string, Partial<ContentRecord>> =>
  Object.fromEntries(Object.entries(versions).map(([target, version]) => [target, writtenIn(version)]));

/** A time a little back means now; far back is a mistake the author must see. */
export function plannedFor(scheduledFor: string | undefined, now: Date) {
  if (scheduledFor === undefined) return { ok: true as const, value: now };
  const at = new Date(scheduledFor);
  if (now.getTime() - at.getTime() > pastToleranceMs)
    return no(
      "invalid_input",
      "scheduledFor",
      `${scheduledFor} is in the past.`,
      "Choose a time ahead, or leave it out to send now.",
    );
  return { ok: true as const, value: at < now ? now : at };
}

async function fetchMedia(caller: Caller, urls: readonly string[], deps: PublishingDeps) {
  const ids: string[] = [];
  const signal = AbortSignal.timeout(fetchAllMs);
  for (const [index, url] of urls.entries()) {
    const fetched = await deps.media.fetchFromUrl(caller, { url }, signal);
    if (!fetched.ok) return { ok: false as const, error: { ...fetched.error, field: `mediaUrls.${index}` } };
    ids.push(fetched.value.id);
  }
  return { ok: true as const, value: ids };
}

function twinRefusal(
  twin: { readonly jobId: string; readonly connectionId: string; readonly createdAt: Date },
  targets: readonly PreparedTarget[],
  now: Date,
): { readonly ok: false; readonly error: ServiceError } {
  const minutes = Math.max(1, Math.round((now.getTime() - twin.createdAt.getTime()) / 60_000));
  const name =
    targets.find(({ target }) => target.connectionId === twin.connectionId)?.target.account.name ?? "this account";
  const error: ServiceError = {
    code: "conflict",
    detail: `The same post for ${name} and the same time was taken ${minutes} min ago as ${twin.jobId}.`,
    next: "Send repost: true when posting it again is meant.",
    field: "repost",
  };
  return { ok: false, error };
}
