import { type SimPost, shownMedia } from "@postd/connector-kit/simulator";
import { webUrl } from "./answers.ts";
import { mediaPermalink, photosOf, postPermalink, videoOf } from "./audience.ts";
import { commentsUnder } from "./comment-fields.ts";
import { containerStatus } from "./container-status.ts";
import type { FbPost, FbStory, IgMedia } from "./model.ts";
import { storyIsLive } from "./page-stories.ts";
import type { World } from "./world.ts";

const repliesTo = (world: World, id: string): readonly string[] =>
  commentsUnder(world, id)
    .filter((comment) => !comment.hidden)
    .map((comment) => comment.message);

function facebookPost(world: World, post: FbPost): SimPost {
  const photos = photosOf(world, post);
  const video = videoOf(world, post);
  return {
    id: post.id,
    platform: "facebook",
    accountId: post.pageId,
    accountName: world.data.pages.get(post.pageId)?.name ?? "",
    text: post.message,
    createdAt: new Date(post.liveAt ?? post.createdAt).toISOString(),
    permalink: postPermalink(world, post),
    kind: photos.length > 1 ? "carousel" : post.kind,
    media: [...photos.flatMap((photo) => shownMedia(photo.media, photo.altText)), ...shownMedia(video?.media)],
    // What is written under a film stands under its post.
    replies: [post.id, ...(video ? [video.id] : [])].flatMap((id) => repliesTo(world, id)),
    details: {
      ...(post.link === undefined ? {} : { link: post.link }),
      ...(video && video.title !== "" ? { title: video.title } : {}),
      ...(video ? { videoId: video.id } : {}),
      byHand: post.appId === undefined,
    },
  };
}

const facebookStory = (world: World, story: FbStory): SimPost => ({
  id: story.id,
  platform: "facebook",
  accountId: story.pageId,
  accountName: world.data.pages.get(story.pageId)?.name ?? "",
  text: "",
  createdAt: new Date(story.liveAt).toISOString(),
  permalink: webUrl("www.facebook.com", `/stories/${story.pageId}/${story.id}`),
  kind: "story",
  media: shownMedia(story.media),
  details: { mediaId: story.mediaId },
});

const instagramKinds = { FEED: "photo", REELS: "reel", STORY: "story" } as const;

function instagramPost(world: World, media: IgMedia): SimPost {
  const parts =
    media.mediaType === "CAROUSEL_ALBUM" ? media.childIds.flatMap((id) => world.data.igMedia.get(id) ?? []) : [media];
  return {
    id: media.id,
    platform: "instagram",
    accountId: media.igId,
    accountName: world.data.igAccounts.get(media.igId)?.name ?? "",
    text: media.caption,
    createdAt: new Date(media.liveAt).toISOString(),
    permalink: mediaPermalink(world, media),
    kind: media.mediaType === "CAROUSEL_ALBUM" ? "carousel" : instagramKinds[media.productType],
    media: parts.flatMap((part) => shownMedia(part.media, part.altText)),
    replies: repliesTo(world, media.id),
    details: { ...media.details, shareToFeed: media.shareToFeed },
  };
}

/** Every post an audience sees now, newest last. */
export function livePosts(world: World): readonly SimPost[] {
  const { posts, stories, igMedia } = world.data;
  const all = [
    ...[...posts.values()].filter((post) => post.state === "live").map((post) => facebookPost(world, post)),
    ...[...stories.values()].filter((story) => storyIsLive(world, story)).map((story) => facebookStory(world, story)),
    ...[...igMedia.values()]
      .filter(
        (media) =>
          !media.deleted &&
          media.parentId === undefined &&
          (media.productType !== "STORY" || storyIsLive(world, media)),
      )
      .map((media) => instagramPost(world, media)),
  ];
  return all.sort((left, right) => Date.parse(left.createdAt) - Date.parse(right.createdAt));
}

/**
 * Things made but not visible: unpublished posts, loose photos, unfinished videos, containers. Scheduled posts and
 * videos still processing towards their publication are on their way and not counted.
 */
export function countOrphans(world: World): number {
  const { posts, photos, videos, containers } = world.data;
  const waitingVideos = new Set(
    [...videos.values()].filter((video) => video.wanted === "published" && !video.deleted).map((video) => video.postId),
  );
  const unpublished = [...posts.values()].filter((post) => post.state === "unpublished" && !waitingVideos.has(post.id));
  const loosePhotos = [...photos.values()].filter(
    (photo) => !photo.deleted && photo.postId === undefined && photo.storyId === undefined,
  );
  const unfinished = [...videos.values()].filter((video) => !video.deleted && video.wanted === undefined);
  const waiting = [...containers.values()].filter(
    (container) => !container.consumed && !["PUBLISHED", "EXPIRED"].includes(containerStatus(world, container).code),
  );
  return unpublished.length + loosePhotos.length + unfinished.length + waiting.length;
}

/** Bytes of an image by its hash, for the simulator's own page. */
export function imageBytes(
  world: World,
  sha256: string,
): { readonly bytes: Uint8Array; readonly contentType: string } | undefined {
  const all = [...world.data.photos.values(), ...world.data.igMedia.values()];
  const found = all.find((each) => each.media?.sha256 === sha256 && each.media.bytes !== undefined)?.media;
  return found?.bytes === undefined ? undefined : { bytes: found.bytes, contentType: found.mimeType };
}
