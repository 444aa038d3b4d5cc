import {
  graphTime,
  instantMs,
  page as pageOf,
  pick,
  requestedFields,
  textList,
} from "@postd/connector-kit/simulator/graph";
import { webUrl } from "./answers.ts";
import { type Call, type Operation, operation } from "./call.ts";
import type { FbStory } from "./model.ts";
import type { World } from "./world.ts";

/** A story is seen for a day (meta.md §5: status PUBLISHED, then ARCHIVED; §10 counts stories for 24 hours). */
export const storyLifeMs = 86_400_000;

export const storyIsLive = (world: World, story: { readonly liveAt: number }): boolean =>
  world.nowMs() >= story.liveAt && world.nowMs() < story.liveAt + storyLifeMs;

/** Fields of GET /{page}/stories (§5); the spec stores no node for them. */
function storyFields(call: Call, story: FbStory) {
  const fields = requestedFields(call) ?? [];
  const value = {
    post_id: story.id,
    status: storyIsLive(call.world, story) ? "PUBLISHED" : "ARCHIVED",
    creation_time: graphTime(story.liveAt),
    media_type: story.mediaType,
    media_id: story.mediaId,
    url: webUrl("www.facebook.com", `/stories/${story.pageId}/${story.id}`),
  };
  return pick(value, fields);
}

export const pageStoryOperations: readonly Operation[] = [
  operation("page", "GET", "stories", { params: ["since", "status", "until"] }, (call, page) => {
    const statuses = textList(call.params, "status")?.map((status) => status.toUpperCase());
    const since = instantMs(call.params, "since", call.nowMs) ?? 0;
    const until = Math.min(instantMs(call.params, "until", call.nowMs) ?? Number.POSITIVE_INFINITY, call.nowMs);
    const stories = call.world.data.stories.all((story) => {
      const status = storyIsLive(call.world, story) ? "PUBLISHED" : "ARCHIVED";
      const isAsked = (statuses?.includes(status) ?? true) && story.liveAt >= since && story.liveAt <= until;
      return isAsked && story.pageId === page.id;
    });
    const seen = call.listed(stories.toReversed(), (story) => story.liveAt);
    return pageOf(call, seen, (story) => storyFields(call, story));
  }),
];
