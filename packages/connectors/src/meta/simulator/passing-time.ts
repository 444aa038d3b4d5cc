import { showPost } from "./make-post.ts";
import type { World } from "./world.ts";

const temporaryPhotoMs = 86_400_000;

/**
 * What happens by itself as the clock goes on: scheduled posts come out (meta.md §7), finished videos and Reels are
 * shown once processed (§5), loose temporary photos go away. Runs before every answer.
 */
export function passTime(world: World): void {
  const now = world.nowMs();
  for (const video of world.data.videos.values()) {
    if (video.deleted || video.postId === undefined || video.readyAt === undefined || video.readyAt > now) continue;
    const post = world.data.posts.get(video.postId);
    if (post && video.wanted === "published") showPost(world, post, video.readyAt);
  }
  for (const post of world.data.posts.values()) {
    if (post.state !== "scheduled" || post.scheduledAt === undefined || post.scheduledAt > now) continue;
    const ready =
      post.videoId === undefined ? 0 : (world.data.videos.get(post.videoId)?.readyAt ?? Number.POSITIVE_INFINITY);
    if (ready <= now) showPost(world, post, Math.max(post.scheduledAt, ready));
  }
  for (const photo of world.data.photos.values())
    if (photo.temporary && photo.postId === undefined && photo.createdAt + temporaryPhotoMs <= now)
      photo.deleted = true;
}
