import {
  type ConnectorContext,
  type Format,
  GraphId,
  type PlatformResult,
  type ProbeAnswer,
  type Step,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { graph } from "../graph.ts";
import { webAddress } from "../graph-url.ts";
import { facebookMedia } from "../limits.ts";
import { finishVideo, probeFinish } from "./finish-video.ts";
import { uploadPhoto } from "./photos.ts";
import { pageToken } from "./posts.ts";
import { startUpload, uploadBytes } from "./rupload.ts";
import { readVideoStatus, videoStage } from "./video-status.ts";
import { finishedState, lookAgain, refOf, startVideo, type VideoState, videoLink } from "./video-steps.ts";

const Published = z.object({ success: z.literal(true).optional(), post_id: GraphId });
const Story = z.object({
  post_id: GraphId,
  media_id: GraphId.optional(),
  url: z.string().transform(webAddress).optional(),
  status: z.string().optional(),
});

/** The story made of a medium; each medium may be used once, so it names ours. @source platforms/meta.md section 5 */
async function storyOf(ctx: ConnectorContext, mediaId: string): PlatformResult<z.output<typeof Story> | undefined> {
  const list = await graph(ctx, pageToken(ctx), {
    method: "GET",
    path: [ctx.account.externalId, "stories"],
    params: { fields: "post_id,status,creation_time,media_type,media_id,url" },
    answer: z.object({ data: z.array(z.unknown()) }),
    effect: "none",
    needs: ["pages_read_engagement"],
  });
  if (!list.ok) return list;
  const stories = list.value.data.flatMap((row) => Story.safeParse(row).data ?? []);
  return ok(stories.find((story) => story.media_id === mediaId));
}

type PhotoStoryState = {
  readonly photoIds: readonly string[];
  readonly postId?: string;
  readonly permalink?: string;
};

const pageLink = (id: string): string => `https://www.facebook.com/${id}`;

const publishPhoto: Step<PhotoStoryState> = {
  name: "publish_story",
  effect: "visible",
  repeatable: false,
  timeoutMs: 70_000,
  settleMs: 15_000,
  done: (state) => state.postId !== undefined,
  async run({ state }, ctx) {
    const photoId = state.photoIds[0] ?? "";
    const made = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "photo_stories"],
      params: { photo_id: photoId },
      answer: Published,
      needs: ["pages_manage_posts"],
      field: "media",
    });
    if (made.ok)
      return ok({ state: { ...state, postId: made.value.post_id }, published: { externalId: made.value.post_id } });
    if (made.error.kind !== "content_rejected") return made;
    // A photo that is used up already may have been used by this very job.
    const story = await storyOf(ctx, photoId);
    return story.ok && story.value
      ? ok({ state: { ...state, postId: story.value.post_id }, published: { externalId: story.value.post_id } })
      : made;
  },
  async probe({ state }, ctx): PlatformResult<ProbeAnswer<PhotoStoryState>> {
    const story = await storyOf(ctx, state.photoIds[0] ?? "");
    if (!story.ok) return story;
    if (!story.value) return ok({ kind: "not_seen", looked: "the Page's stories" });
    const { post_id: externalId, url } = story.value;
    const permalink = url ?? pageLink(externalId);
    const next = { ...state, postId: externalId, permalink };
    return ok({ kind: "found", candidates: [{ externalId, permalink, ours: true, state: next }] });
  },
};

const photoLink: Step<PhotoStoryState> = {
  name: "permalink",
  effect: "none",
  repeatable: true,
  done: (state) => state.permalink !== undefined,
  async run({ state }, ctx) {
    const story = await storyOf(ctx, state.photoIds[0] ?? "");
    const externalId = state.postId ?? "";
    const permalink = (story.ok ? story.value?.url : undefined) ?? pageLink(externalId);
    return ok({ state: { ...state, permalink }, published: { externalId, permalink } });
  },
};

export const photoStory: Format<PhotoStoryState> = {
  label: "Photo story",
  media: facebookMedia.photoStory,
  start: () => ({ photoIds: [] }),
  steps: [uploadPhoto(), publishPhoto, photoLink],
};

const finish = finishVideo({
  edge: "video_stories",
  needs: ["pages_manage_posts"],
  params: (_, state) => ({ video_id: state.videoId }),
  finished: (ctx, state, postId) => ({ state: finishedState(ctx, { ...state, ...(postId && { postId }) }) }),
  async probe({ state }, ctx) {
    const story = await storyOf(ctx, state.videoId ?? "");
    if (!story.ok) return story;
    if (!story.value) return probeFinish(ctx, state, videoLink);
    const { post_id: externalId, url } = story.value;
    const permalink = url ?? pageLink(externalId);
    const next = finishedState(ctx, { ...state, postId: externalId, permalink, live: true });
    return ok({ kind: "found", candidates: [{ externalId, permalink, ours: true, state: next }] });
  },
});

/** A story is live once it stands in the list, or once the video says so; whichever Facebook tells first. */
const waitForStory: Step<VideoState> = {
  name: "wait_until_live",
  effect: "none",
  repeatable: true,
  done: (state) => state.live,
  async run({ state }, ctx) {
    const story = await storyOf(ctx, state.videoId ?? "");
    if (story.ok && story.value) {
      const { post_id: postId, url } = story.value;
      const next = { ...state, live: true, postId, permalink: url ?? pageLink(postId) };
      return ok({ state: next, published: { externalId: postId, permalink: next.permalink } });
    }
    const read = await readVideoStatus(ctx, state.videoId ?? "", true);
    if (!read.ok) return read;
    const stage = videoStage(read.value);
    if (stage.is === "broken")
      return fail({ kind: "content_rejected", field: "media", reason: "processing", message: stage.why });
    const published = refOf(state, videoLink);
    if (stage.is === "live" && published) return ok({ state: { ...state, live: true }, published });
    return lookAgain(ctx, state);
  },
};

export const videoStory: Format<VideoState> = {
  label: "Video story",
  media: facebookMedia.videoStory,
  start: () => startVideo({}),
  steps: [startUpload("video_stories"), uploadBytes, finish, waitForStory],
};
