import {
  type ConnectorContext,
  countRemake,
  mayRemake,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  type Progress,
  pollUntil,
  type Step,
  stillAtWork,
} from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { meaningOf } from "../failures.ts";
import { firstCommentSteps } from "../first-comment.ts";
import { firstCommentOf } from "../options.ts";
import { containerStage, makeChild, makePost } from "./containers.ts";
import { lostAgain, lostForGood } from "./lost.ts";
import { probeMedia, publishContainer, readMedia } from "./media.ts";
import { usedUp } from "./quota.ts";
import { brokenForGood, fresh, type InstagramState, isOut, refOf, remade } from "./state.ts";

const checkQuota: Step<InstagramState> = {
  name: "check_quota",
  effect: "none",
  repeatable: true,
  done: (state) => state.quotaChecked || isOut(state),
  async run({ state }, ctx) {
    const failure = await usedUp(ctx);
    return failure ? fail(failure) : ok({ state: { ...state, quotaChecked: true } });
  },
};

const makeChildren: Step<InstagramState> = {
  name: "make_item",
  effect: "invisible",
  repeatable: false,
  timeoutMs: 70_000,
  done: (state, post) => isOut(state) || state.containerId !== undefined || state.childIds.length >= post.media.length,
  async run({ post, state }, ctx) {
    const made = await makeChild(ctx, post, state.childIds.length);
    return made.ok
      ? ok({ state: { ...state, childIds: [...state.childIds, made.value] } })
      : fetchAgain(ctx, state, made);
  },
};

const waitForChildren: Step<InstagramState> = {
  name: "wait_for_items",
  effect: "none",
  repeatable: true,
  done: (state) => isOut(state) || state.containerId !== undefined || state.readyChildren >= state.childIds.length,
  run: ({ state, post }, ctx) =>
    poll(ctx, state, post, state.childIds[state.readyChildren] ?? "", {
      ...fresh(state),
      readyChildren: state.readyChildren + 1,
    }),
};

const makeParent: Step<InstagramState> = {
  name: "make_container",
  effect: "invisible",
  repeatable: false,
  timeoutMs: 70_000,
  done: (state) => isOut(state) || state.containerId !== undefined,
  async run({ post, state }, ctx) {
    const made = await makePost(ctx, post, state.childIds);
    const containerMadeAt = ctx.clock.now().toISOString();
    if (made.ok) return ok({ state: { ...fresh(state), containerId: made.value, containerMadeAt } });
    return meaningOf(made.error) === "recreate" ? itemsAgain(ctx, state, made.error) : fetchAgain(ctx, state, made);
  },
};

const waitForContainer: Step<InstagramState> = {
  name: "wait_until_ready",
  effect: "none",
  repeatable: true,
  done: (state) => isOut(state) || state.ready,
  run: ({ state, post }, ctx) => poll(ctx, state, post, state.containerId ?? "", { ...fresh(state), ready: true }),
};

/**
 * A file Instagram could not fetch is most often ours to mend, and sometimes a hiccup of theirs: two more tries.
 * @source platforms/meta.md sections 12 and 15 (9004/2207052)
 */
function fetchAgain(
  ctx: ConnectorContext,
  state: InstagramState,
  refused: { readonly ok: false; readonly error: PlatformFailure },
): Result<Progress<InstagramState>, PlatformFailure> {
  const now = ctx.clock.now();
  if (!refused.error.platformCode?.endsWith("/2207052") || !mayRemake(state, now)) return refused;
  return ok({ state: countRemake(state, now), waitMs: 15_000 });
}

/** Items end after a day, as when the machine was off; asking for them again and again brings none back. */
async function itemsAgain(
  ctx: ConnectorContext,
  state: InstagramState,
  failure: PlatformFailure,
): PlatformResult<Progress<InstagramState>> {
  const now = ctx.clock.now();
  if (!mayRemake(state, now)) return fail(await lostForGood(ctx, failure));
  return ok({ state: remade(state, now), waitMs: 10_000 * (state.remakes + 1) });
}

const maxWaitMs = 30 * 60_000;

async function poll(
  ctx: ConnectorContext,
  state: InstagramState,
  post: OutgoingPost,
  containerId: string,
  finished: InstagramState,
): PlatformResult<Progress<InstagramState>> {
  const read = await containerStage(ctx, containerId, true);
  if (!read.ok) return read;
  const stage = read.value;
  // `published`: an earlier run's answer was lost; the publish step finds the post and sends nothing.
  if (stage.is === "finished" || stage.is === "published") return ok({ state: finished });
  const now = ctx.clock.now();
  if (stage.is === "broken" && !stage.remake) return fail(stage.failure);
  if (stage.is === "broken" || stage.is === "expired" || stage.is === "gone") {
    if (mayRemake(state, now)) return ok({ state: remade(state, now), waitMs: 10_000 * (state.remakes + 1) });
    return fail(stage.is === "broken" ? brokenForGood(stage.failure) : await lostForGood(ctx, lostAgain));
  }
  const firstMs = post.media.some((item) => item.kind === "video") ? 10_000 : 3000;
  const next = pollUntil({
    polled: state.pollingSince === undefined ? undefined : { times: state.polls, since: state.pollingSince },
    clock: ctx.clock,
    pace: { firstMs, factor: 1.6, mostMs: 60_000, endMs: maxWaitMs },
    atEnd: { kind: "unavailable", message: "Instagram has been preparing the media for more than half an hour." },
  });
  if (!next.ok) return next;
  const { times: polls, since: pollingSince } = next.value.polled;
  return ok({ state: { ...stillAtWork(state, now), pollingSince, polls }, waitMs: next.value.waitMs });
}

const publish: Step<InstagramState> = {
  name: "publish",
  effect: "visible",
  repeatable: false,
  timeoutMs: 130_000,
  settleMs: 30_000,
  done: isOut,
  run: ({ state }, ctx) => publishContainer(ctx, state),
  probe: ({ post, state, intentAt }, ctx) => probeMedia(ctx, post, state, intentAt),
};

/** A look-up that fails leaves the post without an address; it is out either way. */
const details: Step<InstagramState> = {
  name: "details",
  effect: "none",
  repeatable: true,
  done: (state) => state.detailsRead,
  async run({ state }, ctx) {
    const read = state.permalink ? undefined : await readMedia(ctx, state.mediaId ?? "");
    const permalink = read?.ok ? read.value.permalink : state.permalink;
    const next = { ...state, detailsRead: true, ...(permalink && { permalink }) };
    const published = refOf(next);
    return ok({ state: next, ...(published && { published }) });
  },
};

const comments = firstCommentSteps<InstagramState>({
  postOf: refOf,
  wanted: (_state, post) => (post.format === "story" ? undefined : firstCommentOf(post)),
});

export const singleSteps = [checkQuota, makeParent, waitForContainer, publish, details, ...comments];
export const carouselSteps = [
  checkQuota,
  makeChildren,
  waitForChildren,
  makeParent,
  waitForContainer,
  publish,
  details,
  ...comments,
];
