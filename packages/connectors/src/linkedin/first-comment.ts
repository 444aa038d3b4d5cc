import { firstCommentSteps, type TextLimit } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { permalinkOf } from "./api.ts";
import { mayRead, readComments, writeComment } from "./comments.ts";
import { textLimit } from "./options.ts";
import type { PostState } from "./uploads.ts";

const MAX_CHARS = 1_250;
/** Plain text, and shorter than a post. @source platforms/linkedin.md "Comments / reactions" */
export const commentText: TextLimit = { ...textLimit, max: MAX_CHARS, required: false };

/** The first comment, in the name of the post's author. */
export const commentSteps = firstCommentSteps<PostState>({
  postOf: ({ postUrn }) =>
    postUrn === undefined ? undefined : { externalId: postUrn, permalink: permalinkOf(postUrn) },
  wanted: (_state, { firstComment }) => firstComment,
  async write({ published: { externalId: post }, text, state }, ctx) {
    const isUnversioned = state.isCommentUnversioned === true;
    const blame = { field: "firstComment", did: "write the first comment" };
    const sent = await writeComment(ctx, { post, text, isUnversioned }, blame);
    if (!sent.ok) return sent;
    if ("instead" in sent.value) return ok({ instead: { ...state, isCommentUnversioned: true } });
    return ok({ id: sent.value.id ?? "" });
  },
  async newest({ externalId }, ctx) {
    if (!mayRead(ctx)) return ok([]);
    const read = await readComments(ctx, externalId);
    return read.ok ? ok(read.value.rows) : read;
  },
});
