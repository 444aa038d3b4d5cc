import {
  normalizeText,
  type OutgoingPost,
  type PlatformResult,
  type ProbeAnswer,
  type PublishedRef,
  type Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { graph, Id } from "./graph.ts";
import { hostFor } from "./graph-url.ts";

/** What a format's state keeps of the first comment: its id, or why there is none. */
export type CommentState = { readonly commentId?: string; readonly commentNote?: string };

interface Wiring<S> {
  readonly needs: (authKind: string) => readonly string[];
  /** The live post; undefined while it is not out, or where it will not be commented. */
  readonly postOf: (state: S) => PublishedRef | undefined;
  /** Whether the post can still come out; a step waits for it. */
  readonly wanted: (state: S, post: OutgoingPost) => string | undefined;
}

const Comment = z.object({ id: z.string(), message: z.string().optional(), text: z.string().optional() });

/**
 * Writes the first comment under a post that is out. Whatever goes wrong here, the post is live and stays so: a refusal
 * is noted and never fails the job, and a lost answer is looked up once and never sent again.
 */
export function firstCommentStep<S extends CommentState>(wiring: Wiring<S>): Step<S> {
  return {
    name: "first_comment",
    effect: "visible",
    repeatable: false,
    done: (state, post) =>
      wiring.wanted(state, post) === undefined || state.commentId !== undefined || state.commentNote !== undefined,
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
        field: "options.firstComment",
      });
      if (sent.ok) return ok({ state: { ...state, commentId: sent.value.id }, published });
      const { kind, message: said } = sent.error;
      if (kind === "rate_limited" || kind === "unavailable" || kind === "outcome_unknown") return sent;
      ctx.log.warn({ kind, platformCode: sent.error.platformCode }, "the first comment was refused");
      return ok({ state: { ...state, commentNote: said }, published });
    },
    async probe({ state, post }, ctx): PlatformResult<ProbeAnswer<S>> {
      const published = wiring.postOf(state);
      const message = wiring.wanted(state, post);
      if (!published || message === undefined)
        return ok({ kind: "absent_authoritative", because: "no post to comment" });
      const list = await graph(ctx, ctx.credentials.accessToken, {
        method: "GET",
        host: hostFor(ctx.account),
        path: [published.externalId, "comments"],
        params: { fields: ctx.account.kind === "professional" ? "id,text" : "id,message" },
        answer: z.object({ data: z.array(Comment) }),
        effect: "none",
        about: "object",
      });
      if (!list.ok && (list.error.kind === "unavailable" || list.error.kind === "rate_limited")) return list;
      const same = (list.ok ? list.value.data : []).find(
        (row) => normalizeText(row.text ?? row.message ?? "") === normalizeText(message),
      );
      const next = same
        ? { commentId: same.id }
        : { commentNote: "It is not known whether the first comment was written." };
      return ok({ kind: "found", candidates: [{ ...published, ours: true, state: { ...state, ...next } }] });
    },
  };
}
