import {
  type CommentState,
  firstCommentSteps as commentSteps,
  type FirstCommentFacts,
  type Step,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { readComments, writeComment } from "./comments.ts";

export type { CommentState } from "@postd/connector-kit";

/** The first comment under a post of Facebook or Instagram. */
export const firstCommentSteps = <S extends CommentState>(
  wiring: Pick<FirstCommentFacts<S>, "postOf" | "wanted">,
): readonly Step<S>[] =>
  commentSteps<S>({
    ...wiring,
    write: ({ published: { externalId: post }, text }, ctx) =>
      writeComment(ctx, { post }, text, { field: "firstComment", did: "write the first comment" }),
    async newest({ externalId: post }, ctx) {
      const read = await readComments(ctx, { post });
      return read.ok ? ok(read.value.rows) : read;
    },
  });
