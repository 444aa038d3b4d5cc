import type { StoredMedia } from "@postd/connector-kit/simulator";
import { storeMedia } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { page as pageOf } from "./answers.ts";
import { type Answer, type Call, type Operation, operationOn, success } from "./call.ts";
import { project, requestedFields } from "./fields.ts";
import { invalidParameter } from "./graph-error.ts";
import { checkText, makePost, refuseDuplicate, requireCreateContent } from "./make-post.ts";
import type { FbVideo, Page } from "./model.ts";
import { bool, jsonParam, oneOf } from "./params.ts";
import { newVideo, startUpload, transfer, uploadOf } from "./phased-upload.ts";
import { pullMedia } from "./pull-media.ts";
import { type Publication, publication, scheduleRules } from "./schedule.ts";
import { receivedBytes } from "./video-phases.ts";
import { joinBytes, processingMs } from "./video-uploads.ts";

const maxSingleBytes = 1_000_000_000;

const textParams = [
  "description",
  "title",
  "published",
  "scheduled_publish_time",
  "unpublished_content_type",
  "content_category",
  "targeting",
  "feed_targeting",
  "thumb",
];

/** POST /{page}/videos: pulled, sent whole, or in phases (meta.md §5). */
async function postVideo(call: Call, page: Page): Promise<Answer> {
  requireCreateContent(page);
  const phase = oneOf(call.params, "upload_phase", ["start", "transfer", "finish", "cancel"]);
  switch (phase) {
    case "start":
      return startUpload(call, page);
    case "transfer":
      return transfer(call, page);
    case "finish": {
      const video = uploadOf(call, page);
      if (receivedBytes(video.chunks) !== video.fileSize) throw invalidParameter("The upload is not complete");
      const wish = readWish(call, page);
      video.media = storeMedia(joinBytes(video.chunks), "video/mp4");
      video.chunks = [];
      finishVideo(call, page, video, wish);
      return success;
    }
    case "cancel":
      uploadOf(call, page).deleted = true;
      return success;
    case undefined: {
      const wish = readWish(call, page);
      const video = newVideo(call, page, { media: await wholeVideo(call) });
      finishVideo(call, page, video, wish);
      const fields = requestedFields(call);
      return fields === undefined ? { id: video.id } : project(call, { type: "video", value: video }, fields);
    }
  }
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
  for (const name of ["targeting", "feed_targeting"])
    jsonParam(params, name, z.record(z.string(), z.unknown()), "a JSON object");
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
  video.readyAt = call.nowMs + processingMs(call);
  if (call.params.has("thumb")) video.thumbnails += 1;
  const waiting = when.kind === "scheduled" ? when : ({ kind: "unpublished" } as const);
  const post = { pageId: page.id, kind: "video", message: description, videoId: video.id } as const;
  video.postId = makePost(call, post, waiting).id;
}

/** POST /{video}: text, or `published` to show an unpublished one (§8, spec AdVideo update). */
function updateVideo(call: Call, video: FbVideo): Answer {
  const { params } = call;
  const post = video.postId === undefined ? undefined : call.world.data.posts.get(video.postId);
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
  operationOn("page", {
    method: "POST",
    edge: "videos",
    params: [
      ...textParams,
      "file_url",
      "source",
      "upload_phase",
      "upload_session_id",
      "start_offset",
      "end_offset",
      "video_file_chunk",
      "file_size",
    ],
    scopes: ["pages_manage_posts", "pages_read_engagement"],
    tokens: ["page"],
    run: postVideo,
  }),
  ...(["videos", "video_reels"] as const).map((edge) =>
    operationOn("page", {
      method: "GET",
      edge,
      params: edge === "videos" ? ["type"] : ["since", "until"],
      scopes: ["pages_read_engagement"],
      tokens: ["page"],
      run(call, page) {
        const isHiding = call.world.env.fault("hideFromLists", call.request) !== undefined;
        const all = [...call.world.data.videos.values()].filter(
          (video) =>
            video.pageId === page.id &&
            !video.deleted &&
            video.wanted !== undefined &&
            video.use === (edge === "videos" ? "video" : "reel"),
        );
        const seen = all.filter((video) => !isHiding || video.createdAt <= call.nowMs - 3_600_000).reverse();
        return pageOf(call, seen, (video) => project(call, { type: "video", value: video }, requestedFields(call)));
      },
    }),
  ),
  operationOn("video", {
    method: "GET",
    edge: "",
    params: [],
    scopes: ["pages_read_engagement"],
    tokens: ["page"],
    run: (call, video) => project(call, { type: "video", value: video }, requestedFields(call)),
  }),
  operationOn("video", {
    method: "POST",
    edge: "",
    params: ["description", "title", "name", "published"],
    scopes: ["pages_manage_posts"],
    tokens: ["page"],
    run: updateVideo,
  }),
  operationOn("video", {
    method: "POST",
    edge: "thumbnails",
    params: ["source", "is_preferred"],
    scopes: ["pages_manage_posts"],
    tokens: ["page"],
    run(call, video) {
      if (call.params.file("source") === undefined) throw invalidParameter("The parameter source is required");
      bool(call.params, "is_preferred");
      video.thumbnails += 1;
      return success;
    },
  }),
  operationOn("video", {
    method: "DELETE",
    edge: "",
    params: [],
    scopes: ["pages_manage_posts"],
    tokens: ["page"],
    run(call, video) {
      video.deleted = true;
      const post = video.postId === undefined ? undefined : call.world.data.posts.get(video.postId);
      if (post) post.state = "deleted";
      return success;
    },
  }),
];
