import { countRemake, type PlatformFailure, type PublishedRef, type Remakes } from "@postd/connector-kit";
import type { CommentState } from "../first-comment.ts";

/**
 * quota -> carousel items -> their status -> container -> its status -> publish -> details. Containers are seen by
 * nobody and end after 24 hours, so one that broke is made anew, twice at most.
 */
export type InstagramState = CommentState &
  Remakes & {
    readonly quotaChecked: boolean;
    readonly childIds: readonly string[];
    readonly readyChildren: number;
    readonly containerId?: string;
    readonly containerMadeAt?: string;
    /** Containers that were to be published before it and were given up. */
    readonly earlier?: readonly { readonly id: string; readonly madeAt?: string }[];
    /** How often publishing the present container met passing trouble. */
    readonly publishTries?: number;
    readonly ready: boolean;
    readonly polls: number;
    readonly pollingSince?: string;
    readonly mediaId?: string;
    /** Out, and named by no list: `mediaId` is the container's. */
    readonly isUnnamed?: boolean;
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

const MOST_EARLIER = 3;

/** Everything made so far is given up; the next run makes it again. */
export function remade(state: InstagramState, now: Date): InstagramState {
  const { containerId: id, containerMadeAt, publishTries: _, ...rest } = countRemake(fresh(state), now);
  const given = id !== undefined && state.ready ? [{ id, ...(containerMadeAt && { madeAt: containerMadeAt }) }] : [];
  const earlier = [...(state.earlier ?? []), ...given].slice(-MOST_EARLIER);
  return { ...rest, childIds: [], readyChildren: 0, ready: false, ...(earlier.length > 0 && { earlier }) };
}

/** Waiting cannot mend a broken container, so once the tries are used up a person is asked. */
export const brokenForGood = (failure: PlatformFailure): PlatformFailure =>
  failure.kind === "unavailable" || failure.kind === "outcome_unknown"
    ? { ...failure, kind: "content_rejected", field: "media", reason: "processing" }
    : failure;
