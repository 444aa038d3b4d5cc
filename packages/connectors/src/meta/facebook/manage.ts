import {
  type ConnectorContext,
  GraphId,
  GraphSuccess,
  type NativeSchedule,
  type PlatformResult,
  type PostEdit,
  type PublishedRef,
  unixSeconds,
} from "@postd/connector-kit";
import { type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf } from "../failures.ts";
import { graph } from "../graph.ts";
import { deleteNode } from "../remove.ts";
import { pageToken, readPost } from "./posts.ts";
import { postOfVideo, readVideoStatus, videoStage } from "./video-status.ts";

/** Facebook writes a post as page_post; a video's number stands alone. @source platforms/meta.md section 5 */
const isPost = (ref: PublishedRef): boolean => ref.externalId.includes("_");

/** Text of a post or a video made by this app. */
export async function editText(
  ref: PublishedRef,
  change: Pick<PostEdit, "text">,
  ctx: ConnectorContext,
): PlatformResult<undefined> {
  const field = isPost(ref) ? "message" : "description";
  const changed = await post(ctx, ref, { [field]: change.text });
  return changed.ok ? ok(undefined) : changed;
}

const Made = z.object({
  photoIds: z.array(z.string()).optional().catch(undefined),
  draftId: z.string().optional().catch(undefined),
  videoId: z.string().optional().catch(undefined),
});

/** Everything a job may have made beside the post it is known by. Pure. */
export function madeBy(state: JsonObject | undefined, externalId: string): readonly string[] {
  const { photoIds = [], draftId, videoId } = Made.safeParse(state).data ?? {};
  const ids = [...photoIds, ...(draftId === undefined ? [] : [draftId]), ...(videoId === undefined ? [] : [videoId])];
  return [...new Set(ids)].filter((id) => id !== externalId);
}

/**
 * The post first, with its comments; then what the job uploaded for it, which may stay in the Page's albums. Once the
 * post is gone, a leftover nobody sees is no reason to call it live: only passing trouble is told, to be tried again.
 */
export async function removePost(
  ref: PublishedRef & { readonly state?: JsonObject },
  ctx: ConnectorContext,
): PlatformResult<void> {
  const needs = ["pages_manage_posts"];
  const gone = await deleteNode(ctx, ref.externalId, { needs });
  if (!gone.ok) return gone;
  for (const id of madeBy(ref.state, ref.externalId)) {
    const rest = await deleteNode(ctx, id, { needs, effect: "invisible", did: "delete a file of the post" });
    if (rest.ok) continue;
    const { kind, platformCode } = rest.error;
    if (kind === "unavailable" || kind === "rate_limited" || kind === "outcome_unknown") return rest;
    ctx.log.warn({ kind, platformCode }, "a file of a removed post could not be deleted");
  }
  return ok(undefined);
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
    answer: GraphSuccess,
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
  const read = await readPost(ctx, ref.externalId);
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

const PictureUrl = z.object({ url: z.string().optional() });
/** The address of a picture, in both documented forms; one we cannot read is none. */
export const Picture = z
  .union([z.object({ data: PictureUrl }).transform(({ data }) => data.url), PictureUrl.transform(({ url }) => url)])
  .optional()
  .catch(undefined);

/** Name and picture of the Page; also shows that its token still works. */
export const PageFields = z.object({
  id: GraphId,
  name: z.string().optional(),
  username: z.string().optional(),
  picture: Picture,
});
