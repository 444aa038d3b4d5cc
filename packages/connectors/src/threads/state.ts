import { countRemake, type OutgoingPost, type Polled, type PublishedRef, type Remakes } from "@postd/connector-kit";

/**
 * quota -> carousel items -> their status -> container -> its status -> publish -> address, then container, status and
 * publish again for each further part. Containers are seen by nobody and end after 24 hours, so one that broke is made
 * anew, twice at most.
 */
export type PostState = Remakes & {
  readonly quotaChecked?: true;
  readonly childIds: readonly string[];
  readonly readyChildren: number;
  /** Of the post or part that comes next. `tries`: times Threads has refused to publish it. */
  readonly container?: { readonly id: string; readonly madeAt: string; readonly ready?: true; readonly tries: number };
  /** Containers that were to be published before it and were given up. */
  readonly earlier?: readonly { readonly id: string; readonly madeAt: string }[];
  /** When a post like it was first seen after one was given up; once that was looked into it is not asked again. */
  readonly likeSeenAt?: string;
  readonly polled?: Polled;
  /** What is live: the post, then each part that answers the one before it. */
  readonly ids: readonly string[];
  /** Out, and named by no list: its id is the container's. */
  readonly isUnnamed?: true;
  readonly permalink?: string;
  readonly detailsRead?: true;
};

export const startState = (): PostState => ({ childIds: [], readyChildren: 0, remakes: 0, ids: [] });

/** The texts of a post and of its further parts. */
export const textsOf = ({ text, parts = [] }: Pick<OutgoingPost, "text" | "parts">): readonly string[] => [
  text,
  ...parts.map((part) => part.text),
];

export const refOf = ({ ids, permalink }: PostState): PublishedRef | undefined =>
  ids[0] === undefined ? undefined : { externalId: ids[0], ...(permalink && { permalink }) };

/** The next one is out: what it was made of is done with. */
export function withLive(state: PostState, { externalId, permalink }: PublishedRef): PostState {
  const { container: _, polled: _polled, earlier: _earlier, likeSeenAt: _seen, ...rest } = state;
  const isFirst = state.ids.length === 0;
  return {
    ...rest,
    remakes: 0,
    ids: [...state.ids, externalId],
    ...(isFirst && permalink && { permalink, detailsRead: true as const }),
  };
}

const MOST_EARLIER = 3;

/** The container and what it was to be made of are given up; the next run makes them again. */
export function remade(state: PostState, now: Date): PostState {
  const { container, polled: _, likeSeenAt: _seen, ...rest } = countRemake(state, now);
  const mayCome = container !== undefined && (container.ready || container.tries > 0);
  const given = mayCome ? [{ id: container.id, madeAt: container.madeAt }] : [];
  const earlier = [...(state.earlier ?? []), ...given].slice(-MOST_EARLIER);
  return { ...rest, childIds: [], readyChildren: 0, ...(earlier.length > 0 && { earlier }) };
}
