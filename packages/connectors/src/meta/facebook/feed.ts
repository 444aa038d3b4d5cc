import type { Format, OutgoingPost, PlatformFailure, Progress, Step } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { meaningOf } from "../failures.ts";
import { firstCommentSteps } from "../first-comment.ts";
import { graph, Id, Success } from "../graph.ts";
import { unixSeconds } from "../graph-url.ts";
import { facebookMedia } from "../limits.ts";
import { facebookLink, facebookOptions, firstCommentOf } from "../options.ts";
import { probeAtOnce, probeScheduled, probeUnseen } from "./feed-probes.ts";
import { type FeedState, live, refOf } from "./feed-state.ts";
import { uploadPhoto } from "./photos.ts";
import { isRefusedForm, pageToken, readPost } from "./posts.ts";

const start: Format<FeedState>["start"] = ({ publishAt }) => ({
  mode: publishAt ? "scheduled" : "two_step",
  photoIds: [],
  showTries: 0,
  ...(publishAt && { publishAt: publishAt.toISOString() }),
});

/** Everything of the post but how it is shown; `attached_media` and `link` never together, as one would win silently. */
export function feedParams(
  post: OutgoingPost,
  photoIds: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const options = facebookOptions(post.options);
  return {
    message: post.text || undefined,
    link: photoIds.length === 0 ? facebookLink(post) : undefined,
    attached_media: photoIds.length > 0 ? JSON.stringify(photoIds.map((id) => ({ media_fbid: id }))) : undefined,
    targeting: options.countries?.length
      ? JSON.stringify({ geo_locations: { countries: options.countries } })
      : undefined,
  };
}

/**
 * Unseen posts may ask for a right (advertising) that plain posting does not, or the way may be closed; if the other one
 * is too, it will say so.
 */
const mayGoInOneStep = (failure: PlatformFailure): boolean =>
  isRefusedForm(failure) ||
  failure.kind === "scope_missing" ||
  (failure.kind === "operator_must_act" && meaningOf(failure) === "our_call");

/** The other way, after Facebook closed this one. */
const inOneStep = (state: FeedState, { refused }: PlatformFailure): Progress<FeedState> => ({
  state: { ...state, mode: "one_step" },
  ...(refused && { refused }),
});

const hasCard = (post: OutgoingPost): boolean => post.media.length > 0 || facebookLink(post) !== undefined;

const makeUnseen: Step<FeedState>["run"] = async ({ post, state }, ctx) => {
  const made = await graph(ctx, pageToken(ctx), {
    method: "POST",
    path: [ctx.account.externalId, "feed"],
    params: { ...feedParams(post, state.photoIds), published: false },
    answer: Id,
    needs: ["pages_manage_posts"],
  });
  if (made.ok) return ok({ state: { ...state, draftId: made.value.id } });
  return mayGoInOneStep(made.error) ? ok(inOneStep(state, made.error)) : made;
};

const isMade = (state: FeedState): boolean =>
  state.mode !== "two_step" || state.draftId !== undefined || state.liveId !== undefined;

const createUnpublished: Step<FeedState> = {
  name: "create_unpublished",
  effect: "invisible",
  repeatable: false,
  done: (state, post) => isMade(state) || hasCard(post),
  run: makeUnseen,
};

/**
 * The same call, but posts with photos or a link have been reported to come out at once in spite of `published=false`:
 * a lost answer is looked up before anything else.
 * @source platforms/meta.md section 15, "Two-step publish on Pages"
 */
const createWithCard: Step<FeedState> = {
  name: "create_unpublished_with_media",
  effect: "visible",
  repeatable: false,
  settleMs: 15_000,
  done: isMade,
  run: makeUnseen,
  probe: probeUnseen,
};

/** Whether the new post is really unseen; one that is out already is never shown a second time. */
const checkUnseen: Step<FeedState> = {
  name: "check_unseen",
  effect: "none",
  repeatable: true,
  done: (state) => state.mode !== "two_step" || state.isUnseen === true || state.liveId !== undefined,
  async run({ state }, ctx) {
    const draftId = state.draftId ?? "";
    const read = await readPost(ctx, draftId);
    if (read.ok && read.value.is_published) return ok(live(state, draftId, read.value.permalink_url));
    // What cannot be read for good is told by the read after the next call.
    if (!read.ok && !mayGoInOneStep(read.error)) return read;
    const isSaid = read.ok && read.value.is_published === false;
    return ok({ state: { ...state, isUnseen: true }, ...(isSaid && { unseen: true }) });
  },
};

const mostShows = 4;

/** Reads the post back after the call, as Facebook's own word is all that shows whether it is out. */
const show: Step<FeedState> = {
  name: "show",
  effect: "visible",
  repeatable: true,
  timeoutMs: 70_000,
  done: (state) => state.mode !== "two_step" || state.liveId !== undefined,
  async run({ state }, ctx) {
    const draftId = state.draftId ?? "";
    const shown = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [draftId],
      params: { is_published: true },
      answer: Success,
      about: "object",
      needs: ["pages_manage_posts"],
    });
    if (!shown.ok && mayGoInOneStep(shown.error)) return ok(inOneStep(state, shown.error));
    if (!shown.ok) return shown;
    const read = await readPost(ctx, draftId);
    if (read.ok && read.value.is_published) return ok(live(state, draftId, read.value.permalink_url));
    if (!read.ok || read.value.is_published === undefined) {
      const message = "Facebook took the call that shows the post, and could not be asked whether it is out.";
      return { ok: false, error: { kind: "outcome_unknown", message } };
    }
    const showTries = state.showTries + 1;
    if (showTries >= mostShows) return ok({ state: { ...state, showTries, mode: "one_step" } });
    return ok({ state: { ...state, showTries }, waitMs: 5000 * showTries });
  },
  probe: probeUnseen,
};

/**
 * Before sending in one step the unpublished post must be gone, else both might come out. Its photos may go with it, so
 * they are uploaded again: another photo nobody sees costs nothing.
 */
const dropUnpublished: Step<FeedState> = {
  name: "drop_unpublished",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 70_000,
  done: (state) => state.mode !== "one_step" || state.draftId === undefined || state.liveId !== undefined,
  async run({ state }, ctx) {
    const { draftId = "", ...kept } = state;
    const read = await readPost(ctx, draftId);
    if (read.ok && read.value.is_published) return ok(live(state, draftId, read.value.permalink_url));
    if (!read.ok && meaningOf(read.error) !== "missing") return read;
    const gone = await graph(ctx, pageToken(ctx), {
      method: "DELETE",
      path: [draftId],
      answer: Success,
      about: "object",
      did: "delete the unpublished post",
    });
    if (!gone.ok && meaningOf(gone.error) !== "missing") return gone;
    return ok({ state: { ...kept, photoIds: [] }, unseen: true });
  },
};

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
      answer: Id,
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
      answer: Id,
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
  needs: () => ["pages_manage_engagement"],
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
