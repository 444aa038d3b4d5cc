import {
  GraphError,
  instantMs,
  invalidParameter,
  missingObject,
  oneOf,
  type Params,
  requiredText,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation, success } from "./call.ts";
import { checkText, makePost, newVideo, publishing, refuseDuplicate, requireCreateContent } from "./make-post.ts";
import type { FbVideo, Page } from "./model.ts";
import { checkWindow, scheduleRules } from "./schedule.ts";
import { countPublish } from "./world.ts";

const reelsPerDay = 30;
const minReelMs = 3_000;
const maxReelMs = 90_000;

/** Guides write `start`, the stored enum `START`; both are taken. */
function uploadPhase(params: Params): "start" | "finish" {
  const phase = requiredText(params, "upload_phase").toLowerCase();
  if (phase !== "start" && phase !== "finish")
    throw invalidParameter("Param upload_phase must be one of {START, FINISH}");
  return phase;
}

/** POST /{page}/video_reels and /video_stories with upload_phase=start (meta.md §5, Reels step 1). */
function start(call: Call, page: Page, use: "reel" | "story"): Answer {
  const { id } = newVideo(call, page, { use });
  return { video_id: id, upload_url: `https://rupload.facebook.com/video-upload/${call.version}/${id}` };
}

function uploaded(call: Call, page: Page, use: "reel" | "story"): FbVideo {
  const id = requiredText(call.params, "video_id");
  const video = call.world.data.videos.get(id);
  if (video === undefined || video.pageId !== page.id || video.use !== use) throw missingObject(id, "post");
  if (video.media === undefined) throw invalidParameter("The video has not been uploaded completely");
  // Nothing promises that a repeated finish is safe; each medium may be used once (§5, Stories).
  if (video.wanted !== undefined) throw invalidParameter("The video was already published or scheduled");
  return video;
}

/** Finish of a Reel: visible once processed, or scheduled between 10 minutes and 29 days ahead (§5 step 4, §7). */
function finishReel(call: Call, page: Page): Answer {
  const { params } = call;
  const video = uploaded(call, page, "reel");
  const state = oneOf(params, "video_state", ["PUBLISHED", "SCHEDULED", "DRAFT"]) ?? "PUBLISHED";
  const at = instantMs(params, "scheduled_publish_time", call.nowMs);
  if ((state === "SCHEDULED") !== (at !== undefined))
    throw invalidParameter("scheduled_publish_time belongs to video_state SCHEDULED and is required there");
  // 30 Reels in 24 hours and Page (§13); 1390008: posting too fast (§12).
  const reels = call.world.data.videos.all(
    (each) => each.use === "reel" && each.pageId === page.id && each.wanted !== undefined,
  );
  if (reels.filter((each) => each.createdAt > call.nowMs - 86_400_000).length >= reelsPerDay)
    throw new GraphError({ code: 32, subcode: 1390008, message: "(#32) You are posting too fast" });
  // 3 to 90 seconds (§14); 2069019: invalid content (§12).
  const lengthMs = video.media?.durationMs ?? minReelMs;
  if (lengthMs < minReelMs || lengthMs > maxReelMs)
    throw invalidParameter("A Reel must be between 3 and 90 seconds long", 2069019);
  const description = checkText(params.text("description") ?? "");
  if (at !== undefined) video.scheduledAt = checkWindow(at, call.nowMs, scheduleRules.reel);
  refuseDuplicate(call.world, { pageId: page.id, message: description });
  video.description = description;
  video.title = params.text("title") ?? "";
  video.wanted = state === "PUBLISHED" ? "published" : state === "SCHEDULED" ? "scheduled" : "draft";
  video.readyAt = call.nowMs + call.workMs(call.world.data.settings.videoProcessingMs);
  const when =
    video.scheduledAt === undefined
      ? ({ kind: "unpublished" } as const)
      : ({ kind: "scheduled", at: video.scheduledAt } as const);
  video.postId = makePost(
    call,
    { pageId: page.id, kind: "reel", message: video.description, videoId: video.id },
    when,
  ).id;
  return success;
}

const maxStoryMs = 60_000;

/** Finish of a video story; no scheduling (§5, Stories). */
function finishStory(call: Call, page: Page): Answer {
  const video = uploaded(call, page, "story");
  oneOf(call.params, "video_state", ["PUBLISHED"]);
  if (video.media === undefined) throw new Error("uploaded() answers only videos with media");
  if ((video.media.durationMs ?? 0) > maxStoryMs)
    throw invalidParameter("A story video may be 60 seconds long", 2069019);
  video.wanted = "published";
  video.readyAt = call.nowMs + call.workMs(call.world.data.settings.videoProcessingMs);
  const id = call.world.newId("13");
  video.postId = id;
  call.world.data.stories.put({
    id,
    pageId: page.id,
    mediaId: video.id,
    mediaType: "video",
    media: video.media,
    liveAt: video.readyAt,
  });
  countPublish(call.world, page.id);
  return { success: true, post_id: id };
}

const reelParams = [
  "upload_phase",
  "video_id",
  "video_state",
  "description",
  "title",
  "scheduled_publish_time",
  "place",
  "targeting",
  "feed_targeting",
];

const kinds = [
  { edge: "video_reels", use: "reel", finish: finishReel, params: reelParams },
  { edge: "video_stories", use: "story", finish: finishStory, params: ["upload_phase", "video_id", "video_state"] },
] as const;

export const pageReelOperations: readonly Operation[] = kinds.map(({ edge, use, finish, params }) =>
  operation("page", "POST", edge, { scopes: publishing, params }, (call, page) => {
    requireCreateContent(page);
    return uploadPhase(call.params) === "start" ? start(call, page, use) : finish(call, page);
  }),
);
