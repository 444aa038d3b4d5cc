import {
  type ConnectorContext,
  type Format,
  normalizeText,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  type Step,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { graph, sliceBody } from "../graph.ts";
import { instant } from "../graph-url.ts";
import { facebookMedia } from "../limits.ts";
import { facebookOptions } from "../options.ts";
import { pageToken } from "./posts.ts";
import { bytesReceived, readVideoStatus } from "./video-status.ts";
import {
  finishedState,
  finishFailure,
  probeFinish,
  refOf,
  scheduleParams,
  startVideo,
  type VideoState,
  videoComment,
  videoLink,
  videoPermalinkStep,
  waitUntilLive,
} from "./video-steps.ts";

const Offset = z.coerce.number().int().nonnegative();
const IdText = z.union([z.string(), z.number().int().safe().transform(String)]);
const Started = z.object({
  upload_session_id: IdText,
  video_id: IdText.optional(),
  start_offset: Offset.optional(),
  end_offset: Offset.optional(),
});
const Moved = z.object({ start_offset: Offset, end_offset: Offset });
/** A part no larger than this, where Facebook names no end. */
const maxChunkBytes = 16_000_000;

const startUpload: Step<VideoState> = {
  name: "start_upload",
  effect: "invisible",
  repeatable: false,
  done: (state) => state.sessionId !== undefined,
  async run({ post, state }, ctx) {
    const started = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "videos"],
      params: { upload_phase: "start", file_size: post.media[0]?.sizeBytes },
      answer: Started,
      needs: ["pages_manage_posts", "publish_video"],
      field: "media",
    });
    if (!started.ok) return started;
    const { upload_session_id: sessionId, video_id: videoId, start_offset = 0, end_offset } = started.value;
    const endOffset = end_offset === undefined ? {} : { endOffset: end_offset };
    return ok({ state: { ...state, sessionId, startOffset: start_offset, ...endOffset, ...(videoId && { videoId }) } });
  },
};

/** One part a run, from the offset Facebook asked for; the same part again is harmless. */
const transfer: Step<VideoState> = {
  name: "upload_bytes",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 10 * 60_000,
  done: (state) => state.uploaded,
  async run({ post, state }, ctx) {
    const item = post.media[0];
    if (!item)
      return fail({ kind: "content_rejected", field: "media", reason: "missing", message: "The video is missing." });
    const from = state.startOffset ?? 0;
    if (from >= item.sizeBytes) return ok({ state: { ...state, uploaded: true } });
    const asked = state.endOffset !== undefined && state.endOffset > from ? state.endOffset : from + maxChunkBytes;
    const part = sliceBody(await ctx.media.open(item.id), from, Math.min(asked, item.sizeBytes));
    const moved = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "videos"],
      params: { upload_phase: "transfer", upload_session_id: state.sessionId, start_offset: from },
      file: {
        name: "video_file_chunk",
        filename: "video.mp4",
        body: { ...part, contentType: "application/octet-stream" },
      },
      answer: Moved,
      field: "media",
      timeoutMs: 9 * 60_000,
    });
    if (!moved.ok) return moved.error.kind === "content_rejected" ? resumed(ctx, state, item.sizeBytes, moved) : moved;
    const { start_offset: startOffset, end_offset: endOffset } = moved.value;
    const uploaded = startOffset >= endOffset || startOffset >= item.sizeBytes;
    const parts = state.parts + 1;
    // Facebook chooses the size of the parts; with many small ones the pipeline gets its turn in between.
    const pause = !uploaded && parts % 100 === 0 ? { waitMs: 0 } : {};
    return ok({ state: { ...state, startOffset, endOffset, uploaded, parts }, ...pause });
  },
};

const maxRestarts = 2;

/**
 * A part may be refused because it came before and its answer was lost. The upload goes on from where Facebook has the
 * video, or starts anew, twice at most: nothing of it can be seen.
 */
