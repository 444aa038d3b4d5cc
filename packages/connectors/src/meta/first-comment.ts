import {
  type CommentState,
  firstCommentSteps as commentSteps,
  type FirstCommentFacts,
  GraphId,
  GraphNode,
  rowsOf,
  type Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { graph } from "./graph.ts";
import { hostFor } from "./graph-url.ts";

export type { CommentState } from "@postd/connector-kit";

interface Wiring<S> extends Pick<FirstCommentFacts<S>, "postOf" | "wanted"> {
  readonly needs: (authKind: string) => readonly string[];
}

const Comment = z
  .object({ id: GraphId, message: z.string().optional(), text: z.string().optional() })
  .transform(({ id, message, text }) => ({ id, text: text ?? message ?? "" }));
const Comments = z.object({ data: rowsOf(Comment) });

/** The first comment under a post of Facebook or Instagram. */
export const firstCommentSteps = <S extends CommentState>({ needs, ...wiring }: Wiring<S>): readonly Step<S>[] =>
  commentSteps<S>({
    ...wiring,
    write: ({ published, text }, ctx) =>
      graph(ctx, ctx.credentials.accessToken, {
        method: "POST",
        host: hostFor(ctx.account),
        path: [published.externalId, "comments"],
        params: { message: text },
        answer: GraphNode,
        about: "object",
        needs: needs(ctx.account.authKind),
        field: "firstComment",
        did: "write the first comment",
      }),
    async newest({ externalId }, ctx) {
      const isInstagram = ctx.account.kind === "professional";
      const list = await graph(ctx, ctx.credentials.accessToken, {
        method: "GET",
        host: hostFor(ctx.account),
        path: [externalId, "comments"],
        params: isInstagram
          ? { fields: "id,text" }
          : { fields: "id,message", order: "reverse_chronological", limit: 100 },
        answer: Comments,
        effect: "none",
        about: "object",
      });
      return list.ok ? ok(list.value.data) : list;
    },
  });
