import {
  type ConnectorContext,
  GraphId,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  type Step,
  unsure,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { graph } from "../graph.ts";
import { facebookOptions } from "../options.ts";
import { pageToken } from "./posts.ts";
import { readVideoStatus, videoStage } from "./video-status.ts";
import { type FallbackLink, finishedState, refOf, type VideoState } from "./video-steps.ts";

type Params = NonNullable<Parameters<typeof graph>[2]["params"]>;

/** The call by which an uploaded video comes out, at once or at its time; it names the video, so the same call again makes no second one. */
export const finishVideo = (way: {
  readonly edge: "videos" | "video_reels" | "video_stories";
  readonly needs: readonly string[];
  readonly params: (post: OutgoingPost, state: VideoState) => Params;
  /** `postId`: where Facebook named a post besides. */
  readonly finished: (ctx: ConnectorContext, state: VideoState, postId: string | undefined) => Progress<VideoState>;
  readonly probe: NonNullable<Step<VideoState>["probe"]>;
}): Step<VideoState> => ({
  name: "finish",
  effect: "visible",
  repeatable: false,
  timeoutMs: 70_000,
  settleMs: 30_000,
  done: (state) => state.finished,
  async run({ post, state }, ctx) {
    const done = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, way.edge],
      params: { upload_phase: "finish", ...way.params(post, state) },
      answer: Finished,
      needs: way.needs,
      field: "media",
    });
    const failure = done.ok ? undefined : await finishFailure(ctx, state, done.error);
    if (failure) return fail(failure);
    return ok(way.finished(ctx, state, done.ok ? done.value.post_id : undefined));
  },
  probe: way.probe,
});

/** How videos and reels, which are known by the video's id, end. */
export const knownByVideo = (link: FallbackLink): Pick<Parameters<typeof finishVideo>[0], "finished" | "probe"> => ({
  finished: (ctx, state) => {
    const next = finishedState(ctx, state);
    const published = state.publishAt === undefined ? undefined : refOf(next, link);
    return { state: next, ...(published && { published }) };
  },
  probe: ({ state }, ctx) => probeFinish(ctx, state, link),
});

/** The words of a video or reel, and the time it is for. */
export const wordsOf = (post: OutgoingPost, { publishAt }: VideoState): Params => ({
  description: post.text || undefined,
  title: facebookOptions(post.options).title,
  scheduled_publish_time: publishAt === undefined ? undefined : Math.floor(new Date(publishAt).getTime() / 1000),
});

/**
 * Whether the call that ends an upload has taken: by the video's own status. Idle after the settle time means it has
 * not, and saying it again is safe, as it names the same video.
 */
export async function probeFinish(
  ctx: ConnectorContext,
  state: VideoState,
  fallback: FallbackLink,
): PlatformResult<ProbeAnswer<VideoState>> {
  const read = await readVideoStatus(ctx, state.videoId ?? "");
  if (!read.ok) return read;
  const stage = videoStage(read.value);
  if (stage.is === "unclear") return ok({ kind: "not_seen", looked: "the video, which Facebook still works on" });
  if (stage.is === "idle" || stage.is === "broken")
    return ok({ kind: "absent_authoritative", because: "the video's own status says that nothing is coming out" });
  const next = finishedState(ctx, { ...state, live: stage.is === "live" });
  const published = refOf(next, fallback);
  return ok({ kind: "found", candidates: published ? [{ ...published, ours: true, state: next }] : [] });
}

/**
 * The failure of a `finish`, or undefined where the refusal is only the echo of one that took: the video's status tells.
 * Where it does not, whether the video comes out is not known.
 */
async function finishFailure(
  ctx: ConnectorContext,
  state: VideoState,
  refused: PlatformFailure,
): Promise<PlatformFailure | undefined> {
  if (refused.kind !== "content_rejected" || state.videoId === undefined) return refused;
  const read = await readVideoStatus(ctx, state.videoId);
  const is = read.ok ? videoStage(read.value).is : undefined;
  if (is === "live" || is === "working" || is === "scheduled") return undefined;
  return is === "unclear" || is === undefined ? unsure(refused) : refused;
}

const IdText = GraphId.optional();
/** Some answers name the post besides, some only it. @source platforms/meta.md section 5, Reels 4 */
const Finished = z
  .object({ success: z.literal(true).optional(), id: IdText, post_id: IdText })
  .refine((answer) => answer.success ?? answer.id ?? answer.post_id, "says neither success nor an id");
