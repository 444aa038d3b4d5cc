import { ok } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import type { OutgoingPost, ProbeAnswer, PublishedRef, Step } from "../publish.ts";
import { normalizeText } from "../text.ts";
import type { ShownComment } from "./reply-steps.ts";

/** What a state keeps of the first comment: its id, or why there is none; `isCommentLost` while that is not known. */
export type CommentState = {
  readonly commentId?: string;
  readonly commentNote?: string;
  readonly isCommentLost?: boolean;
};

export interface FirstCommentFacts<S> {
  /** The live post; undefined while it is not out, or where it will not be commented. */
  readonly postOf: (state: S) => PublishedRef | undefined;
  /** The comment, where one is wanted. */
  readonly wanted: (state: S, post: OutgoingPost) => string | undefined;
  /** Writes it, in one visible call; answers its id, or the state in which it is tried another way. */
  readonly write: (
    comment: { readonly published: PublishedRef; readonly text: string; readonly state: S },
    ctx: ConnectorContext,
  ) => PlatformResult<{ readonly id: string } | { readonly instead: S }>;
  /** The newest comments under the post, to find a lost one by; none where this sign-in may not read them. */
  readonly newest: (published: PublishedRef, ctx: ConnectorContext) => PlatformResult<readonly ShownComment[]>;
}

const unknownNote = "It is not known whether the first comment was written.";
/** What a lost comment gets before it is looked for. */
const settleMs = 10_000;

/**
 * Writes the first comment under a post that is out and named already. Whatever goes wrong here, the post is live and
 * stays so: a refusal is noted and never fails the job, and a lost answer is looked up by a step of its own, so that the
 * post as a whole is never in doubt. A comment is never sent twice.
 */
export function firstCommentSteps<S extends CommentState>(facts: FirstCommentFacts<S>): readonly Step<S>[] {
  const { postOf, wanted } = facts;
  const isSettled = (state: S, post: OutgoingPost) =>
    wanted(state, post) === undefined || state.commentId !== undefined || state.commentNote !== undefined;

  const write: Step<S> = {
    name: "first_comment",
    effect: "visible",
    repeatable: false,
    touch: true,
    settleMs,
    done: (state, post) => isSettled(state, post) || state.isCommentLost === true,
    async run({ state, post }, ctx) {
      const published = postOf(state);
      const text = wanted(state, post);
      if (!published || text === undefined) return ok({ state: { ...state, commentNote: "no post to comment" } });
      const sent = await facts.write({ published, text, state }, ctx);
      if (sent.ok)
        return "instead" in sent.value
          ? ok({ state: sent.value.instead, published, refused: true })
          : ok({ state: { ...state, commentId: sent.value.id }, published });
      const { kind, message: said } = sent.error;
      if (kind === "rate_limited" || kind === "unavailable") return sent;
      if (kind === "outcome_unknown")
        return ok({ state: { ...state, isCommentLost: true }, published, waitMs: settleMs });
      ctx.log.warn({ kind, platformCode: sent.error.platformCode }, "the first comment was refused");
      return ok({ state: { ...state, commentNote: said }, published });
    },
    async probe({ state, post }, ctx): PlatformResult<ProbeAnswer<S>> {
      const published = postOf(state);
      if (!published) return ok({ kind: "absent_authoritative", because: "no post to comment" });
      const next = await lookUp(facts, { state, post, published }, ctx);
      return next.ok ? ok({ kind: "found", candidates: [{ ...published, ours: true, state: next.value }] }) : next;
    },
  };

  const check: Step<S> = {
    name: "check_first_comment",
    effect: "none",
    repeatable: true,
    done: (state, post) => isSettled(state, post) || state.isCommentLost !== true,
    async run({ state, post }, ctx) {
      const published = postOf(state);
      if (!published) return ok({ state: { ...state, commentNote: unknownNote } });
      const next = await lookUp(facts, { state, post, published }, ctx);
      return next.ok ? ok({ state: next.value, published }) : next;
    },
  };

  return [write, check];
}

/** The state with what the comments under the post say; only passing trouble is a failure. */
async function lookUp<S extends CommentState>(
  { newest, wanted }: FirstCommentFacts<S>,
  { state, post, published }: { readonly state: S; readonly post: OutgoingPost; readonly published: PublishedRef },
  ctx: ConnectorContext,
): PlatformResult<S> {
  const list = await newest(published, ctx);
  if (!list.ok && (list.error.kind === "unavailable" || list.error.kind === "rate_limited")) return list;
  const text = normalizeText(wanted(state, post) ?? "");
  // The same words of somebody else are not it.
  const same = (list.ok ? list.value : []).find((it) => it.isOwn !== false && normalizeText(it.text) === text);
  return ok({ ...state, ...(same ? { commentId: same.id } : { commentNote: unknownNote }) });
}
