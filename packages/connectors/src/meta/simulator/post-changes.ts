import { bool, GraphError, invalidParameter, unixSecondsMs } from "@postd/connector-kit/simulator/graph";
import { metaApp } from "./apps.ts";
import { photosOf, videoOf } from "./audience.ts";
import { type Answer, type Call, type Operation, operation, success } from "./call.ts";
import { readBack } from "./fields.ts";
import { checkText, showPost } from "./make-post.ts";
import type { FbPost } from "./model.ts";
import { checkWindow, scheduleRules } from "./schedule.ts";
import { emitFeedChange } from "./webhooks.ts";

/** POST /{post}: text, time, or visibility; only posts of the same app (meta.md §8). */
function updatePost(call: Call, post: FbPost): Answer {
  const { params } = call;
  if (post.appId !== metaApp.app_id)
    throw new GraphError({
      code: 200,
      message: "(#200) You can only edit posts that were created by this application",
    });
  const message = params.text("message");
  const at = unixSecondsMs(params, "scheduled_publish_time");
  const isPublished = bool(params, "is_published");
  const isHidden = bool(params, "is_hidden");
  if ([message, at, isPublished, isHidden].every((value) => value === undefined))
    throw invalidParameter("Nothing to update");
  const text = message === undefined ? undefined : checkText(message);
  if (at !== undefined) checkReschedule(call, post, at);
  if (isPublished !== undefined) checkPublish(call, post, isPublished);
  if (text !== undefined) {
    post.message = text;
    post.updatedAt = call.nowMs;
    if (post.state === "live") emitFeedChange(call.world, post, "edited");
  }
  if (isHidden !== undefined) post.isHidden = isHidden;
  if (at !== undefined) {
    post.scheduledAt = at;
    post.state = "scheduled";
  }
  if (isPublished === true) publishNow(call, post);
  return readBack(call, { type: "post", value: post }, success);
}

/** A scheduled post can move (§7); a live one cannot go back. */
function checkReschedule(call: Call, post: FbPost, at: number): void {
  if (post.state === "live") throw invalidParameter("A published post cannot be scheduled");
  checkWindow(at, call.nowMs, scheduleRules.change);
}

/**
 * `is_published=true` shows an unpublished post; a repeat changes nothing (§15). Un-publishing is not supported (§15).
 * `act("refuseTwoStep")` makes it fail, because its behaviour on current versions is unverified.
 */
function checkPublish(call: Call, post: FbPost, isPublished: boolean): void {
  const refused = call.world.data.settings.refuseTwoStep;
  if (refused)
    throw new GraphError({
      code: refused.code,
      message: `(#${refused.code}) The post cannot be published with is_published`,
      ...(refused.subcode === undefined ? {} : { subcode: refused.subcode }),
    });
  if (!isPublished && post.state === "live") throw invalidParameter("A published post cannot be unpublished");
}

function publishNow(call: Call, post: FbPost): void {
  const video = videoOf(call.world, post);
  if (video) video.wanted = "published";
  if (video === undefined || (video.readyAt ?? Number.POSITIVE_INFINITY) <= call.nowMs)
    showPost(call.world, post, call.nowMs);
}

export const postOperations: readonly Operation[] = [
  operation(
    "post",
    "POST",
    "",
    {
      scopes: ["pages_manage_posts"],
      params: ["message", "is_published", "scheduled_publish_time", "is_hidden"],
    },
    updatePost,
  ),
  operation("post", "DELETE", "", { scopes: ["pages_manage_posts"] }, ({ world }, post) => {
    for (const photo of photosOf(world, post)) if (photo.postId === post.id) world.data.photos.remove(photo.id);
    world.data.videos.remove(post.videoId ?? "");
    world.data.posts.remove(post.id);
    if (post.state === "live") emitFeedChange(world, post, "remove");
    return success;
  }),
];
