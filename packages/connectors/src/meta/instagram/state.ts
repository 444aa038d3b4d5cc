import type { PublishedRef } from "@postd/connector-kit";
import type { CommentState } from "../first-comment.ts";

/**
 * quota -> carousel items -> their status -> container -> its status -> publish -> details. Containers are seen by
 * nobody and end after 24 hours, so one that broke is made anew, twice at most.
 */
export type InstagramState = CommentState & {
  readonly quotaChecked: boolean;
  readonly childIds: readonly string[];
  readonly readyChildren: number;
  readonly containerId?: string;
  readonly ready: boolean;
  readonly polls: number;
  readonly pollingSince?: string;
  readonly remakes: number;
  readonly mediaId?: string;
  readonly permalink?: string;
  readonly detailsRead: boolean;
};

export const startInstagram = (): InstagramState => ({
  quotaChecked: false,
  childIds: [],
  readyChildren: 0,
  ready: false,
  polls: 0,
  remakes: 0,
  detailsRead: false,
});

export const isOut = (state: InstagramState): boolean => state.mediaId !== undefined;

export const refOf = (state: InstagramState): PublishedRef | undefined =>
  state.mediaId === undefined
    ? undefined
    : { externalId: state.mediaId, ...(state.permalink && { permalink: state.permalink }) };

/** Before a new wait the counting starts again. */
export function fresh(state: InstagramState): InstagramState {
  const { pollingSince: _, ...rest } = state;
  return { ...rest, polls: 0 };
}

/** Everything made so far is given up; the next run makes it again. */
export function remade(state: InstagramState): InstagramState {
  const { containerId: _, ...rest } = fresh(state);
  return { ...rest, childIds: [], readyChildren: 0, ready: false, remakes: state.remakes + 1 };
}

export const maxRemakes = 2;
