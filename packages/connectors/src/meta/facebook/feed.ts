import { type Format, GraphNode, type Step, unixSeconds } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { firstCommentSteps } from "../first-comment.ts";
import { graph } from "../graph.ts";
import { facebookMedia } from "../limits.ts";
import { firstCommentOf } from "../options.ts";
import { feedParams } from "./feed-params.ts";
import { probeAtOnce, probeScheduled } from "./feed-probes.ts";
import { type FeedState, live, refOf } from "./feed-state.ts";
import { checkUnseen, createUnpublished, createWithCard, dropUnpublished, show } from "./feed-unseen.ts";
import { uploadPhoto } from "./photos.ts";
import { pageToken, readPost } from "./posts.ts";

const start: Format<FeedState>["start"] = ({ publishAt }) => ({
  mode: publishAt ? "scheduled" : "two_step",
  photoIds: [],
  showTries: 0,
  ...(publishAt && { publishAt: publishAt.toISOString() }),
});

const postAtOnce: Step<FeedState> = {
  name: "post",
  effect: "visible",
  repeatable: false,
  settleMs: 15_000,
  done: (state) => state.mode !== "one_step" || state.liveId !== undefined,
  async run({ post, state }, ctx) {
    const made = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "feed"],
      params: feedParams(post, state.photoIds),
      answer: GraphNode,
      needs: ["pages_manage_posts"],
    });
    return made.ok ? ok(live(state, made.value.id)) : made;
  },
  probe: probeAtOnce,
};

const schedule: Step<FeedState> = {
  name: "schedule",
  effect: "visible",
  repeatable: false,
  done: (state) => state.mode !== "scheduled" || state.liveId !== undefined,
  async run({ post, state }, ctx) {
    const made = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "feed"],
      params: {
        ...feedParams(post, state.photoIds),
        published: false,
        scheduled_publish_time: unixSeconds(new Date(state.publishAt ?? "")),
        unpublished_content_type: "SCHEDULED",
      },
      answer: GraphNode,
      needs: ["pages_manage_posts"],
    });
    return made.ok ? ok(live(state, made.value.id)) : made;
  },
  probe: probeScheduled,
};

/** A look-up that fails leaves the address by rule: the post is out either way. */
const permalink: Step<FeedState> = {
  name: "permalink",
  effect: "none",
  repeatable: true,
  done: (state) => state.mode === "scheduled" || state.permalink !== undefined,
  async run({ state }, ctx) {
    const id = state.liveId ?? "";
    const read = await readPost(ctx, id);
    const address = (read.ok ? read.value.permalink_url : undefined) ?? `https://www.facebook.com/${id}`;
    return ok(live(state, id, address));
  },
};

const comments = firstCommentSteps<FeedState>({
  postOf: refOf,
  wanted: (state, post) => (state.mode === "scheduled" ? undefined : firstCommentOf(post)),
});

const publishSteps = [
  createUnpublished,
  createWithCard,
  checkUnseen,
  show,
  dropUnpublished,
  postAtOnce,
  schedule,
  permalink,
  ...comments,
];
const photoSteps = [uploadPhoto<FeedState>(), ...publishSteps];

export const text: Format<FeedState> = { label: "Text", media: facebookMedia.none, start, steps: publishSteps };
export const link: Format<FeedState> = { label: "Link", media: facebookMedia.none, start, steps: publishSteps };
export const photo: Format<FeedState> = { label: "Photo", media: facebookMedia.photo, start, steps: photoSteps };
export const multiPhoto: Format<FeedState> = {
  label: "Several photos",
  media: facebookMedia.multiPhoto,
  start,
  steps: photoSteps,
};
