import { webUrl } from "./answers.ts";
import type { FbPhoto, FbPost, FbVideo, IgMedia } from "./model.ts";
import type { World } from "./world.ts";

/** Permalink of a Page post: `www.facebook.com/{pageid_postid}`, a Reel's `/reel/{video_id}` (meta.md §5). */
export function postPermalink(_world: World, post: FbPost): string {
  const path = post.kind === "reel" && post.videoId !== undefined ? `/reel/${post.videoId}` : `/${post.id}`;
  return webUrl("www.facebook.com", path);
}

/** Permalink of Instagram media. The short code cannot be derived from the id (§6). */
export function mediaPermalink(world: World, media: IgMedia): string {
  const owner = world.data.igAccounts.get(media.igId)?.username ?? media.igId;
  const path =
    media.productType === "STORY"
      ? `/stories/${owner}/${media.id}`
      : `/${media.productType === "REELS" ? "reel" : "p"}/${media.shortcode}/`;
  return webUrl("www.instagram.com", path);
}

/** Photos of a post in the order of attached_media. */
export const photosOf = (world: World, post: FbPost): readonly FbPhoto[] =>
  post.photoIds.flatMap((id) => world.data.photos.get(id) ?? []);

export const videoOf = (world: World, post: FbPost): FbVideo | undefined =>
  post.videoId === undefined ? undefined : world.data.videos.get(post.videoId);
