import {
  awaitStep,
  type ConnectorContext,
  countRemake,
  type Format,
  type MediaRule,
  mayRemake,
  type OutgoingPost,
  type PlatformFailure,
  type Progress,
  type Step,
  stillAtWork,
  subcodeOf,
} from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { makeContainer, makeItem, stageOf } from "./containers.ts";
import { isMissing, NOT_FOUND, RUN_OUT, UNFETCHED } from "./failures.ts";
import { probePublish, replyToOf } from "./lost.ts";
import { media } from "./options.ts";
import { permalinkOf } from "./posts.ts";
import { CALL_MS, lostForGood, progressOf, publishContainer } from "./publish-container.ts";
import { checkQuota } from "./quota.ts";
import { type PostState, remade, startState, textsOf } from "./state.ts";

const isOut = ({ ids }: PostState): boolean => ids.length > 0;
const isWhole = ({ ids }: PostState, post: OutgoingPost): boolean => ids.length >= textsOf(post).length;

const quota: Step<PostState> = {
  name: "check_quota",
  effect: "none",
  repeatable: true,
  done: (state) => state.quotaChecked === true || isOut(state),
  async run({ state, post }, ctx) {
    const holds = await checkQuota(ctx, post);
    return holds.ok ? ok({ state: { ...state, quotaChecked: true } }) : holds;
  },
};

const itemsOf = ({ format, media: files }: OutgoingPost): number => (format === "carousel" ? files.length : 0);
const hasItems = (state: PostState, post: OutgoingPost): boolean =>
  isOut(state) || state.container !== undefined || state.childIds.length >= itemsOf(post);

const makeItems: Step<PostState> = {
  name: "make_item",
  effect: "invisible",
  repeatable: false,
  timeoutMs: 70_000,
  done: hasItems,
  async run({ state, post }, ctx) {
    const made = await makeItem(ctx, post, state.childIds.length);
    return made.ok
      ? ok({ state: { ...state, childIds: [...state.childIds, made.value] } })
      : tryAgain(ctx, state, made.error);
  },
};

/**
 * A file that could not be fetched is most often ours to mend, and sometimes a hiccup of theirs; a part just taken may not
 * have spread to where it is answered: two more tries.
 */
function tryAgain(
  ctx: ConnectorContext,
  state: PostState,
  refused: PlatformFailure,
): Result<Progress<PostState>, PlatformFailure> {
  const now = ctx.clock.now();
  const mayPass = subcodeOf(refused) === UNFETCHED || (isOut(state) && isMissing(refused));
  if (!mayPass || !mayRemake(state, now)) return fail(refused);
  return ok({ state: countRemake(state, now), waitMs: 15_000 });
}

/** Often for half a minute, then once a minute. @source platforms/threads.md section 5, "Status" */
const pace = { firstMs: 3_000, factor: 1.5, mostMs: 60_000, endMs: 30 * 60_000 };
/** So often a container may be unknown to Threads before it is taken for lost: it spreads within seconds. */
const NEW_LOOKS = 4;
const stillWorking: PlatformFailure = {
  kind: "unavailable",
  message: "Threads has been preparing the post for more than half an hour.",
};

const waitFor = (facts: {
  readonly name: string;
  readonly done: Step<PostState>["done"];
  readonly next: (state: PostState) => string;
  readonly ready: (state: PostState) => PostState;
  /** What is to blame where it is broken; absent: all files. */
  readonly field?: (state: PostState) => string;
}): Step<PostState> =>
  awaitStep<PostState>({
    name: facts.name,
    done: facts.done,
    pace,
    atEnd: () => stillWorking,
    async look({ state }, ctx) {
      const read = await stageOf(ctx, facts.next(state));
      if (!read.ok) return read;
      const stage = read.value;
      // `published`: an earlier answer was lost; the publish step finds the post and sends nothing.
      if (stage.is === "finished" || stage.is === "published") return ok({ state: facts.ready(state) });
      const isNew = (state.polled?.times ?? 0) < NEW_LOOKS;
      const now = ctx.clock.now();
      if (stage.is === "working" || (stage.is === "gone" && isNew))
        return ok({ working: true, state: stillAtWork(state, now) });
      const again = mayRemake(state, now, stage.is === "broken" ? stage.again : undefined);
      if (again) return ok({ state: remade(state, now), waitMs: 10_000 * (state.remakes + 1) });
      if (stage.is !== "broken") return fail(lostForGood());
      return fail({ ...stage.failure, field: facts.field?.(state) ?? stage.failure.field });
    },
  });

