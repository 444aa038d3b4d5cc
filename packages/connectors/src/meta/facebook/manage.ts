import type { ConnectorContext, NativeSchedule, PlatformResult, PublishedRef } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "../failures.ts";
import { graph, Success } from "../graph.ts";
import { unixSeconds } from "../graph-url.ts";
import { pageToken, postFields } from "./posts.ts";
import { postOfVideo, readVideoStatus, videoStage } from "./video-status.ts";

/** Facebook writes a post as page_post; a video's number stands alone. @source platforms/meta.md section 5 */
const isPost = (ref: PublishedRef): boolean => ref.externalId.includes("_");

/** Text of a post or a video made by this app. */
export async function editText(
  ref: PublishedRef,
  change: { readonly text: string },
  ctx: ConnectorContext,
): PlatformResult<void> {
  const field = isPost(ref) ? "message" : "description";
  return post(ctx, ref, { [field]: change.text });
}

/** Already gone counts as removed. */
export async function removePost(ref: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const gone = await graph(ctx, pageToken(ctx), {
    method: "DELETE",
    path: [ref.externalId],
    answer: Success,
    about: "object",
    needs: ["pages_manage_posts"],
  });
  return gone.ok || meaningOf(gone.error) === "missing" ? ok(undefined) : gone;
}

async function post(
  ctx: ConnectorContext,
  ref: PublishedRef,
  params: Readonly<Record<string, string | number>>,
): PlatformResult<void> {
  const done = await graph(ctx, pageToken(ctx), {
    method: "POST",
    path: [ref.externalId],
    params,
    answer: Success,
    about: "object",
    needs: ["pages_manage_posts"],
  });
  return done.ok ? ok(undefined) : done;
}

async function verify(
  ref: PublishedRef,
  ctx: ConnectorContext,
): PlatformResult<{ readonly state: "live" | "waiting" | "gone"; readonly permalink?: string }> {
  const gone = { state: "gone" } as const;
  if (!isPost(ref)) {
    const read = await readVideoStatus(ctx, ref.externalId);
    if (!read.ok) return meaningOf(read.error) === "missing" ? ok(gone) : read;
    return ok({ state: videoStage(read.value).is === "live" ? "live" : "waiting" });
  }
  const read = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [ref.externalId],
    params: { fields: "id,is_published,scheduled_publish_time,permalink_url" },
    answer: postFields,
    effect: "none",
    about: "object",
  });
  if (!read.ok) return meaningOf(read.error) === "missing" ? ok(gone) : read;
  const permalink = read.value.permalink_url;
  return ok({ state: read.value.is_published ? "live" : "waiting", ...(permalink && { permalink }) });
}

/** The time stands on the post, also of a video; where Facebook names no post for it, the video takes it too. */
async function move(ref: PublishedRef, publishAt: Date, ctx: ConnectorContext): PlatformResult<void> {
  const postId = isPost(ref) ? undefined : await postOfVideo(ctx, ref.externalId);
  return post(ctx, postId ? { externalId: postId } : ref, { scheduled_publish_time: unixSeconds(publishAt) });
}

const MINUTE_MS = 60_000;

/**
 * Facebook holds the clock: 10 minutes to 29 days ahead, the window that holds for posts, videos and reels alike. It is
 * measured when the last call arrives, after the uploads, so they get 20 minutes on top.
 * @source platforms/meta.md section 7
 */
export const facebookSchedule: NativeSchedule = {
  minLeadMs: 30 * MINUTE_MS,
  maxLeadMs: 29 * 24 * 60 * MINUTE_MS,
  formats: ["text", "link", "photo", "multi_photo", "video", "reel"],
  verify,
  cancel: removePost,
  move,
};

/** Name and picture of the Page; also shows that its token still works. */
export const PageFields = z.object({
  id: z.string(),
  name: z.string().optional(),
  username: z.string().optional(),
  picture: z
    .union([z.object({ data: z.object({ url: z.string().optional() }) }), z.object({ url: z.string().optional() })])
    .optional()
    .catch(undefined),
});
