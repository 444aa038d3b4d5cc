import type { Format } from "@postd/connector-kit";
import { facebookMedia } from "../limits.ts";
import { finishVideo, knownByVideo, wordsOf } from "./finish-video.ts";
import { startUpload, uploadBytes } from "./rupload.ts";
import {
  reelLink,
  startVideo,
  type VideoState,
  videoComments,
  videoPermalinkStep,
  waitUntilLive,
} from "./video-steps.ts";

const finish = finishVideo({
  edge: "video_reels",
  needs: ["pages_manage_posts"],
  params: (post, state) => ({
    video_id: state.videoId,
    video_state: state.publishAt === undefined ? "PUBLISHED" : "SCHEDULED",
    ...wordsOf(post, state),
  }),
  ...knownByVideo(reelLink),
});

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
