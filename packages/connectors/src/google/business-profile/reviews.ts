import {
  type ConnectorContext,
  type InboxAnswer,
  type InboxEntry,
  type PlatformFailure,
  type PlatformResult,
  rowsOf,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, Instant, Link, ofLocation, ofThing } from "./api.ts";
import { unlessGone } from "./gone.ts";
import { ReviewName, v4Path } from "./names.ts";

const stars: Readonly<Record<string, number>> = { ONE: 1, TWO: 2, THREE: 3, FOUR: 4, FIVE: 5 };
const Text = z.string().optional().catch(undefined);

/** Both names of the state are read: Google documents one, and others were sent the other. */
export const Reply = z
  .object({
    comment: z.string().default(""),
    updateTime: Instant,
    reviewReplyState: Text,
    state: Text,
    policyViolation: Text,
  })
  .transform(({ comment, updateTime, reviewReplyState, state, policyViolation }) => ({
    text: comment,
    at: updateTime,
    state: reviewReplyState ?? state ?? "",
    violation: policyViolation,
  }));
export type Reply = z.output<typeof Reply>;

const Review = z.object({
  name: ReviewName,
  reviewer: z
    .object({ displayName: Text, profilePhotoUrl: Link, isAnonymous: z.boolean().optional() })
    .optional()
    .catch(undefined),
  starRating: Text,
  comment: z.string().default(""),
  createTime: Instant,
  updateTime: Instant,
  reviewReply: Reply.optional().catch(undefined),
  reviewReplyUrl: Link,
});
const Page = z.object({ reviews: rowsOf(Review).default([]), nextPageToken: z.string().optional() });

/** Reasons that lie with the profile and not with the words. @source platforms/google-business-profile.md "Reviews & replies" */
const ofProfile = new Set([
  "ACCOUNT_RESTRICTED_AND_SUSPENDED",
  "ACCOUNT_RESTRICTED_AND_EDIT_REJECTED",
  "ASSOCIATED_ACCOUNT_SUSPENDED",
  "OWNERSHIP_REVOKED",
  "LOCATION_SUSPENDED",
  "LOCATION_DISABLED",
  "LOCATION_VERIFICATION_REQUIRED",
  "EDITING_RESTRICTION",
  "BUSINESS_INELIGIBLE",
  "GOOGLE_PAY_SUSPENSION",
]);
/** Google failed at looking, and found nothing. */
export const isTransient = ({ violation }: Reply): boolean => violation === "MODERATION_ERROR";

/** Google's list of reasons grows, so one that is not known is told as it is written. */
export function refusalOf({ violation }: Pick<Reply, "violation">): PlatformFailure {
  const code = violation ? { platformCode: violation.slice(0, 100) } : {};
  const said = violation?.slice(0, 100).toLowerCase().replaceAll("_", " ");
  if (violation !== undefined && ofProfile.has(violation))
    return {
      ...code,
      kind: "account_blocked",
      message: `Google does not show the answer because of the profile: ${said}. Its owner finds what to do at https://business.google.com/locations.`,
    };
  return {
    ...code,
    kind: "content_rejected",
    field: "text",
    reason: "rejected",
    message: said
      ? `Google does not show the answer: ${said}. Write it differently.`
      : "Google does not show the answer and gives no reason. Likely: a telephone number, a link, advertising or personal data. Write it differently.",
  };
}

/** What became of an answer; one without a state is from before Google told any, and stands there. */
export function stateOf({ state }: Pick<Reply, "state">): NonNullable<InboxAnswer["state"]> {
  if (state === "REJECTED") return "refused";
  return state === "" || state === "APPROVED" ? "live" : "waiting";
}

function answerOf(reply: Reply): InboxAnswer {
  const state = stateOf(reply);
  return {
    text: reply.text,
    state,
    ...(reply.at && { at: reply.at }),
    ...(state === "refused" && { reason: refusalOf(reply).message }),
  };
}

function entryOf(review: z.output<typeof Review>): InboxEntry[] {
  const { name, reviewer, starRating = "", comment, createTime, updateTime, reviewReply, reviewReplyUrl } = review;
  if (createTime === undefined) return [];
  const { displayName, profilePhotoUrl, isAnonymous } = reviewer ?? {};
  const author =
    isAnonymous || displayName === undefined
      ? undefined
      : { name: displayName, ...(profilePhotoUrl && { pictureUrl: profilePhotoUrl }) };
  const rating = Object.hasOwn(stars, starRating) ? stars[starRating] : undefined;
  return [
    {
      externalId: name,
      kind: "review",
      text: comment,
      createdAt: createTime,
      ...(author && { author }),
      ...(rating !== undefined && { rating }),
      ...(updateTime && updateTime > createTime && { editedAt: updateTime }),
      ...(reviewReplyUrl && { permalink: reviewReplyUrl }),
      ...(reviewReply && { answer: answerOf(reviewReply) }),
    },
  ];
}

/** Newest first, a page at a time. */
export async function listReviews(
  { cursor }: { readonly cursor?: string },
  ctx: ConnectorContext,
): PlatformResult<{ readonly entries: readonly InboxEntry[]; readonly cursor?: string }> {
  const query = { pageSize: 50, orderBy: "updateTime desc", ...(cursor && { pageToken: cursor }) };
  const page = await api.get(ctx, `${v4Path(ctx)}/reviews`, Page, { query, ...ofLocation });
  if (!page.ok) return page;
  const { reviews, nextPageToken } = page.value;
  return ok({ entries: reviews.flatMap(entryOf), ...(nextPageToken && { cursor: nextPageToken }) });
}

/** A review with the answer that stands beside it now; undefined: it is gone. */
export const readReview = async (ctx: ConnectorContext, review: string) =>
  unlessGone(ctx, await api.get(ctx, v4Path(ctx, review), Review, ofThing));
