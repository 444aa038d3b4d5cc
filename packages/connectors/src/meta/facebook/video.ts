import {
  type ConnectorContext,
  type Format,
  GraphId,
  type PlatformFailure,
  type PlatformResult,
  type Progress,
  type Step,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "../failures.ts";
import { graph } from "../graph.ts";
import { facebookMedia } from "../limits.ts";
import { finishVideo, knownByVideo, wordsOf } from "./finish-video.ts";
import { pageToken } from "./posts.ts";
import { bytesReceived, readVideoStatus } from "./video-status.ts";
import {
  startVideo,
  type VideoState,
  videoComments,
  videoLink,
  videoPermalinkStep,
  waitUntilLive,
} from "./video-steps.ts";

const Offset = z.coerce.number().int().nonnegative();
const Started = z.object({
  upload_session_id: GraphId,
  video_id: GraphId,
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
    return ok({ state: { ...state, sessionId, videoId, startOffset: start_offset, ...endOffset } });
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
    const part = await ctx.media.open(item.id, { from, to: Math.min(asked, item.sizeBytes) });
    let error: unknown;
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
      look: (res) => {
        error = res.json;
      },
    });
    if (!moved.ok)
      return afterRefusal(ctx, state, item.sizeBytes, { failure: moved.error, named: namedOffsets(error) });
    const { start_offset: startOffset, end_offset: endOffset } = moved.value;
    const uploaded = startOffset >= endOffset || startOffset >= item.sizeBytes;
    const parts = state.parts + 1;
    // Facebook chooses the size of the parts; with many small ones the pipeline gets its turn in between.
    const pause = !uploaded && parts % 100 === 0 ? { waitMs: 0 } : {};
    return ok({ state: { ...state, startOffset, endOffset, uploaded, parts }, ...pause });
  },
};

const fromText = (value: unknown): unknown => {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined; // Offsets nobody can read are none.
  }
};
const Named = z.object({ error: z.object({ error_data: z.preprocess(fromText, Moved) }) });

/** Where Facebook wants the upload to go on, as an error names it. */
const namedOffsets = (error: unknown): z.output<typeof Moved> | undefined =>
  Named.safeParse(error).data?.error.error_data;

const maxRestarts = 2;
/** Times one session may send us to another offset. */
const mostMoves = 20;

/**
 * A part may be refused because it came before and its answer was lost. The upload goes on from where Facebook says or
 * has the video, or starts anew, twice at most: nothing of it can be seen.
 * @source platforms/meta.md section 5, Chunked video
 */
async function afterRefusal(
  ctx: ConnectorContext,
  state: VideoState,
  sizeBytes: number,
  { failure, named }: { readonly failure: PlatformFailure; readonly named: z.output<typeof Moved> | undefined },
): PlatformResult<Progress<VideoState>> {
  const meaning = meaningOf(failure);
  if (failure.kind !== "content_rejected" && meaning !== "wrong_offset" && meaning !== "session_dead")
    return fail(failure);
  const from = state.startOffset ?? 0;
  const sends = (state.sends ?? 0) + 1;
  if (meaning === "wrong_offset" && named && named.start_offset !== from && sends <= mostMoves) {
    const { start_offset: startOffset, end_offset: endOffset } = named;
    return ok({ state: { ...state, startOffset, endOffset, sends, uploaded: startOffset >= sizeBytes } });
  }
  const read = meaning === "session_dead" ? undefined : await readVideoStatus(ctx, state.videoId ?? "");
  const received = bytesReceived(read?.ok ? read.value : undefined);
  const { endOffset: _, ...known } = state;
  if (received > from) return ok({ state: { ...known, startOffset: received, uploaded: received >= sizeBytes } });
  if (state.restarts >= maxRestarts) return fail(brokenUpload(failure));
  return ok({ state: { ...startVideo(publishAtOf(state)), restarts: state.restarts + 1 }, waitMs: 5000 });
}

/** A session that dies again and again: no wait mends it. */
const brokenUpload = (failure: PlatformFailure): PlatformFailure =>
  failure.kind === "content_rejected"
    ? failure
    : { ...failure, kind: "content_rejected", field: "media", reason: "processing" };

const publishAtOf = ({ publishAt }: VideoState) => (publishAt === undefined ? {} : { publishAt: new Date(publishAt) });

const finish = finishVideo({
  edge: "videos",
  needs: ["pages_manage_posts", "publish_video"],
  params: (post, state) => ({
    upload_session_id: state.sessionId,
    published: state.publishAt === undefined,
    ...wordsOf(post, state),
  }),
  ...knownByVideo(videoLink),
});

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
    ...videoComments(videoLink),
  ],
};
