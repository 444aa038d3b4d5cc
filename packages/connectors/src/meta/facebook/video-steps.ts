import {
  type ConnectorContext,
  type OutgoingPost,
  type PlatformFailure,
  type PublishedRef,
  pollUntil,
  type Step,
} from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { type CommentState, firstCommentSteps } from "../first-comment.ts";
import { firstCommentOf } from "../options.ts";
import { readVideoStatus, videoPermalink, videoStage } from "./video-status.ts";

/**
 * started -> uploaded -> finished -> live. Only `finish` lets anybody see it, and it names the video's id, which is
 * known since the start: the same call again cannot make a second video.
 */
export type VideoState = CommentState & {
  readonly publishAt?: string;
  readonly videoId?: string;
  /** Sessions and offsets of the /videos upload; reels and stories ask Facebook for the offset. */
  readonly sessionId?: string;
  readonly startOffset?: number;
  readonly endOffset?: number;
  /** Parts sent so far, and how often the upload began anew. */
  readonly parts: number;
  readonly restarts: number;
  /** Where the bytes of a reel or story go, as Facebook said. */
  readonly uploadUrl?: string;
  /** How often the present session was sent to, or sent us to another offset. */
  readonly sends?: number;
  /** The host took the last of them; a status that says nothing of the upload is then enough. */
  readonly isSent?: boolean;
  readonly uploaded: boolean;
  readonly finished: boolean;
  readonly finishedAt?: string;
  readonly polls: number;
  readonly live: boolean;
  /** Stories are known by a post of their own. */
  readonly postId?: string;
  readonly permalink?: string;
};

export const startVideo = ({ publishAt }: { readonly publishAt?: Date }): VideoState => ({
  parts: 0,
  restarts: 0,
  uploaded: false,
  finished: false,
  polls: 0,
  live: false,
  ...(publishAt && { publishAt: publishAt.toISOString() }),
});

/** The address by rule, where Facebook does not name one. */
export type FallbackLink = (state: VideoState) => string;
export const reelLink: FallbackLink = (state) => `https://www.facebook.com/reel/${state.videoId}`;
export const videoLink: FallbackLink = (state) => `https://www.facebook.com/${state.videoId}`;

export function refOf(state: VideoState, fallback: FallbackLink): PublishedRef | undefined {
  const externalId = state.postId ?? state.videoId;
  return externalId === undefined ? undefined : { externalId, permalink: state.permalink ?? fallback(state) };
}

export const finishedState = (ctx: ConnectorContext, state: VideoState): VideoState => ({
  ...state,
  finished: true,
  finishedAt: state.finishedAt ?? ctx.clock.now().toISOString(),
});

const DAY_MS = 86_400_000;

/** The next look at a video that is not out: after 5 s, growing to 5 minutes, for a day at most. */
export function lookAgain(
  ctx: ConnectorContext,
  state: VideoState,
): Result<{ readonly state: VideoState; readonly waitMs: number }, PlatformFailure> {
  const next = pollUntil({
    polled: { times: state.polls, since: state.finishedAt ?? ctx.clock.now().toISOString() },
    clock: ctx.clock,
    pace: { firstMs: 5000, factor: 1.6, mostMs: 300_000, endMs: DAY_MS },
    atEnd: {
      kind: "outcome_unknown",
      message: "Facebook took the video a day ago and has not shown it yet. Look at the Page before sending again.",
    },
  });
  return next.ok ? ok({ state: { ...state, polls: next.value.polled.times }, waitMs: next.value.waitMs }) : next;
}

/** Waits until Facebook shows it. A scheduled one is not waited for. */
export const waitUntilLive = (fallback: FallbackLink): Step<VideoState> => ({
  name: "wait_until_live",
  effect: "none",
  repeatable: true,
  done: (state) => state.live || state.publishAt !== undefined,
  async run({ state }, ctx) {
    const read = await readVideoStatus(ctx, state.videoId ?? "", true);
    if (!read.ok) return read;
    const stage = videoStage(read.value);
    if (stage.is === "broken")
      return fail({ kind: "content_rejected", field: "media", reason: "processing", message: stage.why });
    if (stage.is === "live") {
      const next = { ...state, live: true };
      const published = refOf(next, fallback);
      return ok({ state: next, ...(published && { published }) });
    }
    return lookAgain(ctx, state);
  },
});

export const videoPermalinkStep = (fallback: FallbackLink): Step<VideoState> => ({
  name: "permalink",
  effect: "none",
  repeatable: true,
  done: (state) => state.permalink !== undefined || state.publishAt !== undefined,
  async run({ state }, ctx) {
    const permalink = (await videoPermalink(ctx, state.videoId ?? "")) ?? fallback(state);
    const next = { ...state, permalink };
    const published = refOf(next, fallback);
    return ok({ state: next, ...(published && { published }) });
  },
});

export const videoComments = (fallback: FallbackLink): readonly Step<VideoState>[] =>
  firstCommentSteps<VideoState>({
    postOf: (state) => refOf(state, fallback),
    wanted: (state, post: OutgoingPost) => (state.publishAt === undefined ? firstCommentOf(post) : undefined),
  });
