import {
  type ConnectorContext,
  normalizeText,
  type OutgoingPost,
  type PlatformResult,
  type ProbeAnswer,
  type PublishedRef,
  type Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { graph, Id, NodeId } from "./graph.ts";
import { hostFor } from "./graph-url.ts";

/** What a format's state keeps of the first comment: its id, or why there is none; `isLost` while that is not known. */
export type CommentState = {
  readonly commentId?: string;
  readonly commentNote?: string;
  readonly isCommentLost?: boolean;
};

interface Wiring<S> {
  readonly needs: (authKind: string) => readonly string[];
  /** The live post; undefined while it is not out, or where it will not be commented. */
  readonly postOf: (state: S) => PublishedRef | undefined;
  /** The comment, where one is wanted. */
  readonly wanted: (state: S, post: OutgoingPost) => string | undefined;
}

const Comment = z.object({ id: NodeId, message: z.string().optional(), text: z.string().optional() });
const unknownNote = "It is not known whether the first comment was written.";
/** What a lost comment gets before it is looked for. */
const settleMs = 10_000;

/**
 * Writes the first comment under a post that is out and named already. Whatever goes wrong here, the post is live and
 * stays so: a refusal is noted and never fails the job, and a lost answer is looked up by a step of its own, so that the
 * post as a whole is never in doubt. A comment is never sent twice.
 */
export function firstCommentSteps<S extends CommentState>(wiring: Wiring<S>): readonly Step<S>[] {
  const isSettled = (state: S, post: OutgoingPost) =>
    wiring.wanted(state, post) === undefined || state.commentId !== undefined || state.commentNote !== undefined;

  const write: Step<S> = {
    name: "first_comment",
    effect: "visible",
    repeatable: false,
    touch: true,
    settleMs,
    done: (state, post) => isSettled(state, post) || state.isCommentLost === true,
    async run({ state, post }, ctx) {
      const published = wiring.postOf(state);
      const message = wiring.wanted(state, post);
      if (!published || message === undefined) return ok({ state: { ...state, commentNote: "no post to comment" } });
      const sent = await graph(ctx, ctx.credentials.accessToken, {
        method: "POST",
        host: hostFor(ctx.account),
        path: [published.externalId, "comments"],
        params: { message },
        answer: Id,
        about: "object",
        needs: wiring.needs(ctx.account.authKind),
        field: "firstComment",
        did: "write the first comment",
      });
      if (sent.ok) return ok({ state: { ...state, commentId: sent.value.id }, published });
      const { kind, message: said } = sent.error;
      if (kind === "rate_limited" || kind === "unavailable") return sent;
      if (kind === "outcome_unknown")
        return ok({ state: { ...state, isCommentLost: true }, published, waitMs: settleMs });
      ctx.log.warn({ kind, platformCode: sent.error.platformCode }, "the first comment was refused");
      return ok({ state: { ...state, commentNote: said }, published });
    },
    async probe({ state, post }, ctx): PlatformResult<ProbeAnswer<S>> {
      const published = wiring.postOf(state);
      if (!published) return ok({ kind: "absent_authoritative", because: "no post to comment" });
      const next = await lookUp(wiring, state, post, ctx);
      return next.ok ? ok({ kind: "found", candidates: [{ ...published, ours: true, state: next.value }] }) : next;
    },
  };

  const check: Step<S> = {
    name: "check_first_comment",
    effect: "none",
    repeatable: true,
    done: (state, post) => isSettled(state, post) || state.isCommentLost !== true,
    async run({ state, post }, ctx) {
      const next = await lookUp(wiring, state, post, ctx);
      const published = wiring.postOf(state);
      return next.ok ? ok({ state: next.value, ...(published && { published }) }) : next;
    },
  };

  return [write, check];
}

/** The state with what the comments under the post say; only passing trouble is a failure. */
async function lookUp<S extends CommentState>(
  wiring: Wiring<S>,
  state: S,
  post: OutgoingPost,
  ctx: ConnectorContext,
): PlatformResult<S> {
  const message = wiring.wanted(state, post) ?? "";
  const isInstagram = ctx.account.kind === "professional";
  const list = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [wiring.postOf(state)?.externalId ?? "", "comments"],
    params: isInstagram ? { fields: "id,text" } : { fields: "id,message", order: "reverse_chronological", limit: 100 },
    answer: z.object({ data: z.array(z.unknown()) }),
    effect: "none",
    about: "object",
  });
  if (!list.ok && (list.error.kind === "unavailable" || list.error.kind === "rate_limited")) return list;
  const same = (list.ok ? list.value.data : [])
    .flatMap((row) => Comment.safeParse(row).data ?? [])
    .find((row) => normalizeText(row.text ?? row.message ?? "") === normalizeText(message));
  return ok({ ...state, ...(same ? { commentId: same.id } : { commentNote: unknownNote }) });
}
