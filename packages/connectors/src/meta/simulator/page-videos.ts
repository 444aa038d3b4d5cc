import { type StoredMedia, storeMedia } from "@postd/connector-kit/simulator";
import {
  bool,
  invalidParameter,
  oneOf,
  page as pageOf,
  requestedFields,
  requiredText,
  unsignedInt,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation, success } from "./call.ts";
import { project, readBack } from "./fields.ts";
import {
  checkTargeting,
  checkText,
  makePost,
  newVideo,
  publishing,
  refuseDuplicate,
  requireCreateContent,
} from "./make-post.ts";
import type { FbVideo, Page } from "./model.ts";
import { pullMedia } from "./pull-media.ts";
import { type Publication, publication, scheduleRules } from "./schedule.ts";
import { taken } from "./upload-host.ts";

const maxSingleBytes = 1_000_000_000;
const chunkBytes = 4_194_304;

const videoParams = [
  "description",
  "title",
  "published",
  "scheduled_publish_time",
  "unpublished_content_type",
  "content_category",
  "targeting",
  "feed_targeting",
  "thumb",
  "file_url",
  "source",
  "upload_phase",
  "upload_session_id",
  "start_offset",
  "end_offset",
  "video_file_chunk",
  "file_size",
];

/** POST /{page}/videos: pulled, sent whole, or in phases (meta.md §5). */
async function postVideo(call: Call, page: Page): Promise<Answer> {
  requireCreateContent(page);
  switch (oneOf(call.params, "upload_phase", ["start", "transfer", "finish"])) {
    case "start":
      return startUpload(call, page);
    case "transfer":
      return transfer(call, page);
    case "finish": {
      const video = uploadOf(call, page);
      const media = call.world.uploads.get(video.sessionId ?? "")?.media;
      if (media === undefined) throw invalidParameter("The upload is not complete");
      const wish = readWish(call, page);
      video.media = media;
      finishVideo(call, page, video, wish);
      return success;
    }
    default: {
      const wish = readWish(call, page);
      const video = newVideo(call, page, { use: "video", media: await wholeVideo(call) });
      finishVideo(call, page, video, wish);
      return readBack(call, { type: "video", value: video }, { id: video.id });
    }
  }
}

/** The session and the first range to send. */
function startUpload(call: Call, page: Page): Answer {
  const sizeBytes = unsignedInt(call.params, "file_size");
  if (!sizeBytes) throw invalidParameter("The parameter file_size is required");
  const sessionId = call.world.newId("15");
  const video = newVideo(call, page, { use: "video", sessionId });
  call.world.uploads.open({ id: sessionId, details: null, sizeBytes, contentType: "video/mp4" });
  return { video_id: video.id, upload_session_id: sessionId, ...offsets(call, video) };
}

function offsets({ world }: Call, { sessionId = "" }: FbVideo) {
  const { receivedBytes: start = 0, sizeBytes = 0 } = world.uploads.get(sessionId) ?? {};
  return { start_offset: String(start), end_offset: String(Math.min(start + chunkBytes, sizeBytes)) };
}

/** The open session a call names; 100 when it is unknown or finished. */
function uploadOf(call: Call, page: Page): FbVideo {
  const session = requiredText(call.params, "upload_session_id");
  const video = call.world.data.videos.find(({ sessionId, pageId }) => sessionId === session && pageId === page.id);
  if (video === undefined || video.wanted !== undefined)
    throw invalidParameter("The upload session does not exist or is finished");
  return video;
}

/** One chunk at the offset already reached. */
function transfer(call: Call, page: Page): Answer {
  const video = uploadOf(call, page);
  const chunk = call.params.file("video_file_chunk");
  if (chunk === undefined) throw invalidParameter("The parameter video_file_chunk is required");
  const from = unsignedInt(call.params, "start_offset") ?? -1;
  taken(call.world.uploads.takeNext(video.sessionId ?? "", from, chunk.bytes), "start_offset", invalidParameter);
  return offsets(call, video);
}

async function wholeVideo(call: Call): Promise<StoredMedia> {
  const source = call.params.file("source");
  const url = call.params.text("file_url");
  if ((source === undefined) === (url === undefined))
    throw invalidParameter("Exactly one of file_url and source is required");
  const media = source ? storeMedia(source.bytes, source.contentType) : await pullMedia(call.world, url ?? "", "video");
  // 1349125 and 2069019: invalid url, content or file (§12).
  if (media === undefined) throw invalidParameter("Unable to fetch video file from URL.", 1349125);
  if (!media.mimeType.startsWith("video/") || media.sizeBytes > maxSingleBytes)
    throw invalidParameter("The video file is not valid", 2069019);
  return media;
}

interface Wish {
  readonly when: Publication;
  readonly description: string;
}

/** Text and visibility a call asks for, checked before anything changes. */
function readWish(call: Call, page: Page): Wish {
  const { params } = call;
  checkTargeting(params);
  const when = publication(params, call.nowMs, scheduleRules.video);
  const description = checkText(params.text("description") ?? "");
  refuseDuplicate(call.world, { pageId: page.id, message: description });
  return { when, description };
}

/** Starts processing a video whose bytes are there; its post comes out once processed. */
function finishVideo(call: Call, page: Page, video: FbVideo, { when, description }: Wish): void {
  video.description = description;
  video.title = call.params.text("title") ?? "";
  video.wanted = when.kind === "now" ? "published" : when.kind;
  if (when.kind === "scheduled") video.scheduledAt = when.at;
  video.readyAt = call.nowMs + call.workMs(call.world.data.settings.videoProcessingMs);
  const waiting = when.kind === "scheduled" ? when : ({ kind: "unpublished" } as const);
  const post = { pageId: page.id, kind: "video", message: description, videoId: video.id } as const;
  video.postId = makePost(call, post, waiting).id;
}

/** POST /{video}: text, or `published` to show an unpublished one (§8, spec AdVideo update). */
function updateVideo({ params, world }: Call, video: FbVideo): Answer {
  const post = world.data.posts.get(video.postId ?? "");
  const description = params.text("description");
  if (description !== undefined) {
    video.description = checkText(description);
    if (post) post.message = description;
  }
  video.title = params.text("title") ?? params.text("name") ?? video.title;
  const published = bool(params, "published");
  if (published === false && post?.state === "live") throw invalidParameter("A published video cannot be unpublished");
  if (published === true) video.wanted = "published";
  return success;
}

export const pageVideoOperations: readonly Operation[] = [
  operation("page", "POST", "videos", { scopes: publishing, params: videoParams }, postVideo),
  ...(["videos", "video_reels"] as const).map((edge) =>
    operation("page", "GET", edge, { params: edge === "videos" ? ["type"] : ["since", "until"] }, (call, page) => {
      const use = edge === "videos" ? "video" : "reel";
      const all = call.world.data.videos.all(
        (video) => video.pageId === page.id && video.wanted !== undefined && video.use === use,
      );
      const seen = call.listed(all.toReversed(), (video) => video.createdAt);
      return pageOf(call, seen, (video) => project(call, { type: "video", value: video }, requestedFields(call)));
    }),
  ),
  operation(
    "video",
    "POST",
    "",
    { scopes: ["pages_manage_posts"], params: ["description", "title", "name", "published"] },
    updateVideo,
  ),
  operation("video", "DELETE", "", { scopes: ["pages_manage_posts"] }, ({ world }, video) => {
    world.data.videos.remove(video.id);
    world.data.posts.remove(video.postId ?? "");
    return success;
  }),
];
