import {
  awaitStep,
  type ConnectorContext,
  type OutgoingPost,
  type PlatformFailure,
  type Polled,
  type Progress,
  type Step,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { reviewPace } from "./limits.ts";
import { isLive, type LocalPost, readPost, refOf } from "./local-post.ts";
import { phoneNumberIn } from "./phone.ts";

/** How far a post is; stored between runs. */
export type PostState = {
  /** When Google is to show it, where it holds the clock. ISO 8601. */
  readonly publishAt?: string;
  readonly id?: string;
  readonly polled?: Polled;
  /** Google said then that it will not show it, or no longer has it. ISO 8601. */
  readonly ended?: { readonly how: "rejected" | "gone"; readonly at: string };
  readonly live?: { readonly externalId: string; readonly permalink?: string };
};

/** What was rejected is told in the run that saw it; any later run is somebody's word to begin anew. */
const TOLD_WITHIN_MS = 5_000;

const nowIso = ({ clock }: ConnectorContext): string => clock.now().toISOString();

/** What Google's word on a post means for it; undefined: it still looks at it. A 200 on the way there is no publication. */
export function seen(post: LocalPost, state: PostState, ctx: ConnectorContext): Progress<PostState> | undefined {
  const known: PostState = { ...state, id: post.externalId };
  if (isLive(post) || (post.state === "SCHEDULED" && state.publishAt !== undefined)) {
    const live = refOf(post);
    return { state: { ...known, live }, published: live };
  }
  if (post.state === "REJECTED")
    return { state: { ...known, ended: { how: "rejected", at: nowIso(ctx) } }, unseen: true };
  return undefined;
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
  message: "Somebody removed the post at Google while it was being looked at. Make a new one if it is still wanted.",
};

/** Asks until Google shows the post, holds it for its time, or rejects it. */
export const awaitReview: Step<PostState> = awaitStep<PostState>({
  name: "wait_for_review",
  done: ({ live }) => live !== undefined,
  async look({ state, post }, ctx) {
    const { id = "", ended, publishAt } = state;
    if (ended?.how === "gone") return fail(gone);
    if (ended) {
      const isTold = ctx.clock.now().getTime() - Date.parse(ended.at) > TOLD_WITHIN_MS;
      return isTold ? ok({ state: { ...(publishAt && { publishAt }) } }) : fail(rejection(post));
    }
    const read = await readPost(ctx, id);
    if (read.ok) return ok(seen(read.value, state, ctx) ?? { working: true });
    if (read.error.status !== 404) return read;
    return ok({ state: { ...state, ended: { how: "gone", at: nowIso(ctx) } }, unseen: true });
  },
  pace: reviewPace,
  atEnd: () => ({
    kind: "unavailable",
    message: "Google has been looking at the post for a day and says neither that it is live nor that it is rejected.",
  }),
});