const waitForItems = waitFor({
  name: "wait_for_items",
  done: (state, post) => isOut(state) || state.container !== undefined || state.readyChildren >= itemsOf(post),
  next: ({ childIds, readyChildren }) => childIds[readyChildren] ?? "",
  field: ({ readyChildren }) => `media.${readyChildren}`,
  ready: (state) => ({ ...state, readyChildren: state.readyChildren + 1 }),
});

/** How long a container has at least before it is asked for: at once it is mostly not known yet. */
const SPREADS_WITHIN_MS = 2_000;

/** Container, its status, publish: for the post itself, or for each further part. */
function chain(names: readonly [string, string, string], isDone: Step<PostState>["done"]): readonly Step<PostState>[] {
  const [makeName, waitName, publishName] = names;
  const make: Step<PostState> = {
    name: makeName,
    effect: "invisible",
    repeatable: false,
    timeoutMs: 70_000,
    done: (state, post) => isDone(state, post) || state.container !== undefined,
    async run({ state, post }, ctx) {
      const at = { part: state.ids.length, childIds: state.childIds, replyTo: replyToOf(post, state) };
      const made = await makeContainer(ctx, post, at);
      const now = ctx.clock.now();
      if (made.ok) {
        const container = { id: made.value, madeAt: now.toISOString(), tries: 0 };
        return ok({ state: { ...state, container }, waitMs: SPREADS_WITHIN_MS });
      }
      const isLost = itemsOf(post) > 0 && [NOT_FOUND, RUN_OUT].includes(subcodeOf(made.error));
      if (!isLost) return tryAgain(ctx, state, made.error);
      return mayRemake(state, now) ? ok({ state: remade(state, now), waitMs: 10_000 }) : fail(lostForGood(made.error));
    },
  };
  const wait = waitFor({
    name: waitName,
    done: (state, post) => isDone(state, post) || state.container?.ready === true,
    next: ({ container }) => container?.id ?? "",
    ready: (state) => (state.container ? { ...state, container: { ...state.container, ready: true } } : state),
  });
  const publish: Step<PostState> = {
    name: publishName,
    effect: "visible",
    repeatable: false,
    timeoutMs: CALL_MS + 30_000,
    settleMs: 90_000,
    done: isDone,
    run: publishContainer,
    probe: (input, ctx) => probePublish(input, ctx),
  };
  return [make, wait, publish];
}

/** A look-up that fails leaves the post without an address; it is out either way. */
const details: Step<PostState> = {
  name: "details",
  effect: "none",
  repeatable: true,
  done: (state) => state.detailsRead === true || !isOut(state),
  async run({ state }, ctx) {
    const permalink = await permalinkOf(ctx, state.ids[0] ?? "");
    return progressOf({ ...state, detailsRead: true, ...(permalink && { permalink }) });
  },
};

const first = chain(["make_container", "wait_until_ready", "publish"], isOut);
const further = chain(["make_reply", "wait_for_reply", "publish_reply"], isWhole);

const format = (label: string, rule: MediaRule): Format<PostState> => ({
  label,
  media: rule,
  start: startState,
  steps: [quota, ...(rule.max > 1 ? [makeItems, waitForItems] : []), ...first, details, ...further],
});

export const formats: Readonly<Record<string, Format<PostState>>> = {
  text: format("Text", media.none),
  image: format("Image", media.image),
  video: format("Video", media.video),
  carousel: format("Carousel", media.carousel),
};

/** An answer to what somebody wrote. */
export const reply: Format<PostState> = { ...format("Reply", media.none), steps: [quota, ...first, details] };
