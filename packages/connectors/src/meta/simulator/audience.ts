import { webUrl } from "./answers.ts";
import type { FbPhoto, FbPost, FbVideo, IgMedia } from "./model.ts";
import type { World } from "./world.ts";

/** Permalink of a Page post: `www.facebook.com/{pageid_postid}`, or that of its video (meta.md §5). */
export function postPermalink(world: World, post: FbPost): string {
  const video = videoOf(world, post);
  return webUrl("www.facebook.com", video === undefined ? `/${post.id}` : videoPath(video));
}

/** Where a video is seen, without the host, as its own `permalink_url` has it (§5). */
export const videoPath = ({ id, pageId, use }: FbVideo): string =>
  use === "reel" ? `/reel/${id}/` : `/${pageId}/videos/${id}/`;

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
