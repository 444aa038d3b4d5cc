import { retryDelaysMs } from "@postd/connector-kit/rules";
import type { AttemptView, DeskDecisionView, JobView, PostView } from "@postd/contracts";
import { AttemptView as AttemptSchema, JobView as JobSchema, PostContentView } from "@postd/contracts";
import { clockWords } from "../../domain/clock-words.ts";
import { effectNow, toldFailure } from "../../domain/explain.ts";
import type { Wish } from "../../domain/wishes.ts";
import type { AttemptRecord, ContentRecord, JobRecord, PostRecord } from "../../ports/publishing-store.ts";
import { postHash } from "../approval/post-hash.ts";

/** A job as the API shows it. Unset facts are left out; `nextAt` only where POSTD acts by itself. */
export function jobView(
  job: JobRecord,
  attempts?: readonly AttemptRecord[],
  decisions: readonly DeskDecisionView[] = [],
): JobView {
  const failure = JobSchema.shape.failure.safeParse(job.failure && toldFailure(job.failure)).data;
  return {
    id: job.id,
    postId: job.postId,
    connectionId: job.connectionId,
    platform: job.platform,
    format: job.post.format,
    state: job.state,
    ...(job.state === "handed_over" ? { to: job.externalPostId ? ("platform" as const) : ("app" as const) } : {}),
    ...(job.heldReason ? { heldReason: job.heldReason } : {}),
    scheduledFor: job.scheduledFor.toISOString(),
    ...nextLook(job),
    tries: job.tries,
    maxTries: retryDelaysMs.length + 1,
    mayBeLive: job.mayBeLive,
    ...(job.removedAt ? { removedAt: job.removedAt.toISOString() } : {}),
    ...(job.removedBy ? { removedBy: job.removedBy } : {}),
    ...(job.successorId ? { successorId: job.successorId } : {}),
    ...(job.wish ? { wish: wishView(job.wish) } : {}),
    ...(job.wishOutcome ? { wishOutcome: job.wishOutcome } : {}),
    ...(job.externalPostId ? { externalPostId: job.externalPostId } : {}),
    ...(job.permalink ? { permalink: job.permalink } : {}),
    ...(job.earlierPosts.length > 0 ? { earlierPosts: [...job.earlierPosts] } : {}),
    ...(job.publishedAt ? { publishedAt: job.publishedAt.toISOString() } : {}),
    ...(failure ? { failure: { ...failure, effect: effectNow(failure.effect, job) } } : {}),
    ...(job.mayBeLive || job.state === "unknown" ? { probe: probeView(job) } : {}),
    nativeSchedule: job.nativeSchedule,
    ...(job.post.destination === undefined ? {} : { destination: job.post.destination }),
    simulated: job.simulated,
    ...filesView(job),
    createdAt: job.createdAt.toISOString(),
    updatedAt: job.updatedAt.toISOString(),
    ...(attempts ? { attempts: attempts.map(attemptView) } : {}),
    ...(decisions.length > 0 ? { decisions: [...decisions] } : {}),
  };
}

/** One that waits for its platform is woken when that is asked again or answers; its own wake-up is for the worst case. */
function nextLook({ wakeAt, waitsFor }: JobRecord): Pick<JobView, "nextAt" | "waitsFor"> {
  if (!wakeAt) return {};
  const since = waitsFor?.downSince;
  if (!waitsFor || waitsFor.state === "closed" || !since) return { nextAt: wakeAt.toISOString() };
  const next = (waitsFor.probeAt ?? wakeAt).toISOString();
  const isAll = waitsFor.scope === "platform";
  const who = isAll ? "The platform does not answer" : "The platform does not answer for this account";
  return {
    nextAt: next,
    waitsFor: {
      what: isAll ? "platform" : "account",
      since: since.toISOString(),
      nextLookAt: next,
      message: `${who} since ${clockWords(since)}. POSTD asks it again at ${clockWords(new Date(next))}; the post goes out by itself when it answers.`,
    },
  };
}

