import { graphTime } from "@postd/connector-kit/simulator/graph";
import type { FbVideo } from "./model.ts";
import type { World } from "./world.ts";

type Phase = "not_started" | "in_progress" | "complete" | "error";

/**
 * `status` of a video (meta.md §5, Reels step 3). `bytes_transfered` is spelled as the guide spells it; the stored
 * spec has `bytes_transferred`.
 *
 *   uploading -> upload_complete -> processing -> ready      publishing_phase: draft | scheduled | published
 *           \-> upload_failed                 \-> error
 */
export function videoPhases(world: World, video: FbVideo) {
  const now = world.nowMs();
  const upload = world.uploads.get(video.sessionId ?? video.id);
  const uploading: Phase = video.uploadError
    ? "error"
    : video.media
      ? "complete"
      : upload && upload.receivedBytes > 0
        ? "in_progress"
        : "not_started";
  const isReady = video.readyAt !== undefined && now >= video.readyAt;
  const processing: Phase = isReady ? "complete" : video.readyAt !== undefined ? "in_progress" : "not_started";
  return {
    video_status: videoStatus(uploading, processing),
    uploading_phase: {
      status: uploading,
      bytes_transfered: video.media?.sizeBytes ?? upload?.receivedBytes ?? 0,
      ...(upload && { source_file_size: upload.sizeBytes }),
      ...(video.uploadError === undefined ? {} : { errors: [{ code: 1363047, message: video.uploadError }] }),
    },
    processing_phase: { status: processing },
    publishing_phase: publishingPhase(video, now, isReady),
  };
}

function videoStatus(uploading: Phase, processing: Phase): string {
  if (uploading === "error") return "upload_failed";
  if (processing === "complete") return "ready";
  if (processing === "in_progress") return "processing";
  return uploading === "complete" ? "upload_complete" : "uploading";
}

function publishingPhase(video: FbVideo, now: number, isReady: boolean) {
  if (video.wanted === undefined) return { status: "not_started" as Phase, publish_status: "draft" };
  if (video.wanted === "draft" || video.wanted === "unpublished")
    return { status: "complete" as Phase, publish_status: "draft" };
  if (video.wanted === "scheduled" && now < (video.scheduledAt ?? 0))
    return {
      status: "in_progress" as Phase,
      publish_status: "scheduled",
      publish_time: graphTime(video.scheduledAt ?? 0),
    };
  if (!isReady) return { status: "in_progress" as Phase, publish_status: "draft" };
  return {
    status: "complete" as Phase,
    publish_status: "published",
    publish_time: graphTime(video.scheduledAt ?? video.readyAt ?? now),
  };
}
