import {
  awaitStep,
  type OutgoingPost,
  type PlatformFailure,
  type Polled,
  type Progress,
  type Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { unlessGone } from "./gone.ts";
import { reviewPace } from "./limits.ts";
import { isLive, type LocalPost, readPost, refOf } from "./local-post.ts";
import { phoneNumberIn } from "./phone.ts";

/** How far a post is; stored between runs. */
export type PostState = {
  /** When Google is to show it, where it holds the clock. ISO 8601. */
  readonly publishAt?: string;
  readonly id?: string;
  /** Times Google could not fetch the photo. */
  readonly unfetched?: number;
  readonly polled?: Polled;
  readonly live?: { readonly externalId: string; readonly permalink?: string };
};

/** What is left of a post that came to nothing: its plan. */
const anew = ({ publishAt }: PostState): PostState => (publishAt === undefined ? {} : { publishAt });

/** What Google's word on a post means for it; undefined: it still looks at it. A 200 on the way there is no publication. */
export function seen(shown: LocalPost, state: PostState, post: OutgoingPost): Progress<PostState> | undefined {
  if (isLive(shown) || (shown.state === "SCHEDULED" && state.publishAt !== undefined)) {
    const live = refOf(shown);
    return { state: { ...state, id: shown.externalId, live }, published: live };
  }
  return shown.state === "REJECTED" ? { state: anew(state), unseen: true, failure: rejection(post) } : undefined;
}

/** Google says no more than the word. @source platforms/google-business-profile.md "Publishing", "Media & text constraints" */
export function rejection({ text, media, format }: Pick<OutgoingPost, "text" | "media" | "format">): PlatformFailure {
  const phone = phoneNumberIn(text);
  const likely = [
    phone === undefined
      ? "a telephone number in the text or the picture (use the CALL button)"
      : `the telephone number "${phone}" in the text (use the CALL button)`,
    ...(media.length > 0 ? ["a picture that is blurred, a stock photo or full of text"] : []),
    ...(format === "offer" ? ["an offer of a hotel, which Google does not take"] : []),
    "words its content policy for posts bars",
  ];
  return {
    kind: "content_rejected",
    field: "text",
    reason: "rejected",
    message: `Google rejected the post and gives no reason. Likely: ${likely.join("; ")}. Change it and send it again.`,
  };
}

const gone: PlatformFailure = {
  kind: "content_rejected",
  field: "post",
  reason: "removed",
  message: "Somebody removed the post at Google while it was being looked at. Send it again if it is still wanted.",
};

/** Google's servers may not all know a post at once. */
const KNOWN_WITHIN_MS = 60_000;

/** Asks until Google shows the post, holds it for its time, or rejects it. */
export const awaitReview: Step<PostState> = awaitStep<PostState>({
  name: "wait_for_review",
  done: ({ live }) => live !== undefined,
  async look({ state, post }, ctx) {
    const { id = "", polled } = state;
    const read = await unlessGone(ctx, await readPost(ctx, id));
    if (!read.ok) return read;
    if (read.value !== undefined) return ok(seen(read.value, state, post) ?? { working: true });
    const isNew = polled === undefined || ctx.clock.now().getTime() - Date.parse(polled.since) < KNOWN_WITHIN_MS;
    return ok(isNew ? { working: true } : { state: anew(state), unseen: true, failure: gone });
  },
  pace: reviewPace,
  atEnd: () => ({
    kind: "unavailable",
    message: "Google has been looking at the post for a day and says neither that it is live nor that it is rejected.",
  }),
});
