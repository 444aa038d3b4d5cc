import type { SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Called, pageOf, paging, route } from "../call.ts";
import { notFound } from "../words.ts";
import type { World } from "../world.ts";
import type { Review } from "./model.ts";
import { locationOf, managed, takeEdit, v4 } from "./places.ts";
import { unfit, v4Refusal } from "./v4-words.ts";

// Fact sheet, "Reviews & replies (v4)".

const words = ["ONE", "TWO", "THREE", "FOUR", "FIVE"] as const;
const mostReplyBytes = 4096;
const size = { usual: 50, most: 50 } as const;
const orders = {
  "updateTime desc": (left: Review, right: Review) => right.updatedAt - left.updatedAt,
  rating: (left: Review, right: Review) => left.stars - right.stars,
  "rating desc": (left: Review, right: Review) => right.stars - left.stars,
} as const;
const orderBy = z.enum(Object.keys(orders) as [keyof typeof orders]).default("updateTime desc");

export const reviewName = ({ id, location }: Pick<Review, "id" | "location">, account: string): string =>
  `accounts/${account}/locations/${location.id}/reviews/${id}`;

const time = (at: number): string => new Date(at).toISOString();

function replyJson({ settings }: World, { comment, updatedAt, state, violation }: NonNullable<Review["reply"]>) {
  const isRefused = state === "REJECTED" && violation !== undefined;
  return {
    comment,
    updateTime: time(updatedAt),
    [settings.replyStateKey]: state,
    ...(isRefused && { policyViolation: violation }),
  };
}

const reviewJson = (world: World, review: Review, account: string) => ({
  name: reviewName(review, account),
  reviewId: review.id,
  reviewer: {
    displayName: review.reviewer.displayName,
    ...(review.reviewer.isAnonymous
      ? { isAnonymous: true }
      : { profilePhotoUrl: `https://lh3.googleusercontent.com/a/${review.id}` }),
  },
  starRating: words[review.stars - 1],
  ...(review.comment !== "" && { comment: review.comment }),
  createTime: time(review.createdAt),
  updateTime: time(review.updatedAt),
  ...(review.reply && { reviewReply: replyJson(world, review.reply) }),
  reviewReplyUrl: `https://business.google.com/n/${review.location.id}/reviews/${review.id}`,
});

function reviewOf(call: Called): Review {
  const location = locationOf(call);
  const review = call.world.profiles.reviews.get(call.params.review ?? "");
  if (review?.location !== location) throw notFound();
  return review;
}

/** Replies are moderated: PENDING -> APPROVED | REJECTED. */
export function passReplies({ env, profiles }: Pick<World, "env" | "profiles">): void {
  const now = env.now().getTime();
  for (const { reply } of profiles.reviews.all()) {
    if (reply?.reviewEndsAt === undefined || reply.reviewEndsAt > now) continue;
    delete reply.reviewEndsAt;
    reply.state = reply.violation === undefined ? "APPROVED" : "REJECTED";
  }
}

export const reviewRoutes = [
  route("GET", v4("/reviews"), {
    ...managed,
    query: z.strictObject({ ...paging, orderBy }),
    handle(call): SimResponse {
      const { world, query, params } = call;
      const location = locationOf(call);
      const all = world.profiles.reviews.all((one) => one.location === location);
      const seen = call.listed(all.toReversed().toSorted(orders[query.orderBy]), ({ createdAt }) => createdAt);
      const { items, more } = pageOf(seen, query, size);
      const stars = all.reduce((sum, one) => sum + one.stars, 0);
      const reviews = items.map((review) => reviewJson(world, review, params.account ?? ""));
      return {
        status: 200,
        json:
          all.length === 0 ? {} : { reviews, averageRating: stars / all.length, totalReviewCount: all.length, ...more },
      };
    },
  }),
  route("GET", v4("/reviews/:review"), {
    ...managed,
    query: z.strictObject({}),
    handle: (call) => ({ status: 200, json: reviewJson(call.world, reviewOf(call), call.params.account ?? "") }),
  }),
  route("PUT", v4("/reviews/:review/reply"), {
    ...managed,
    body: z.strictObject({ comment: z.string().default("") }),
    publishes: true,
    handle(call) {
      const { world, body, now } = call;
      const review = reviewOf(call);
      takeEdit(call, review.location);
      if (!review.location.hasVoice) throw unfit();
      if (body.comment.trim() === "") throw v4Refusal("required", "comment", "Comment is required.");
      if (Buffer.byteLength(body.comment) > mostReplyBytes)
        throw v4Refusal("common", "comment", `Must be at most ${mostReplyBytes} bytes`);
      const violation = world.profiles.nextReply;
      world.profiles.nextReply = undefined;
      review.reply = {
        comment: body.comment,
        updatedAt: now.getTime(),
        state: "PENDING",
        reviewEndsAt: now.getTime() + call.workMs(world.settings.reviewMs),
        ...(violation && { violation }),
      };
      return { status: 200, json: replyJson(world, review.reply) };
    },
  }),
  route("DELETE", v4("/reviews/:review/reply"), {
    ...managed,
    publishes: true,
    handle(call) {
      const review = reviewOf(call);
      takeEdit(call, review.location);
      if (review.reply === undefined) throw notFound();
      delete review.reply;
      return { status: 200, json: {} };
    },
  }),
];
