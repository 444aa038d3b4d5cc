import type { Format, Step } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { graph } from "../graph.ts";
import { facebookMedia } from "../limits.ts";
import { facebookOptions } from "../options.ts";
import { pageToken } from "./posts.ts";
import { startUpload, uploadBytes } from "./rupload.ts";
import {
  Finished,
  finishedState,
  finishFailure,
  probeFinish,
  reelLink,
  refOf,
  scheduleParams,
  startVideo,
  type VideoState,
  videoComments,
  videoPermalinkStep,
  waitUntilLive,
} from "./video-steps.ts";

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
      path: [ctx.account.externalId, "video_reels"],
      params: {
        upload_phase: "finish",
        video_id: state.videoId,
        video_state: state.publishAt === undefined ? "PUBLISHED" : "SCHEDULED",
        description: post.text || undefined,
        title: facebookOptions(post.options).title,
        scheduled_publish_time: scheduleParams(state),
      },
      answer: Finished,
      needs: ["pages_manage_posts"],
      field: "media",
    });
    const failure = done.ok ? undefined : await finishFailure(ctx, state, done.error);
    if (failure) return fail(failure);
    const next = finishedState(ctx, state);
    const published = state.publishAt === undefined ? undefined : refOf(next, reelLink);
    return ok({ state: next, ...(published && { published }) });
  },
  probe: ({ state }, ctx) => probeFinish(ctx, state, reelLink),
};

export const reel: Format<VideoState> = {
  label: "Reel",
  media: facebookMedia.reel,
  start: startVideo,
  steps: [
    startUpload("video_reels"),
    uploadBytes,
    finish,
    waitUntilLive(reelLink),
    videoPermalinkStep(reelLink),
    ...videoComments(reelLink),
  ],
};
