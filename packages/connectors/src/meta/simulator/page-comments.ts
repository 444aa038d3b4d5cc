import {
  bool,
  GraphError,
  invalidParameter,
  jsonParam,
  missingObject,
  page as pageOf,
  requestedFields,
  requiredText,
} from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { type Answer, type Call, type Operation, operation, success } from "./call.ts";
import { commentSummary, makeComment, pageOfComment, removeComment, wantedComments } from "./comment-fields.ts";
import { project, readBack } from "./fields.ts";
import type { Comment, CommentDeed, Page } from "./model.ts";
import { facebookNode, ownerOf } from "./node.ts";
import { emitPageComment } from "./webhooks.ts";

const listParams = ["filter", "live_filter", "order", "since"];
const writeParams = ["message", "attachment_url", "attachment_id"];

function list(call: Call, id: string): Answer {
  const comments = wantedComments(call, id, call.params);
  const render = (comment: Comment) => project(call, { type: "comment", value: comment }, requestedFields(call));
  return { ...pageOf(call, comments, render), ...commentSummary(call.params, comments) };
}

/** A comment of the Page itself; also the "first comment" after publishing (meta.md §9). */
function write(
  call: Call,
  target: { readonly objectId: string; readonly pageId: string; readonly parentId?: string },
): Answer {
  const message = call.params.text("message") ?? "";
  const attachment = call.params.text("attachment_url") ?? call.params.text("attachment_id");
  if (message === "" && attachment === undefined) throw invalidParameter("A comment needs message or an attachment");
  const comment = makeComment(call.world, {
    network: "facebook",
    objectId: target.objectId,
    ...(target.parentId === undefined ? {} : { parentId: target.parentId }),
    message,
    ...(attachment === undefined ? {} : { attachment }),
    from: { id: target.pageId, name: call.world.data.pages.get(target.pageId)?.name ?? "" },
  });
  emitPageComment(call.world, target.pageId, comment, "add");
  return readBack(call, { type: "comment", value: comment }, { id: comment.id });
}

/** What the fields `can_...` deny is a permission the Page does not have (§12). */
function refuseDenied(comment: Comment, deed: CommentDeed): void {
  if (comment.cannot.includes(deed))
    throw new GraphError({ code: 200, message: `(#200) The Page cannot ${deed} this comment` });
}

/** The Page likes a comment or takes the like back; both may be said twice. */
function like(call: Call, comment: Comment, isLiked: boolean): Answer {
  refuseDenied(comment, "like");
  const pageId = pageOfComment(call.world, comment);
  if (isLiked) comment.likedBy.add(pageId);
  else comment.likedBy.delete(pageId);
  return success;
}

const reading = { scopes: ["pages_read_user_content"] };
const engaging = { scopes: ["pages_manage_engagement"] };

/** Comments on posts, photos, videos and comments: permissions of §3a, calls of §9. */
export const pageCommentOperations: readonly Operation[] = [
  ...(["post", "photo", "video"] as const).flatMap((type) => [
    operation(type, "GET", "comments", { ...reading, params: listParams }, (call, { id }) => list(call, id)),
    operation(type, "POST", "comments", { ...engaging, params: writeParams }, (call, { id, pageId }) =>
      write(call, { objectId: id, pageId }),
    ),
  ]),
  operation("comment", "GET", "comments", { ...reading, params: listParams }, (call, { id }) => list(call, id)),
  operation("comment", "POST", "comments", { ...engaging, params: writeParams }, (call, comment) => {
    refuseDenied(comment, "comment");
    const pageId = pageOfComment(call.world, comment);
    return write(call, { objectId: comment.objectId, pageId, parentId: comment.id });
  }),
  operation("comment", "POST", "likes", engaging, (call, comment) => like(call, comment, true)),
  operation("comment", "DELETE", "likes", engaging, (call, comment) => like(call, comment, false)),
  operation("comment", "GET", "", reading, (call, comment) =>
    project(call, { type: "comment", value: comment }, requestedFields(call)),
  ),
  operation("comment", "POST", "", { ...engaging, params: ["is_hidden", "message"] }, (call, comment) => {
    const isHidden = bool(call.params, "is_hidden");
    const message = call.params.text("message");
    if (isHidden === undefined && message === undefined) throw invalidParameter("Nothing to update");
    if (message !== undefined) comment.message = message;
    if (isHidden !== undefined) {
      refuseDenied(comment, "hide");
      comment.hidden = isHidden;
      emitPageComment(call.world, pageOfComment(call.world, comment), comment, isHidden ? "hide" : "unhide");
    }
    return success;
  }),
  operation("comment", "DELETE", "", engaging, (call, comment) => {
    removeComment(call.world, comment);
    emitPageComment(call.world, pageOfComment(call.world, comment), comment, "remove");
    return success;
  }),
  operation(
    "page",
    "POST",
    "messages",
    { scopes: ["pages_messaging"], params: ["recipient", "message", "messaging_type"] },
    privateReply,
  ),
];

const Recipient = z.strictObject({ comment_id: z.string() });
const Message = z.strictObject({ text: z.string().min(1) });
const privateReplyMs = 7 * 86_400_000;

/** POST /{page}/messages to a comment's author: once, within seven days (§9). */
function privateReply(call: Call, page: Page): Answer {
  requiredText(call.params, "recipient");
  const recipient = jsonParam(call.params, "recipient", Recipient, '{"comment_id": "..."}');
  requiredText(call.params, "message");
  jsonParam(call.params, "message", Message, '{"text": "..."}');
  const id = recipient?.comment_id ?? "";
  const node = facebookNode(call.world, id);
  if (node?.type !== "comment" || ownerOf(call.world, node) !== page.id) throw missingObject(id, "post");
  if (node.value.answeredPrivately) throw invalidParameter("A private reply to this comment was already sent");
  if (node.value.createdAt + privateReplyMs < call.nowMs)
    throw invalidParameter("A private reply must be sent within 7 days");
  node.value.answeredPrivately = true;
  return { recipient_id: node.value.from.id, message_id: `m_${call.world.env.randomId()}` };
}
