import type { StoredMedia } from "@postd/connector-kit/simulator";
import { storeMedia } from "@postd/connector-kit/simulator";
import { bool, invalidParameter, missingObject, requiredText } from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { readBack } from "./fields.ts";
import { checkText, makePost, publishing, refuseDuplicate, requireCreateContent } from "./make-post.ts";
import type { FbPhoto, Page } from "./model.ts";
import { pullMedia } from "./pull-media.ts";
import { publication, scheduleRules } from "./schedule.ts";
import { countPublish } from "./world.ts";

const photoTypes = ["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"];
/** Of a photo in a post; looked at when the post is made. */
export const maxPhotoBytes = 4_000_000;
const maxStoryPhotoBytes = 10_000_000;

/** The photo of a call: pulled from `url` or sent as multipart `source` (meta.md §5). */
async function photoOf(call: Call): Promise<StoredMedia> {
  const source = call.params.file("source");
  const url = call.params.text("url");
  if ((source === undefined) === (url === undefined))
    throw invalidParameter("Exactly one of url and source is required");
  const media = source ? storeMedia(source.bytes, source.contentType) : await pullMedia(call.world, url ?? "", "image");
  // 2069019: invalid url, content or file (§12).
  if (media === undefined) throw invalidParameter("Missing or invalid image file", 2069019);
  // 1366046: larger than 4 MB or of a wrong type (§12, §14). The story page allows 10 MB, checked when it becomes one.
  if (!photoTypes.includes(media.mimeType) || media.sizeBytes > maxStoryPhotoBytes) throw unfitPhoto();
  return media;
}

export const unfitPhoto = () =>
  invalidParameter("Photos should be smaller than 4 MB and saved as JPG or PNG.", 1366046);

/** POST /{page}/photos: one photo post, or a loose photo with published=false. */
async function postPhoto(call: Call, page: Page): Promise<Answer> {
  requireCreateContent(page);
  const { params } = call;
  const when = publication(params, call.nowMs, scheduleRules.photo);
  const temporary = bool(params, "temporary") ?? false;
  if (temporary && when.kind === "now") throw invalidParameter("temporary needs published=false");
  const message = checkText(params.text("message") ?? params.text("caption") ?? "");
  const media = await photoOf(call);
  if (when.kind !== "unpublished") refuseDuplicate(call.world, { pageId: page.id, message });
  if (when.kind !== "unpublished" && media.sizeBytes > maxPhotoBytes) throw unfitPhoto();
  const altText = params.text("alt_text_custom");
  const photo: FbPhoto = {
    id: call.world.newId("12"),
    pageId: page.id,
    media,
    temporary,
    createdAt: call.nowMs,
    ...(altText === undefined ? {} : { altText }),
    ...(message === "" ? {} : { caption: message }),
  };
  call.world.data.photos.put(photo);
  const post =
    when.kind === "unpublished"
      ? undefined
      : makePost(call, { pageId: page.id, kind: "photo", message, photoIds: [photo.id] }, when);
  const plain = { id: photo.id, ...(post === undefined ? {} : { post_id: post.id }) };
  return readBack(call, { type: "photo", value: photo }, plain);
}

/** POST /{page}/photo_stories: an unpublished photo becomes a story; each medium only once (§5, Stories). */
function postPhotoStory(call: Call, page: Page): Answer {
  requireCreateContent(page);
  const id = requiredText(call.params, "photo_id");
  const photo = call.world.data.photos.get(id);
  if (photo === undefined || photo.pageId !== page.id) throw missingObject(id, "post");
  if (photo.storyId !== undefined || photo.postId !== undefined)
    throw invalidParameter("These photos were already posted.", 1366051);
  const storyId = call.world.newId("13");
  photo.storyId = storyId;
  call.world.data.stories.put({
    id: storyId,
    pageId: page.id,
    mediaId: photo.id,
    mediaType: "photo",
    media: photo.media,
    liveAt: call.nowMs,
  });
  countPublish(call.world, page.id);
  return { success: true, post_id: storyId };
}

/** `source` is the multipart file part (§5); it is not among the spec's parameters. */
const photoParams = [
  "url",
  "source",
  "message",
  "caption",
  "published",
  "alt_text_custom",
  "temporary",
  "scheduled_publish_time",
  "unpublished_content_type",
  "targeting",
  "feed_targeting",
];

export const pagePhotoOperations: readonly Operation[] = [
  operation("page", "POST", "photos", { scopes: publishing, params: photoParams }, postPhoto),
  operation("page", "POST", "photo_stories", { scopes: publishing, params: ["photo_id"] }, postPhotoStory),
];
