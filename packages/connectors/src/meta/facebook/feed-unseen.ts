import {
  GraphNode,
  GraphSuccess,
  type OutgoingPost,
  type PlatformFailure,
  type Progress,
  type Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { meaningOf } from "../failures.ts";
import { graph } from "../graph.ts";
import { facebookLink } from "../options.ts";
import { feedParams } from "./feed-params.ts";
import { probeUnseen } from "./feed-probes.ts";
import { type FeedState, live } from "./feed-state.ts";
import { isRefusedForm, pageToken, readPost } from "./posts.ts";

// A post nobody sees is made, then shown; where Facebook refuses that, it is dropped before the post goes in one step.

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
    answer: GraphNode,
    needs: ["pages_manage_posts"],
  });
  if (made.ok) return ok({ state: { ...state, draftId: made.value.id } });
  return mayGoInOneStep(made.error) ? ok(inOneStep(state, made.error)) : made;
};

const isMade = (state: FeedState): boolean =>
  state.mode !== "two_step" || state.draftId !== undefined || state.liveId !== undefined;

export const createUnpublished: Step<FeedState> = {
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
export const createWithCard: Step<FeedState> = {
  name: "create_unpublished_with_media",
  effect: "visible",
  repeatable: false,
  settleMs: 15_000,
  done: isMade,
  run: makeUnseen,
  probe: probeUnseen,
};

/** Whether the new post is really unseen; one that is out already is never shown a second time. */
export const checkUnseen: Step<FeedState> = {
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
export const show: Step<FeedState> = {
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
      answer: GraphSuccess,
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
export const dropUnpublished: Step<FeedState> = {
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
      answer: GraphSuccess,
      about: "object",
      did: "delete the unpublished post",
    });
    if (!gone.ok && meaningOf(gone.error) !== "missing") return gone;
    return ok({ state: { ...kept, photoIds: [] }, unseen: true });
  },
};
