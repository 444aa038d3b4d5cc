import { type Step, secret } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { graphFailure } from "../failures.ts";
import { graph, sliceBody } from "../graph.ts";
import { ruploadUrl } from "../graph-url.ts";
import { pageToken } from "./posts.ts";
import { bytesReceived, readVideoStatus } from "./video-status.ts";
import type { VideoState } from "./video-steps.ts";

const Started = z.object({ video_id: z.union([z.string(), z.number().int().safe().transform(String)]) });

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
    return started.ok ? ok({ state: { ...state, videoId: started.value.video_id } }) : started;
  },
});

/**
 * Sends the bytes from where Facebook has them, so a cut upload goes on. Same bytes at the same offset: repeating is
 * harmless.
 * @source platforms/meta.md section 5, Reels 2 and 3
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
    const offset = Math.min(bytesReceived(before.value), item.sizeBytes);
    if (offset === item.sizeBytes) return ok({ state: { ...state, uploaded: true } });
    const body = sliceBody(await ctx.media.open(item.id), offset);
    const sent = await ctx.http.request({
      method: "POST",
      url: ruploadUrl(ctx.apiVersion, videoId),
      headers: {
        authorization: secret(`OAuth ${pageToken(ctx).reveal()}`),
        offset: String(offset),
        file_size: String(item.sizeBytes),
      },
      body: { ...body, contentType: "application/octet-stream" },
      timeoutMs: 19 * 60_000,
    });
    if (!sent.ok) return sent;
    const failure = graphFailure(sent.value, { clock: ctx.clock, about: "object", field: "media" });
    return failure ? fail(failure) : ok({ state: { ...state, uploaded: true } });
  },
};
