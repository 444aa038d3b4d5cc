import type { Format, OutgoingPost, PlatformFailure, Progress, PublishedRef, Step } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { type CommentState, firstCommentStep } from "../first-comment.ts";
import { graph, Id, Success } from "../graph.ts";
import { unixSeconds } from "../graph-url.ts";
import { facebookMedia } from "../limits.ts";
import { facebookOptions } from "../options.ts";
import { uploadPhoto } from "./photos.ts";
import { isRefusedForm, pageToken, postFields, probePosts } from "./posts.ts";

/**
 * `two_step`: an unpublished post is made, then shown; showing may be repeated, so a lost answer costs nothing. Where
 * Facebook refuses that, the unpublished one is dropped and the post is sent in `one_step`, which needs a probe.
 * `scheduled`: Facebook holds the clock.
 */
export type FeedState = CommentState & {
  readonly mode: "two_step" | "one_step" | "scheduled";
  readonly photoIds: readonly string[];
  readonly publishAt?: string;
  readonly draftId?: string;
  readonly showTries: number;
  readonly liveId?: string;
  readonly permalink?: string;
};

const start: Format<FeedState>["start"] = ({ publishAt }) => ({
  mode: publishAt ? "scheduled" : "two_step",
  photoIds: [],
  showTries: 0,
  ...(publishAt && { publishAt: publishAt.toISOString() }),
});

/** Permalink by rule where Facebook does not name one. @source platforms/meta.md section 5 */
const refOf = (state: FeedState): PublishedRef | undefined =>
  state.liveId === undefined
    ? undefined
    : { externalId: state.liveId, permalink: state.permalink ?? `https://www.facebook.com/${state.liveId}` };

const live = (state: FeedState, liveId: string, permalink?: string): Progress<FeedState> => {
  const { draftId: _, ...rest } = state;
  const next: FeedState = { ...rest, liveId, ...(permalink && { permalink }) };
  const published = refOf(next);
  return { state: next, ...(published && { published }) };
};

/** Everything of the post but how it is shown; `attached_media` and `link` never together, as one would win silently. */
export function feedParams(
  post: OutgoingPost,
  photoIds: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const options = facebookOptions(post.options);
  return {
    message: post.text || undefined,
    link: photoIds.length === 0 ? options.link : undefined,
    attached_media: photoIds.length > 0 ? JSON.stringify(photoIds.map((id) => ({ media_fbid: id }))) : undefined,
    targeting: options.countries?.length
      ? JSON.stringify({ geo_locations: { countries: options.countries } })
      : undefined,
  };
}

/** Unseen posts may ask for a right (advertising) that plain posting does not; if that is missing too, it will say so. */
const mayGoInOneStep = (failure: PlatformFailure): boolean =>
  isRefusedForm(failure) || failure.kind === "scope_missing";

const createUnpublished: Step<FeedState> = {
  name: "create_unpublished",
  effect: "invisible",
  repeatable: false,
  done: (state) => state.mode !== "two_step" || state.draftId !== undefined || state.liveId !== undefined,
  async run({ post, state }, ctx) {
    const made = await graph(ctx, pageToken(ctx), {
      method: "POST",
      path: [ctx.account.externalId, "feed"],
      params: { ...feedParams(post, state.photoIds), published: false },
      answer: Id,
      needs: ["pages_manage_posts"],
    });
    if (made.ok) return ok({ state: { ...state, draftId: made.value.id } });
    return mayGoInOneStep(made.error) ? ok({ state: { ...state, mode: "one_step" } }) : made;
  },
};

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
    if (!shown.ok && mayGoInOneStep(shown.error)) return ok({ state: { ...state, mode: "one_step" } });
    if (!shown.ok) return shown;
    const read = await graph(ctx, pageToken(ctx), {
      method: "GET",
      path: [draftId],
      params: { fields: "is_published,permalink_url" },
      answer: postFields,
      effect: "none",
      about: "object",
    });
    if (read.ok && read.value.is_published !== false) return ok(live(state, draftId, read.value.permalink_url));
    if (!read.ok && state.showTries >= 4) return read;
    const showTries = state.showTries + 1;
    if (read.ok && showTries >= 4) return ok({ state: { ...state, showTries, mode: "one_step" } });
    return ok({ state: { ...state, showTries }, waitMs: 5000 * showTries });
  },
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
    const rest: FeedState = { ...kept, photoIds: [] };
    const read = await graph(ctx, pageToken(ctx), {
      method: "GET",
      path: [draftId],
      params: { fields: "is_published,permalink_url" },
      answer: postFields,
      effect: "none",
      about: "object",
    });
    if (read.ok && read.value.is_published) return ok(live(state, draftId, read.value.permalink_url));
    if (!read.ok) return isRefusedForm(read.error) ? ok({ state: rest }) : read;
    const gone = await graph(ctx, pageToken(ctx), {
      method: "DELETE",
      path: [draftId],
      answer: Success,
      about: "object",
    });
    return gone.ok || isRefusedForm(gone.error) ? ok({ state: rest }) : gone;
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
  probe: ({ post, state, intentAt }, ctx) =>
    probePosts(ctx, { edge: "feed", text: post.text, since: intentAt }, (row) => ({
      ...live(state, row.id, row.permalink_url).state,
    })),
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
  probe: ({ post, state, intentAt }, ctx) =>
    probePosts(ctx, { edge: "scheduled_posts", text: post.text, since: intentAt }, (row) => live(state, row.id).state),
};

/** A look-up that fails leaves the address by rule: the post is out either way. */
const permalink: Step<FeedState> = {
  name: "permalink",
  effect: "none",
  repeatable: true,
  done: (state) => state.mode === "scheduled" || state.permalink !== undefined,
  async run({ state }, ctx) {
    const id = state.liveId ?? "";
    const read = await graph(ctx, pageToken(ctx), {
      method: "GET",
      path: [id],
      params: { fields: "id,permalink_url" },
      answer: postFields,
      about: "object",
    });
    const address = (read.ok ? read.value.permalink_url : undefined) ?? `https://www.facebook.com/${id}`;
    return ok(live(state, id, address));
  },
};

const comment = firstCommentStep<FeedState>({
  needs: () => ["pages_manage_engagement"],
  postOf: refOf,
  wanted: (state, post) => (state.mode === "scheduled" ? undefined : facebookOptions(post.options).firstComment),
});

const publishSteps = [createUnpublished, show, dropUnpublished, postAtOnce, schedule, permalink, comment];

const withoutPhotos = (label: string): Format<FeedState> => ({
  label,
  media: facebookMedia.none,
  start,
  steps: publishSteps,
});

export const text = withoutPhotos("Text");
export const link = withoutPhotos("Link");
export const photo: Format<FeedState> = {
  label: "Photo",
  media: facebookMedia.photo,
  start,
  steps: [uploadPhoto(), ...publishSteps],
};
export const multiPhoto: Format<FeedState> = {
  label: "Several photos",
  media: facebookMedia.multiPhoto,
  start,
  steps: [uploadPhoto(), ...publishSteps],
};
