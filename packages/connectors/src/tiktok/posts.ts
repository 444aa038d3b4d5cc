import {
  type ConnectorContext,
  type Numbers,
  type PlatformResult,
  type PublishedRef,
  type RecentPost,
  rowsOf,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { ask, Id } from "./api.ts";
import { LIST } from "./sign-in.ts";
import { readStatus } from "./status.ts";

/** @source platforms/tiktok.md section 9 */
const FIELDS = "id,create_time,title,video_description,share_url,like_count,comment_count,share_count,view_count";
const Video = z.object({
  id: Id,
  create_time: z.number().max(8_640_000_000_000).optional(),
  title: z.string().nullish(),
  video_description: z.string().nullish(),
  share_url: z
    .url({ protocol: /^https$/ })
    .optional()
    .catch(undefined),
  like_count: z.number().nullish(),
  comment_count: z.number().nullish(),
  share_count: z.number().nullish(),
  view_count: z.number().nullish(),
});
export type Video = z.output<typeof Video>;
const Videos = z.object({ videos: rowsOf(Video) });

export const noList = {
  kind: "scope_missing",
  scopes: [LIST],
  message: "TikTok's consent page was not ticked for the list of public posts. Connect again and tick it.",
} as const;

const toRecent = ({ id, video_description, title, share_url, create_time }: Video): RecentPost => ({
  externalId: id,
  text: video_description || title || "",
  createdAt: create_time === undefined ? undefined : new Date(create_time * 1000),
  ...(share_url && { permalink: share_url }),
});

/** The newest public posts. */
export async function recentPosts(ctx: ConnectorContext): PlatformResult<readonly RecentPost[]> {
  const read = await ask(ctx, `video/list/?fields=${FIELDS}`, { max_count: 20 }, Videos, { needs: [LIST] });
  return read.ok ? ok(read.value.videos.map(toRecent)) : read;
}

const More = Videos.extend({ cursor: z.number().optional(), has_more: z.boolean().optional() });

/** Public posts, newest first; where the person did not tick the list there are none to see. */
export const recent: NonNullable<Numbers["recent"]> = async ({ cursor }, ctx) => {
  if (!ctx.credentials.scopes?.includes(LIST)) return ok({ posts: [] });
  const from = { max_count: 20, ...(cursor && { cursor: Number(cursor) }) };
  const read = await ask(ctx, `video/list/?fields=${FIELDS}`, from, More, { needs: [LIST] });
  if (!read.ok) return read;
  const { videos, has_more, cursor: next } = read.value;
  const posts = videos
    .map(toRecent)
    .flatMap(({ createdAt, ...post }) => (createdAt ? [{ ...post, createdAt, format: "video" }] : []));
  return ok({ posts, ...(has_more && next !== undefined && { cursor: String(next) }) });
};

/** Public posts by their ids, at most 20; those that are not public, or not this account's, are left out. */
export async function videosById(ctx: ConnectorContext, ids: readonly string[]): PlatformResult<readonly Video[]> {
  if (ids.length === 0) return ok([]);
  const filters = { video_ids: ids };
  const read = await ask(ctx, `video/query/?fields=${FIELDS}`, { filters }, Videos, { needs: [LIST], about: "object" });
  return read.ok ? ok(read.value.videos) : read;
}

const isPostId = (id: string): boolean => /^\d{1,30}$/.test(id);

/** The id of the post itself: TikTok gives those of public ones after moderation, and no others any. */
export async function postIdOf(ctx: ConnectorContext, externalId: string): PlatformResult<string | undefined> {
  if (isPostId(externalId)) return ok(externalId);
  const read = await readStatus(ctx, externalId);
  if (!read.ok) return read.error.platformCode === "invalid_publish_id" ? ok(undefined) : read;
  return ok(read.value.postIds[0]);
}

/** A post by its id or address, where it is public and this account's. */
export async function lookUp(
  { externalId, permalink = "" }: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined> {
  const named = externalId ?? /\/(?:video|photo)\/(\d{1,30})/.exec(permalink)?.[1];
  if (named === undefined) return ok(undefined);
  if (!ctx.credentials.scopes?.includes(LIST)) return fail(noList);
  const id = await postIdOf(ctx, named);
  if (!id.ok) return id;
  const found = await videosById(ctx, id.value === undefined ? [] : [id.value]);
  if (!found.ok) return found;
  const video = found.value.find((one) => one.id === id.value);
  if (!video) return ok(undefined);
  const { text, permalink: shown } = toRecent(video);
  const preview = truncateGraphemes(text, 200);
  return ok({ externalId: named, ...(shown && { permalink: shown }), ...(preview && { preview }) });
}
