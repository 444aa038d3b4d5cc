import {
  bool,
  edgeField,
  type Field,
  graphTime,
  instantMs,
  modifiersOf,
  oneOf,
  type Params,
} from "@postd/connector-kit/simulator/graph";
import { webUrl } from "./answers.ts";
import type { Answer, Call } from "./call.ts";
import type { FieldTable, Project } from "./field-table.ts";
import type { Comment } from "./model.ts";
import { ownerOf } from "./node.ts";
import type { World } from "./world.ts";

/** Comments directly under an object or, with its id, under a comment; oldest first. */
export const commentsUnder = (world: World, id: string): readonly Comment[] =>
  world.data.comments.all((comment) =>
    comment.parentId === undefined ? comment.objectId === id : comment.parentId === id,
  );

/** A new comment, stored. */
export function makeComment(
  world: World,
  given: Pick<Comment, "network" | "objectId" | "message" | "from"> & Partial<Comment>,
): Comment {
  const { network, objectId } = given;
  const id = network === "instagram" ? world.newId("17") : `${objectId.split("_").at(-1)}_${world.newId("18")}`;
  const state = { createdAt: world.nowMs(), hidden: false, answeredPrivately: false, likedBy: new Set<string>() };
  const comment: Comment = { id, ...state, isUnnamed: false, cannot: [], ...given };
  world.data.comments.put(comment);
  return comment;
}

/** A comment goes with everything written below it. */
export function removeComment(world: World, { id }: Comment): void {
  for (const each of [id, ...below(world, id).map((comment) => comment.id)]) world.data.comments.remove(each);
}

/** The Page the comment was written to; only its token reaches it. */
export const pageOfComment = (world: World, comment: Comment): string =>
  ownerOf(world, { type: "comment", value: comment }) ?? "";

/**
 * Comments of a Facebook object as its list asks for them (meta.md §9): `filter` toplevel or, with replies among them, stream; `order`;
 * `since`, which keeps those from then on.
 */
export function wantedComments(call: Call, id: string, params: Params): readonly Comment[] {
  const isStream = oneOf(params, "filter", ["toplevel", "stream"]) === "stream";
  const since = instantMs(params, "since", call.nowMs) ?? 0;
  const all = isStream ? below(call.world, id) : commentsUnder(call.world, id);
  const found = all.filter((comment) => comment.createdAt >= since);
  return orderOf(params) === "reverse_chronological" ? found.reverse() : found;
}

/** Comments and their replies in one row, oldest first. */
const below = (world: World, id: string): readonly Comment[] => {
  const ids = new Set([id]);
  return world.data.comments.all((comment) => {
    const isBelow = ids.has(comment.objectId) || ids.has(comment.parentId ?? "");
    if (isBelow) ids.add(comment.id);
    return isBelow;
  });
};

const orderOf = (params: Params) =>
  oneOf(params, "order", ["chronological", "reverse_chronological"]) ?? "chronological";

/** `summary(true)` and `summary=1` add the number of all of them (§1b). */
export const commentSummary = (params: Params, comments: readonly Comment[]): Answer =>
  bool(params, "summary")
    ? { summary: { order: orderOf(params), total_count: comments.length, can_comment: true } }
    : {};

/** `comments` inside the fields of a post, photo, video or comment (§1b, §10). */
export function commentsOf(call: Call, id: string, field: Field, project: Project): Answer {
  const params = modifiersOf(field);
  const all = wantedComments(call, id, params);
  const render = (comment: Comment) => project(call, { type: "comment", value: comment }, field.fields);
  return { ...edgeField(call, field, { id, edge: "comments" }, all, render), ...commentSummary(params, all) };
}

/** `comments` of Instagram media and `replies` of a comment inside fields (§9). */
export function igCommentsOf(call: Call, id: string, field: Field, project: Project): Answer {
  const type = call.host === "graph.instagram.com" ? "igCommentOnly" : "igComment";
  const render = (comment: Comment) => project(call, { type, value: comment }, field.fields);
  return edgeField(call, field, { id, edge: field.name }, instagramComments(call.world, id), render);
}

/** Instagram takes no `order` and the sheet names none: oldest first, or where a test says so the other way round. */
export function instagramComments(world: World, id: string): readonly Comment[] {
  const all = commentsUnder(world, id);
  return world.data.settings.newestCommentsFirst ? all.toReversed() : all;
}

/** Facebook comment fields (§9). */
export const commentFields: FieldTable<Comment> = {
  id: (_call, comment) => comment.id,
  message: (_call, comment) => comment.message,
  created_time: (_call, comment) => graphTime(comment.createdAt),
  from: (_call, comment) => (comment.isUnnamed ? undefined : comment.from),
  is_hidden: (_call, comment) => comment.hidden,
  can_hide: (_call, comment) => !comment.cannot.includes("hide"),
  can_like: (_call, comment) => !comment.cannot.includes("like"),
  can_comment: (_call, comment) => !comment.cannot.includes("comment"),
  user_likes: (call, comment) => comment.likedBy.has(pageOfComment(call.world, comment)),
  can_reply_privately: (_call, comment) => !comment.answeredPrivately,
  like_count: (_call, comment) => comment.likedBy.size,
  comment_count: (call, comment) => commentsUnder(call.world, comment.id).length,
  comments: (call, comment, field, project) => commentsOf(call, comment.id, field, project),
  parent: (_call, comment) => (comment.parentId === undefined ? undefined : { id: comment.parentId }),
  object: (_call, comment) => ({ id: comment.objectId }),
  permalink_url: (_call, comment) => webUrl("www.facebook.com", `/${comment.objectId}?comment_id=${comment.id}`),
};
