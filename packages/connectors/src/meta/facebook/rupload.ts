import {
  type ConnectorContext,
  GraphId,
  type PlatformFailure,
  type PlatformResult,
  type Progress,
  type Step,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { graph } from "../graph.ts";
import { ruploadUrl } from "../graph-url.ts";
import { pageToken } from "./posts.ts";
import { ruploadTrouble, type Trouble } from "./rupload-trouble.ts";
import { bytesReceived, isUploaded, readVideoStatus, videoStage } from "./video-status.ts";
import type { VideoState } from "./video-steps.ts";

const Started = z.object({ video_id: GraphId, upload_url: z.string().optional().catch(undefined) });

/** Opens an upload for a reel or a video story; nothing is seen of it. */
export const startUpload = (edge: "video_reels" | "video_stories"): Step<VideoState> => ({
  name: "start_upload",
  effect: "invisible",
  repeatable: false,
  done: (state) => state.videoId !== undefined,
  async run({ state }, ctx) {
    const started = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, edge],
      params: { upload_phase: "start" },
      answer: Started,
      needs: ["pages_manage_posts"],
      field: "media",
    });
    if (!started.ok) return started;
    const { video_id: videoId, upload_url: told } = started.value;
    return ok({ state: { ...state, videoId, sends: 0, uploadUrl: ruploadUrl(ctx.apiVersion, videoId, told) } });
  },
});

/** Waits before a new session: three of them over about two hours. @source platforms/meta.md section 12, rupload */
const restartAfterMs = [5 * 60_000, 25 * 60_000, 90 * 60_000] as const;
/** Sends of one session that neither failed nor brought all bytes; then it is given up. */
const mostSends = 5;

/**
 * Sends the bytes from where Facebook has them, so a cut upload goes on; the same bytes at the same offset are harmless.
 * Done only once Facebook itself says that it has all, as ending an empty session ends in an error. What this host says
 * of a file is not believed at once: its status is read first, then new sessions are tried.
 * @source platforms/meta.md section 5, Reels 2 to 4, and section 12, rupload
 */
export const uploadBytes: Step<VideoState> = {
  name: "upload_bytes",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 20 * 60_000,
  done: (state) => state.uploaded,
  async run({ post, state }, ctx) {
    const item = post.media[0];
    const videoId = state.videoId ?? "";
    if (!item)
      return fail({ kind: "content_rejected", field: "media", reason: "missing", message: "The video is missing." });
    const before = await readVideoStatus(ctx, videoId, true);
    if (!before.ok) return before;
    const isSilent = state.isSent === true && before.value.uploading_phase === undefined;
    if (isSilent || isUploaded(before.value, item.sizeBytes)) return ok({ state: { ...state, uploaded: true } });
    const stage = videoStage(before.value);
    if (stage.is === "broken") return anew(state, fileTrouble(stage.why));
    const sends = state.sends ?? 0;
    if (sends >= mostSends) return anew(state, fileTrouble("Facebook does not get all of the video."));
    const offset = bytesReceived(before.value);
    const body = await ctx.media.open(item.id, { from: offset, to: item.sizeBytes });
    const sent = await ctx.http.request({
      method: "POST",
      url: state.uploadUrl ?? ruploadUrl(ctx.apiVersion, videoId),
      headers: {
        authorization: secret(`OAuth ${pageToken(ctx).reveal()}`),
        offset: String(offset),
        file_size: String(item.sizeBytes),
      },
      body: { ...body, contentType: "application/octet-stream" },
      timeoutMs: 19 * 60_000,
    });
    if (!sent.ok) return sent;
    const trouble = ruploadTrouble(sent.value, { clock: ctx.clock, about: "object", field: "media" });
    const next = { ...state, sends: sends + 1, isSent: trouble === undefined };
    return trouble ? afterTrouble(ctx, next, trouble, item.sizeBytes) : ok({ state: next, waitMs: 0 });
  },
};

const fileTrouble = (message: string): PlatformFailure => ({
  kind: "content_rejected",
  field: "media",
  reason: "processing",
  message,
});

async function afterTrouble(
  ctx: ConnectorContext,
  state: VideoState,
  trouble: Trouble,
  sizeBytes: number,
): PlatformResult<Progress<VideoState>> {
  if (trouble.is === "failure") return fail(trouble.failure);
  if (trouble.is === "wrong_length") return ok({ state, waitMs: 1000 });
  const read = await readVideoStatus(ctx, state.videoId ?? "", true);
  if (!read.ok) return read;
  return isUploaded(read.value, sizeBytes) && videoStage(read.value).is !== "broken"
    ? ok({ state: { ...state, uploaded: true } })
    : anew(state, trouble.failure);
}

/** A new session, later each time; after the last the trouble is the file's. */
function anew(
  state: VideoState,
  failure: PlatformFailure,
): { ok: false; error: PlatformFailure } | { ok: true; value: Progress<VideoState> } {
  const waitMs = restartAfterMs[state.restarts];
  if (waitMs === undefined) return fail(failure);
  const { videoId: _, uploadUrl: _url, ...rest } = state;
  return ok({ state: { ...rest, restarts: state.restarts + 1, sends: 0, isSent: false, uploaded: false }, waitMs });
}
