import {
  awaitStep,
  type ConnectorContext,
  type Format,
  type Inbox,
  normalizeText,
  type OutgoingPost,
  type PlatformFailure,
  type Polled,
  type Progress,
  type PublishedRef,
  type Step,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { api, ofThing } from "./api.ts";
import { replyText, reviewPace } from "./limits.ts";
import { ownName, v4Path } from "./names.ts";
import { isTransient, listReviews, Reply, readReply, refusalOf, stateOf } from "./reviews.ts";

type ReplyState = {
  readonly isPut?: boolean;
  /** Times Google failed at looking at it. */
  readonly failedLooks: number;
  readonly polled?: Polled;
  /** Google said then that it does not show it. ISO 8601. */
  readonly refused?: { readonly violation?: string; readonly at: string };
  /** The review was taken away, and the answer went with it. */
  readonly isGone?: boolean;
  readonly live?: { readonly externalId: string };
};

const refOf = (review: string): PublishedRef & { readonly externalId: string } => ({ externalId: `${review}/reply` });

/** The review that is answered; only those of this very location can be. */
const reviewOf = ({ destination = "" }: OutgoingPost, ctx: ConnectorContext) => ownName(ctx, destination, "reviews");
const nowhere: PlatformFailure = {
  kind: "content_rejected",
  field: "destination",
  reason: "missing",
  message: "There is no such review at this location.",
};

/** Google looks at an answer before anybody sees it. */
function seen(
  reply: Reply,
  state: ReplyState,
  review: string,
  ctx: ConnectorContext,
): Progress<ReplyState> | undefined {
  const known: ReplyState = { ...state, isPut: true };
  switch (stateOf(reply)) {
    case "live": {
      const live = refOf(review);
      return { state: { ...known, live }, published: live };
    }
    case "refused": {
      if (isTransient(reply) && state.failedLooks === 0) return { state: { failedLooks: 1 }, unseen: true };
      const { violation } = reply;
      const at = ctx.clock.now().toISOString();
      return { state: { ...known, refused: { at, ...(violation !== undefined && { violation }) } }, unseen: true };
    }
    default:
      return undefined;
  }
}

const isOwn = (reply: Reply, { text }: OutgoingPost): boolean => normalizeText(reply.text) === normalizeText(text);

/** One answer stands beside a review, and the same put again changes nothing. @source platforms/google-business-profile.md "Reviews & replies" */
const put: Step<ReplyState> = {
  name: "put_reply",
  effect: "visible",
  repeatable: true,
  done: ({ isPut }) => isPut === true,
  async run({ state, post }, ctx) {
    const review = reviewOf(post, ctx);
    if (review === undefined) return fail(nowhere);
    const json = { comment: post.text };
    const call = {
      method: "PUT",
      path: v4Path(ctx, review, "/reply"),
      json,
      did: "answer the review",
      ...ofThing,
    } as const;
    const sent = await api.read(ctx, call, Reply);
    if (!sent.ok) return sent;
    // Taken is not shown: an answer without a word on that is read again.
    const told = sent.value.state === "" ? undefined : seen(sent.value, state, review, ctx);
    return ok(told ?? { state: { ...state, isPut: true } });
  },
  async probe({ state, post }, ctx) {
    const review = reviewOf(post, ctx);
    if (review === undefined) return ok({ kind: "absent_authoritative", because: nowhere.message });
    const read = await readReply(ctx, review);
    if (!read.ok) {
      if (read.error.status !== 404) return read;
      return ok({ kind: "absent_authoritative", because: "the review is gone, and its answer with it" });
    }
    const reply = read.value;
    if (!reply || !isOwn(reply, post))
      return ok({ kind: "not_seen", looked: "the review, which does not show this answer" });
    const told = seen(reply, state, review, ctx);
    if (told?.published) {
      const createdAt = reply.at && { createdAt: reply.at };
      return ok({ kind: "found", candidates: [{ ...told.published, ...createdAt, ours: false, state: told.state }] });
    }
    if (told) return ok({ kind: "absent_authoritative", because: "Google says that it does not show this answer" });
    return ok({ kind: "not_seen", looked: "the review, whose answer Google still looks at" });
  },
};

/** What was refused is told in the run that saw it; any later run is somebody's word to put it again. */
const TOLD_WITHIN_MS = 5_000;

const awaitReview: Step<ReplyState> = awaitStep<ReplyState>({
  name: "wait_for_review",
  done: ({ live }) => live !== undefined,
  async look({ state, post }, ctx) {
    const { refused, isGone } = state;
    if (isGone) return fail(nowhere);
    if (refused) {
      const isTold = ctx.clock.now().getTime() - Date.parse(refused.at) > TOLD_WITHIN_MS;
      return isTold ? ok({ state: { failedLooks: 0 } }) : fail(refusalOf({ violation: refused.violation }));
    }
    const review = reviewOf(post, ctx);
    if (review === undefined) return fail(nowhere);
    const read = await readReply(ctx, review);
    if (!read.ok) return read.error.status === 404 ? ok({ state: { ...state, isGone: true }, unseen: true }) : read;
    // It may take a while to show up, and another hand may have put another one in its place.
    if (!read.value || !isOwn(read.value, post)) return ok({ working: true });
    return ok(seen(read.value, state, review, ctx) ?? { working: true });
  },
  pace: reviewPace,
  atEnd: () => ({
    kind: "unavailable",
    message: "Google has been looking at the answer for a day and does not show it yet.",
  }),
});

const reply: Format<ReplyState> = {
  label: "Answer to a review",
  media: { min: 0, max: 0 },
  text: replyText,
  start: () => ({ failedLooks: 0 }),
  steps: [put, awaitReview],
};

/** Reviews of the location; there is no hiding and no liking. */
export const inbox: Inbox = { lists: "account", list: listReviews, reply };