async function resumed(
  ctx: ConnectorContext,
  state: VideoState,
  sizeBytes: number,
  refused: { readonly ok: false; readonly error: PlatformFailure },
): PlatformResult<Progress<VideoState>> {
  const read = state.videoId === undefined ? undefined : await readVideoStatus(ctx, state.videoId);
  const received = bytesReceived(read?.ok ? read.value : undefined);
  const { endOffset: _, ...known } = state;
  if (received > (state.startOffset ?? 0))
    return ok({ state: { ...known, startOffset: received, uploaded: received >= sizeBytes } });
  if (state.restarts >= maxRestarts) return refused;
  return ok({ state: { ...startVideo(publishAtOf(state)), restarts: state.restarts + 1 }, waitMs: 5000 });
}

const publishAtOf = ({ publishAt }: VideoState) => (publishAt === undefined ? {} : { publishAt: new Date(publishAt) });

const Finished = z.object({ id: IdText.optional(), success: z.boolean().optional() });

const finish: Step<VideoState> = {
  name: "finish",
  effect: "visible",
  repeatable: false,
  timeoutMs: 70_000,
  settleMs: 30_000,
  done: (state) => state.finished,
  async run({ post, state }, ctx) {
    const done = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "videos"],
      params: {
        upload_phase: "finish",
        upload_session_id: state.sessionId,
        description: post.text || undefined,
        title: facebookOptions(post.options).title,
        published: state.publishAt === undefined,
        scheduled_publish_time: scheduleParams(state),
      },
      answer: Finished,
      needs: ["pages_manage_posts", "publish_video"],
      field: "media",
    });
    const failure = done.ok ? undefined : await finishFailure(ctx, state, done.error);
    if (failure) return fail(failure);
    const videoId = state.videoId ?? (done.ok ? done.value.id : undefined);
    if (videoId === undefined)
      return fail({ kind: "outcome_unknown", message: "Facebook took the video and did not say its number." });
    const next = finishedState(ctx, { ...state, videoId });
    const published = state.publishAt === undefined ? undefined : refOf(next, videoLink);
    return ok({ state: next, ...(published && { published }) });
  },
  probe: ({ post, state, intentAt }, ctx) =>
    state.videoId ? probeFinish(ctx, state, videoLink) : probeVideos(ctx, post.text, state, intentAt),
};

const VideoRow = z.object({ id: z.string(), description: z.string().optional(), created_time: z.string().optional() });

/** For uploads whose start named no video: the newest videos, which prove nothing when it is not among them. */
async function probeVideos(
  ctx: ConnectorContext,
  text: string,
  state: VideoState,
  intentAt: Date,
): PlatformResult<ProbeAnswer<VideoState>> {
  const list = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [ctx.account.externalId, "videos"],
    params: { fields: "id,description,created_time", limit: 25 },
    answer: z.object({ data: z.array(VideoRow) }),
    effect: "none",
  });
  if (!list.ok) return list;
  const candidates = list.value.data.flatMap((row) => {
    const createdAt = instant(row.created_time);
    if (!createdAt || createdAt.getTime() < intentAt.getTime() - 60_000) return [];
    if (normalizeText(row.description ?? "") !== normalizeText(text)) return [];
    const next = finishedState(ctx, { ...state, videoId: row.id });
    const preview = truncateGraphemes(row.description ?? "(no text)", 200);
    return [{ externalId: row.id, permalink: videoLink(next), state: next, createdAt, ours: false, preview }];
  });
  return ok(
    candidates.length > 0 ? { kind: "found", candidates } : { kind: "not_seen", looked: "the Page's newest 25 videos" },
  );
}

export const video: Format<VideoState> = {
  label: "Video",
  media: facebookMedia.video,
  start: startVideo,
  steps: [
    startUpload,
    transfer,
    finish,
    waitUntilLive(videoLink),
    videoPermalinkStep(videoLink),
    videoComment(videoLink),
  ],
};
