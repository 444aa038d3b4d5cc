import { type SimPost, shownMedia } from "@postd/connector-kit/simulator";
import { webUrl } from "./answers.ts";
import { mediaPermalink, photosOf, postPermalink, videoOf } from "./audience.ts";
import { commentsUnder } from "./comment-fields.ts";
import { containerStatus } from "./container-status.ts";
import type { FbPost, FbStory, IgMedia } from "./model.ts";
import { storyIsLive } from "./page-stories.ts";
import type { World } from "./world.ts";

/** Comments with what was answered to them; what is hidden takes its answers along. */
const repliesTo = (world: World, id: string): readonly string[] =>
  commentsUnder(world, id)
    .filter((comment) => !comment.hidden)
    .flatMap((comment) => [comment.message, ...repliesTo(world, comment.id)]);

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
  const isSeen = (media: IgMedia) =>
    media.parentId === undefined && (media.productType !== "STORY" || storyIsLive(world, media));
  const all = [
    ...posts.all(({ state }) => state === "live").map((post) => facebookPost(world, post)),
    ...stories.all((story) => storyIsLive(world, story)).map((story) => facebookStory(world, story)),
    ...igMedia.all(isSeen).map((media) => instagramPost(world, media)),
  ];
  return all.sort((left, right) => Date.parse(left.createdAt) - Date.parse(right.createdAt));
}

/**
 * Things made but not visible: unpublished posts, loose photos, unfinished videos, containers. Scheduled posts and
 * videos still processing towards their publication are on their way and not counted.
 */
export function countOrphans(world: World): number {
  const { posts, photos, videos, containers } = world.data;
  const kept = videos.all();
  const onTheirWay = new Set(kept.filter(({ wanted }) => wanted === "published").map(({ postId }) => postId));
  return [
    ...posts.all(({ id, state }) => state === "unpublished" && !onTheirWay.has(id)),
    ...photos.all(({ postId, storyId }) => postId === undefined && !storyId),
    ...kept.filter(({ wanted }) => wanted === undefined),
    ...containers.all((container) => {
      const { code } = containerStatus(world, container);
      return !container.consumed && code !== "PUBLISHED" && code !== "EXPIRED";
    }),
  ].length;
}

/** Bytes of an image by its hash, for the simulator's own page. */
export function imageBytes({ data }: World, sha256: string) {
  const all = [...data.photos.all(), ...data.igMedia.all()];
  const { bytes, mimeType } =
    all.find(({ media }) => media?.sha256 === sha256 && media.bytes !== undefined)?.media ?? {};
  return bytes && mimeType ? { bytes, contentType: mimeType } : undefined;
}
