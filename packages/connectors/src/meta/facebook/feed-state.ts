import type { Progress, PublishedRef } from "@postd/connector-kit";
import type { CommentState } from "../first-comment.ts";

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
  /** Facebook has said that nobody sees the draft. */
  readonly isUnseen?: boolean;
  readonly showTries: number;
  readonly liveId?: string;
  readonly permalink?: string;
};

/** Permalink by rule where Facebook does not name one. @source platforms/meta.md section 5 */
export const refOf = (state: FeedState): PublishedRef | undefined =>
  state.liveId === undefined
    ? undefined
    : { externalId: state.liveId, permalink: state.permalink ?? `https://www.facebook.com/${state.liveId}` };

export function live(state: FeedState, liveId: string, permalink?: string): Progress<FeedState> {
  const { draftId: _, ...rest } = state;
  const next: FeedState = { ...rest, liveId, ...(permalink && { permalink }) };
  const published = refOf(next);
  return { state: next, ...(published && { published }) };
}
