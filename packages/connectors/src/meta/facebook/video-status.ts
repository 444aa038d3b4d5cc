import type { ConnectorContext, PlatformResult } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { plain } from "../failures.ts";
import { graph } from "../graph.ts";
import { pageToken } from "./posts.ts";

const Phase = z
  .object({
    status: z.string().optional(),
    publish_status: z.string().optional(),
    bytes_transfered: z.coerce.number().optional(),
    bytes_transferred: z.coerce.number().optional(),
    errors: z.array(z.object({ message: z.string().optional() })).optional(),
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
  const failed = phases.find((phase) => phase?.status === "error" || phase?.publish_status === "error");
  if (failed || ["error", "upload_failed", "expired"].includes(video_status ?? ""))
    return { is: "broken", why: plain(failed?.errors?.[0]?.message) || "Facebook could not process the video." };
  if (publishing_phase?.publish_status === "published") return { is: "live" };
  if (publishing_phase?.publish_status === "scheduled") return { is: "scheduled" };
  if (publishing_phase?.status === "in_progress" || publishing_phase?.status === "complete") return { is: "working" };
  // Videos sent to /videos may carry no publishing phase at all.
  if (publishing_phase === undefined && video_status === "ready") return { is: "live" };
  return { is: mayComeOut(status) ? "unclear" : "idle" };
}

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
  const address = read.ok ? read.value.permalink_url : undefined;
  return address?.startsWith("/") ? `https://www.facebook.com${address}` : address;
}

/** The post that shows a video, `page_post`; undefined where Facebook does not name it. */
export async function postOfVideo(ctx: ConnectorContext, videoId: string): Promise<string | undefined> {
  const read = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [videoId],
    params: { fields: "post_id" },
    answer: z.object({ post_id: z.string().optional() }),
    effect: "none",
    about: "object",
  });
  const postId = read.ok ? read.value.post_id : undefined;
  return !postId || postId.includes("_") ? postId : `${ctx.account.externalId}_${postId}`;
}
