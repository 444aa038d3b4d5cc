import { ok } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import type { ProbeAnswer, PublishedRef, Step } from "../publish.ts";
import { normalizeText, storableRemark } from "../text.ts";

/** A post of an account's newest, as a platform lists it. */
export interface RecentPost extends PublishedRef {
  readonly text: string;
  readonly createdAt: Date | undefined;
  /** How many media it shows; undefined: the list does not say. */
  readonly mediaCount?: number | undefined;
  /** It carries something only this job made: a file's id, an address with our mark. False is not "another's". */
  readonly ours?: boolean;
}

/** Clocks of platforms and ours may differ by this much. */
const SKEW_MS = 60_000;

/**
 * The probe by recent posts: those with the same text (spaces and Unicode forms aside), the same number of media and made
 * since the call are candidates. A list that has none proves nothing, so the answer is then `not_seen`. A post whose time
 * the list does not tell is a candidate only where it is proven ours.
 */
export function matchRecent<S, P extends RecentPost = RecentPost>(input: {
  readonly recent: readonly P[];
  readonly wanted: { readonly text: string; readonly mediaCount?: number; readonly since: Date };
  /** The step's state if this is the post. */
  readonly state: (post: P) => S;
  /** What was looked at, for a person: "the newest 25 posts of the page". */
  readonly looked: string;
  /** Where a platform changes texts: whether these two are the same. */
  readonly isSameText?: (theirs: string, ours: string) => boolean;
}): ProbeAnswer<S> {
  const { recent, wanted, state, looked, isSameText = sameText } = input;
  const earliest = wanted.since.getTime() - SKEW_MS;
  const fitting = recent.filter(({ text, createdAt, mediaCount, ours }) => {
    if (createdAt ? createdAt.getTime() < earliest : !ours) return false;
    const differs = mediaCount !== undefined && wanted.mediaCount !== undefined && mediaCount !== wanted.mediaCount;
    return !differs && isSameText(text, wanted.text);
  });
  if (fitting.length === 0) return { kind: "not_seen", looked };
  return {
    kind: "found",
    candidates: fitting.map((post) => ({
      externalId: post.externalId,
      ...(post.permalink !== undefined && { permalink: post.permalink }),
      ...(post.createdAt && { createdAt: post.createdAt }),
      state: state(post),
      ours: post.ours === true,
      preview: storableRemark(post.text || "(no text)", 200),
    })),
  };
}

const sameText = (theirs: string, ours: string): boolean => normalizeText(theirs) === normalizeText(ours);

/** A step's `probe` that looks for the post's own text among the account's newest. */
export const probeRecent =
  <S>(facts: {
    readonly list: (ctx: ConnectorContext) => PlatformResult<readonly RecentPost[]>;
    readonly state: (post: RecentPost) => S;
    readonly looked: string;
  }): NonNullable<Step<S>["probe"]> =>
  async ({ post, intentAt }, ctx) => {
    const recent = await facts.list(ctx);
    if (!recent.ok) return recent;
    const wanted = { text: post.text, mediaCount: post.media.length, since: intentAt };
    return ok(matchRecent({ ...facts, recent: recent.value, wanted }));
  };
