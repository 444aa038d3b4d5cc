import { graphTime, webUrl } from "./answers.ts";
import type { Call } from "./call.ts";
import type { Field } from "./field-list.ts";
import type { FieldTable, Project } from "./field-table.ts";
import type { Comment } from "./model.ts";
import type { World } from "./world.ts";

/** Comments directly under an object or, with its id, under a comment; oldest first. */
export const commentsUnder = (world: World, id: string): readonly Comment[] =>
  [...world.data.comments.values()].filter(
    (comment) =>
      !comment.deleted && (comment.parentId === undefined ? comment.objectId === id : comment.parentId === id),
  );

/** `comments.summary(true).limit(0)` on a post (meta.md §10). */
export function commentsOf(call: Call, id: string, field: Field, project: Project): unknown {
  const all = commentsUnder(call.world, id);
  const limit = Number(field.modifiers.limit ?? 25);
  return {
    data: all.slice(0, limit).map((comment) => project(call, { type: "comment", value: comment }, field.fields)),
    ...(field.modifiers.summary === undefined
      ? {}
      : { summary: { order: "chronological", total_count: all.length, can_comment: true } }),
  };
}

/** Facebook comment fields (§9). */
export const commentFields: FieldTable<Comment> = {
  id: (_call, comment) => comment.id,
  message: (_call, comment) => comment.message,
  created_time: (_call, comment) => graphTime(comment.createdAt),
  from: (_call, comment) => comment.from,
  is_hidden: (_call, comment) => comment.hidden,
  can_hide: () => true,
  can_reply_privately: (_call, comment) => !comment.answeredPrivately,
  like_count: () => 0,
  comment_count: (call, comment) => commentsUnder(call.world, comment.id).length,
  parent: (_call, comment) => (comment.parentId === undefined ? undefined : { id: comment.parentId }),
  permalink_url: (_call, comment) => webUrl("www.facebook.com", `/${comment.objectId}?comment_id=${comment.id}`),
};
