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
import { REVIEWS_KEPT_MS, replyText, reviewPace } from "./limits.ts";
import { ownName, v4Path } from "./names.ts";
import { isTransient, listReviews, Reply, readReview, refusalOf, stateOf } from "./reviews.ts";

type ReplyState = {
  /** When Google says it was put; empty: it does not say. ISO 8601. */
  readonly putAt?: string;
  /** Times Google failed at looking at it. */
  readonly failedLooks: number;
  readonly polled?: Polled;
  readonly live?: { readonly externalId: string };
};

/** The next answer takes this one's place and its name at Google; its time tells the two apart. */
const refOf = (review: string, { at }: Reply): PublishedRef & { readonly externalId: string } => ({
  externalId: `${review}/reply${at ? `@${at.toISOString()}` : ""}`,
});

/** The review that is answered; only those of this very location can be. */
const reviewOf = ({ destination = "" }: OutgoingPost, ctx: ConnectorContext) => ownName(ctx, destination, "reviews");
const nowhere: PlatformFailure = {
  kind: "content_rejected",
  field: "destination",
  reason: "missing",
  message: "There is no such review at this location.",
};

const replaced: PlatformFailure = {
  kind: "content_rejected",
  field: "text",
  reason: "replaced",
  message:
    "Another answer to this review was put in its place while Google looked at it. Send it again if it is still wanted.",
};

const anew: ReplyState = { failedLooks: 0 };

/** Google looks at an answer before anybody sees it; undefined: it still does. */
function seen(reply: Reply, state: ReplyState, review: string): Progress<ReplyState> | undefined {
  switch (stateOf(reply)) {
    case "live": {
      const live = refOf(review, reply);
      return { state: { ...state, putAt: state.putAt ?? "", live }, published: live };
    }
    case "refused":
      if (isTransient(reply) && state.failedLooks === 0)
        return { state: { failedLooks: 1 }, unseen: true, waitMs: reviewPace.firstMs };
      return { state: anew, unseen: true, failure: refusalOf(reply) };
    default:
      return undefined;
  }
}

/** Google may put a translation beside what was written. */
function isOwn(reply: Reply, { text }: OutgoingPost): boolean {
  const [theirs, ours] = [normalizeText(reply.text), normalizeText(text)];
  return theirs === ours || (theirs.includes("(Translated by Google)") && theirs.includes(ours));
}

/** One answer stands beside a review, and the same put again changes nothing. @source platforms/google-business-profile.md "Reviews & replies" */
const put: Step<ReplyState> = {
  name: "put_reply",
  effect: "visible",
  repeatable: true,
  done: ({ putAt }) => putAt !== undefined,
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
    const next = { ...state, putAt: sent.value.at?.toISOString() ?? "" };
    const told = sent.value.state === "" ? undefined : seen(sent.value, next, review);
    return ok(told ?? { state: next });
  },
  async probe({ state, post }, ctx) {
    const review = reviewOf(post, ctx);
    if (review === undefined) return ok({ kind: "absent_authoritative", because: nowhere.message });
    const read = await readReview(ctx, review);
    if (!read.ok) return read;
    if (read.value === undefined)
      return ok({ kind: "absent_authoritative", because: "the review is gone, and its answer with it" });
    const { reviewReply: reply } = read.value;
    if (!reply || !isOwn(reply, post))
      return ok({ kind: "not_seen", looked: "the review, which does not show this answer" });
    const told = seen(reply, state, review);
    if (told?.published) {
      const createdAt = reply.at && { createdAt: reply.at };
      return ok({ kind: "found", candidates: [{ ...told.published, ...createdAt, ours: false, state: told.state }] });
    }
    if (told) return ok({ kind: "absent_authoritative", because: "Google says that it does not show this answer" });
    return ok({ kind: "not_seen", looked: "the review, whose answer Google still looks at" });
  },
};

const awaitReview: Step<ReplyState> = awaitStep<ReplyState>({
  name: "wait_for_review",
  done: ({ live }) => live !== undefined,
  async look({ state, post }, ctx) {
    const review = reviewOf(post, ctx);
    if (review === undefined) return fail(nowhere);
    const read = await readReview(ctx, review);
    if (!read.ok) return read;
    if (read.value === undefined) return ok({ state: anew, unseen: true, failure: nowhere });
    const { reviewReply: reply } = read.value;
    if (reply && isOwn(reply, post)) return ok(seen(reply, state, review) ?? { working: true });
    // It may take a while to show up.
    const isLater = state.putAt && reply?.at && reply.at > new Date(state.putAt);
    return ok(isLater ? { state: anew, unseen: true, failure: replaced } : { working: true });
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
  start: () => anew,
  steps: [put, awaitReview],
};

/** Reviews of the location; there is no hiding and no liking. */
export const inbox: Inbox = { lists: "account", keepsMs: REVIEWS_KEPT_MS, list: listReviews, reply };
