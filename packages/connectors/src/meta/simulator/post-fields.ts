import { graphTime, pick, steadyNumber } from "@postd/connector-kit/simulator/graph";
import { webUrl } from "./answers.ts";
import { appName } from "./apps.ts";
import { photosOf, postPermalink, videoPath } from "./audience.ts";
import type { Call } from "./call.ts";
import { commentsOf } from "./comment-fields.ts";
import type { FieldTable } from "./field-table.ts";
import type { FbPhoto, FbPost, FbVideo } from "./model.ts";
import { videoPhases } from "./video-phases.ts";

const fromPage = (call: Call, pageId: string) => ({ id: pageId, name: call.world.data.pages.get(pageId)?.name ?? "" });
const photoUrl = (_call: Call, photo: FbPhoto) => webUrl("www.facebook.com", `/photo/${photo.id}`);

/** Page post fields: meta.md §5 (permalink_url), §7 (is_published, scheduled_publish_time), §10 (counts). */
export const postFields: FieldTable<FbPost> = {
  id: (_call, post) => post.id,
  message: (_call, post) => (post.message === "" ? undefined : post.message),
  created_time: (_call, post) => graphTime(post.liveAt ?? post.createdAt),
  updated_time: (_call, post) => graphTime(post.updatedAt),
  permalink_url: (call, post) => postPermalink(call.world, post),
  is_published: (_call, post) => post.state === "live",
  is_hidden: (_call, post) => post.isHidden,
  scheduled_publish_time: (_call, post) =>
    post.state === "scheduled" && post.scheduledAt ? Math.round(post.scheduledAt / 1000) : undefined,
  status_type: (_call, post) => statusTypes[post.kind],
  from: (call, post) => fromPage(call, post.pageId),
  application: (_call, post) => (post.appId === undefined ? undefined : { id: post.appId, name: appName }),
  full_picture: (call, post) => {
    const first = photosOf(call.world, post)[0];
    return first && photoUrl(call, first);
  },
  attachments: (call, post) => attachments(call, post),
  shares: (_call, post) => ({ count: steadyNumber(post.id, "shares", 9) }),
  comments: (call, post, field, project) => commentsOf(call, post.id, field, project),
  reactions: (_call, post, field) => ({
    data: [],
    ...(field.modifiers.summary === undefined
      ? {}
      : { summary: { total_count: steadyNumber(post.id, "reactions", 90), viewer_reaction: "NONE" } }),
  }),
};

const statusTypes = {
  text: "mobile_status_update",
  photo: "added_photos",
  video: "added_video",
  reel: "added_video",
} as const;

function attachments(call: Call, post: FbPost) {
  const photos = photosOf(call.world, post).map((photo) => ({
    type: "photo",
    media_type: "photo",
    target: { id: photo.id },
    url: photoUrl(call, photo),
    ...(photo.altText === undefined ? {} : { description: photo.altText }),
  }));
  if (photos.length > 1) return { data: [{ type: "album", media_type: "album", subattachments: { data: photos } }] };
  if (post.videoId !== undefined)
    return { data: [{ type: "video_inline", media_type: "video", target: { id: post.videoId } }] };
  if (post.link !== undefined) return { data: [{ type: "share", media_type: "link", url: post.link }] };
  return photos.length === 0 ? undefined : { data: photos };
}

export const photoFields: FieldTable<FbPhoto> = {
  id: (_call, photo) => photo.id,
  name: (_call, photo) => photo.caption,
  alt_text: (_call, photo) => photo.altText,
  alt_text_custom: (_call, photo) => photo.altText,
  created_time: (_call, photo) => graphTime(photo.createdAt),
  updated_time: (_call, photo) => graphTime(photo.createdAt),
  from: (call, photo) => fromPage(call, photo.pageId),
  link: (call, photo) => photoUrl(call, photo),
  picture: (call, photo) => photoUrl(call, photo),
  images: (call, photo) => [
    { source: photoUrl(call, photo), width: photo.media.width ?? 0, height: photo.media.height ?? 0 },
  ],
  page_story_id: (_call, photo) => photo.postId,
  width: (_call, photo) => photo.media.width,
  height: (_call, photo) => photo.media.height,
  comments: (call, photo, field, project) => commentsOf(call, photo.id, field, project),
};

export const videoFields: FieldTable<FbVideo> = {
  id: (_call, video) => video.id,
  description: (_call, video) => (video.description === "" ? undefined : video.description),
  title: (_call, video) => (video.title === "" ? undefined : video.title),
  created_time: (_call, video) => graphTime(video.createdAt),
  updated_time: (_call, video) => graphTime(video.createdAt),
  from: (call, video) => fromPage(call, video.pageId),
  status: (call, video, field) => pick(videoPhases(call.world, video), field.fields),
  published: (call, video) => videoPhases(call.world, video).publishing_phase.publish_status === "published",
  post_id: (_call, video) => video.postId,
  permalink_url: (_call, video) => videoPath(video),
  length: (_call, video) => (video.media?.durationMs === undefined ? undefined : video.media.durationMs / 1000),
  scheduled_publish_time: (_call, video) =>
    video.scheduledAt === undefined ? undefined : graphTime(video.scheduledAt),
  views: (_call, video) => steadyNumber(video.id, "views", 800),
  comments: (call, video, field, project) => commentsOf(call, video.id, field, project),
};