/** Files that were made for the platform. */
function filesView({ post }: JobRecord): Pick<JobView, "files"> {
  const files = post.media.flatMap(({ id, madeFrom }) =>
    madeFrom ? [{ mediaId: id, madeFrom: madeFrom.id, changes: madeFrom.notes.map((note) => ({ ...note })) }] : [],
  );
  return files.length > 0 ? { files } : {};
}

function wishView(wish: Wish): NonNullable<JobView["wish"]> {
  const { kind, at, by } = wish;
  return { kind, at, by, ...(wish.kind === "delete" ? { alsoLive: wish.alsoLive } : {}) };
}

function probeView(job: JobRecord): NonNullable<JobView["probe"]> {
  const parsed = JobSchema.shape.probe.safeParse({
    since: job.probe?.since ?? job.updatedAt.toISOString(),
    looks: job.probe?.looks ?? 0,
    saw: job.probe?.saw ?? [],
    needsPerson: job.needsPerson,
    ...(job.wakeAt ? { nextAt: job.wakeAt.toISOString() } : {}),
  });
  return parsed.data ?? { since: job.updatedAt.toISOString(), looks: 0, saw: [], needsPerson: job.needsPerson };
}

function attemptView(attempt: AttemptRecord): AttemptView {
  const outcome = AttemptSchema.shape.outcome.safeParse(attempt.outcome).data;
  return {
    id: attempt.id,
    step: attempt.step,
    kind: attempt.kind,
    intentAt: attempt.intentAt.toISOString(),
    ...(attempt.answeredAt ? { answeredAt: attempt.answeredAt.toISOString() } : {}),
    ...(outcome ? { outcome } : {}),
    ...(attempt.note ? { note: attempt.note } : {}),
    ...(attempt.latencyMs === undefined ? {} : { latencyMs: attempt.latencyMs }),
    ...(attempt.failure ? { failure: { ...attempt.failure } } : {}),
  };
}

export function postView(post: PostRecord, jobs: readonly JobRecord[]): PostView {
  return {
    id: post.id,
    status: post.status,
    version: post.version,
    hash: postHash(post),
    ...(post.deleting ? { deleting: true } : {}),
    content: contentView(post.content),
    versions: Object.fromEntries(
      Object.entries(post.versions).map(([target, version]) => [target, versionView(version)]),
    ),
    targets: post.targets.map(({ connectionId, nativeSchedule, destination }) => ({
      connectionId,
      ...(nativeSchedule === undefined ? {} : { nativeSchedule }),
      ...(destination === undefined ? {} : { destination }),
    })),
    ...(post.scheduledFor ? { scheduledFor: post.scheduledFor.toISOString() } : {}),
    metadata: post.metadata,
    createdBy: post.createdBy,
    changedBy: post.changedBy,
    ...(post.decidedBy === undefined ? {} : { decidedBy: post.decidedBy }),
    createdAt: post.createdAt.toISOString(),
    updatedAt: post.updatedAt.toISOString(),
    jobs: jobs.map((job) => jobView(job)),
    simulated: [...post.targets, ...jobs].some(({ simulated }) => simulated === true),
  };
}

/** As it was written; what the view does not name stays inside. */
const contentView = (content: ContentRecord): PostView["content"] =>
  PostContentView.parse({ ...content, ...mediaView(content) });
const versionView = (version: Partial<ContentRecord>): PostView["versions"][string] =>
  PostVersionView.parse({ ...version, ...mediaView(version) });
const PostVersionView = PostContentView.partial();

function mediaView({ mediaIds, crops }: Partial<ContentRecord>): Pick<PostView["content"], "media"> {
  if (!mediaIds || !crops) return {};
  return { media: mediaIds.map((id) => ({ id, ...(crops[id] ? { crop: crops[id] } : {}) })) };
}
