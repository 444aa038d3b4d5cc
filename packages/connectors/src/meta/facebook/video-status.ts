import { type ConnectorContext, GraphId, type PlatformResult, platformWords } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { graph } from "../graph.ts";
import { webAddress } from "../graph-url.ts";
import { pageToken } from "./posts.ts";

const Bytes = z.coerce.number().int().nonnegative().optional().catch(undefined);
const Trouble = z.object({ message: z.string().optional().catch(undefined) });
const Phase = z
  .object({
    status: z.string().optional(),
    publish_status: z.string().optional(),
    bytes_transfered: Bytes,
    bytes_transferred: Bytes,
    error: Trouble.optional().catch(undefined),
    errors: z.array(Trouble).optional().catch(undefined),
  })
  .optional();

/** @source platforms/meta.md section 5, Reels; unknown words are taken as "still at it" */
export const VideoStatus = z.object({
  video_status: z.string().optional(),
  uploading_phase: Phase,
  processing_phase: Phase,
  publishing_phase: Phase,
});
export type VideoStatus = z.output<typeof VideoStatus>;

/**
 * `idle`: bytes may be there, nothing was asked to come out. `unclear`: Facebook works on it and does not say whether it
 * is to come out, so neither may be concluded.
 */
export type VideoStage =
  | { readonly is: "live" | "scheduled" | "working" | "idle" | "unclear" }
  | { readonly is: "broken"; readonly why: string };

/** What a status means for us. Pure. */
export function videoStage(status: VideoStatus): VideoStage {
  const { video_status, uploading_phase, processing_phase, publishing_phase } = status;
  const phases = [uploading_phase, processing_phase, publishing_phase];
  const isBad = ["error", "upload_failed", "expired"].includes(video_status ?? "");
  // A failure may stand in a phase alone, while everything else still says "processing".
  const failed = phases.find((phase) => phase?.status === "error" || phase?.publish_status === "error" || whyOf(phase));
  if (publishing_phase?.publish_status === "published" && !isBad) return { is: "live" };
  if (failed || isBad)
    return { is: "broken", why: platformWords(whyOf(failed)) || "Facebook could not process the video." };
  if (publishing_phase?.publish_status === "scheduled") return { is: "scheduled" };
  if (publishing_phase?.status === "in_progress" || publishing_phase?.status === "complete") return { is: "working" };
  // Videos sent to /videos may carry no publishing phase at all.
  if (publishing_phase === undefined && video_status === "ready") return { is: "live" };
  return { is: mayComeOut(status) ? "unclear" : "idle" };
}

const whyOf = (phase: VideoStatus["processing_phase"]): string | undefined => {
  const [first] = [...(phase?.error ? [phase.error] : []), ...(phase?.errors ?? [])];
  return first && (first.message || "Facebook names no reason.");
};

/** Whether Facebook has all bytes: by the upload's own phase, else by their number. */
export const isUploaded = (status: VideoStatus, sizeBytes: number): boolean =>
  status.uploading_phase?.status === "complete" || bytesReceived(status) >= sizeBytes;

/** A draft that is being processed may be one whose finish has just been taken. */
function mayComeOut({ video_status, processing_phase, publishing_phase }: VideoStatus): boolean {
  if (processing_phase?.status !== undefined) return processing_phase.status !== "not_started";
  const isDraft = publishing_phase?.publish_status === "draft";
  return !isDraft && (video_status === "processing" || video_status === "ready");
}

/** How many bytes Facebook has; the documented spelling and the right one are both read. */
export const bytesReceived = (status: VideoStatus | undefined): number =>
  status?.uploading_phase?.bytes_transfered ?? status?.uploading_phase?.bytes_transferred ?? 0;

export async function readVideoStatus(
  ctx: ConnectorContext,
  videoId: string,
  mayWait = false,
): PlatformResult<VideoStatus> {
  const read = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [videoId],
    params: { fields: "status" },
    answer: z.object({ status: VideoStatus.optional() }),
    effect: "none",
    about: "object",
    field: "media",
    mayWait,
  });
  return read.ok ? ok(read.value.status ?? {}) : read;
}

/** The address Facebook names for a video, which may lack its host; undefined where it names none. */
export async function videoPermalink(ctx: ConnectorContext, videoId: string): Promise<string | undefined> {
  const read = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [videoId],
    params: { fields: "permalink_url" },
    answer: z.object({ permalink_url: z.string().optional() }),
    effect: "none",
    about: "object",
  });
  return read.ok ? webAddress(read.value.permalink_url) : undefined;
}

/** The post that shows a video, `page_post`; undefined where Facebook does not name it. */
export async function postOfVideo(ctx: ConnectorContext, videoId: string): Promise<string | undefined> {
  const read = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [videoId],
    params: { fields: "post_id" },
    answer: z.object({ post_id: GraphId.optional() }),
    effect: "none",
    about: "object",
  });
  const postId = read.ok ? read.value.post_id : undefined;
  return !postId || postId.includes("_") ? postId : `${ctx.account.externalId}_${postId}`;
}
