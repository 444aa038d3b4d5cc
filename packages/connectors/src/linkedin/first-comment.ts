import { firstCommentSteps, rowsOf, type TextLimit } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, permalinkOf, V2 } from "./api.ts";
import { textLimit } from "./options.ts";
import { COMMENT_SCOPES } from "./sign-in.ts";
import type { PostState } from "./uploads.ts";

const commentsOf = (urn: string): string => `socialActions/${encodeURIComponent(urn)}/comments`;
const Written = z.object({ id: z.string().max(200) });
const MAX_CHARS = 1_250;
/** Plain text, and shorter than a post. @source platforms/linkedin.md "Comments / reactions" */
export const commentText: TextLimit = { ...textLimit, max: MAX_CHARS, required: false };
const Comment = z
  .object({ id: z.string().max(200), message: z.object({ text: z.string() }) })
  .transform(({ id, message }) => ({ id, text: message.text }));

/**
 * The first comment, in the name of the post's author and as plain text, where nothing is escaped. The versioned address
 * is open to apps with the Community Management product; to others, members' apps among them, it is refused whatever was
 * granted, and the unversioned one often is not. A refusal there is the app's and says nothing of the sign-in.
 * @source platforms/linkedin.md "Comments / reactions"
 */
export const commentSteps = firstCommentSteps<PostState>({
  postOf: ({ postUrn }) =>
    postUrn === undefined ? undefined : { externalId: postUrn, permalink: permalinkOf(postUrn) },
  wanted: (_state, { firstComment }) => firstComment,
  async write({ published: { externalId }, text, state }, ctx) {
    const isVersioned = ctx.credentials.scopes?.includes(COMMENT_SCOPES.write) === true && !state.isCommentUnversioned;
    const sent = await api.send(ctx, {
      method: "POST",
      ...(!isVersioned && { base: V2 }),
      path: commentsOf(externalId),
      json: { actor: authorOf(ctx), object: externalId, message: { text } },
      about: "object",
      field: "firstComment",
      did: "write the first comment",
    });
    if (sent.ok)
      return ok({ id: sent.value.headers["x-restli-id"] || (Written.safeParse(sent.value.json).data?.id ?? "") });
    if (isVersioned && sent.error.refused && sent.error.status === 403)
      return ok({ instead: { ...state, isCommentUnversioned: true } });
    return sent;
  },
  async newest({ externalId }, ctx) {
    if (!ctx.credentials.scopes?.includes(COMMENT_SCOPES.read)) return ok([]);
    const path = `${commentsOf(externalId)}?start=0&count=100`;
    const list = await api.get(ctx, path, z.object({ elements: rowsOf(Comment) }), { about: "object" });
    return list.ok ? ok(list.value.elements) : list;
  },
});
