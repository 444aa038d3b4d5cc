import {
  type ConnectorContext,
  type Format,
  GraphId,
  type Inbox,
  type InboxEntry,
  type ReplyState,
  replySteps,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import type { MetaComment } from "./comment-rows.ts";
import { hideComment, readComments, readReplies, readThread, writeComment } from "./comments.ts";
import { commentText } from "./limits.ts";

/** One of unknown time is left out: nobody could say when it was written. */
function entryOf(comment: MetaComment, postId: string): InboxEntry[] {
  const { id, text, createdAt, parentId, author, isOwn, permalink, isHidden, canHide } = comment;
  if (createdAt === undefined) return [];
  return [
    {
      externalId: id,
      kind: "comment",
      postId,
      text,
      createdAt,
      ...(parentId !== undefined && parentId !== postId && { parentId }),
      ...(author && { author }),
      ...(isOwn && { isOwn }),
      ...(permalink && { permalink }),
      ...(isHidden !== undefined && { isHidden }),
      ...(canHide === false && { cannot: ["hide"] as const }),
    },
  ];
}

/**
 * What stands under one post, a page at a time. Facebook lists answers among the comments, newest first; Instagram below
 * each, the first hundred with it.
 */
const list: Inbox["list"] = async ({ postId, cursor }, ctx) => {
  if (postId === undefined) return ok({ entries: [] });
  const page = await readComments(ctx, { post: postId }, { after: cursor, mayWait: true });
  if (!page.ok) return page;
  const { rows, after } = page.value;
  const comments: MetaComment[] = [];
  for (const row of rows) {
    const more = row.replies?.hasMore ? await readReplies(ctx, row.id, { mayWait: true }) : undefined;
    if (more && !more.ok) return more;
    const replies = more?.value ?? row.replies?.rows ?? [];
    comments.push(row, ...replies.map((reply) => ({ ...reply, parentId: reply.parentId ?? row.id })));
  }
  return ok({
    entries: comments.flatMap((comment) => entryOf(comment, postId)),
    ...(after !== undefined && { cursor: after }),
  });
};

/** A lost answer is looked for before anybody thinks of another. @source platforms/meta.md section 9 */
const reply: Format<ReplyState> = {
  label: "Reply",
  media: { min: 0, max: 0 },
  text: commentText,
  start: () => ({}),
  steps: replySteps({
    entryOf: (id) => GraphId.safeParse(id).data,
    write: ({ entry: comment, text }, ctx: ConnectorContext) =>
      writeComment(ctx, { comment }, text, { field: "text", did: "answer the comment" }),
    below: (entry, ctx) => readThread(ctx, entry),
    looked: "the answers to the comment",
  }),
};

/** Comments under the account's posts, of Facebook and of Instagram. */
export const commentInbox: Inbox = {
  lists: "post",
  list,
  reply,
  hide: ({ externalId, isHidden }, ctx) => hideComment(ctx, externalId, isHidden),
};
