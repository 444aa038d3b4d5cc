import { page as pageOf } from "./answers.ts";
import { type Answer, type Call, type Operation, operationOn, success } from "./call.ts";
import { commentsUnder, makeComment } from "./comment-fields.ts";
import { project, requestedFields } from "./fields.ts";
import { invalidParameter, missingObject } from "./graph-error.ts";
import type { IgMedia } from "./model.ts";
import { bool, requiredText } from "./params.ts";
import { emitInstagramComment } from "./webhooks.ts";

const maxCommentChars = 300;

const typeOn = (call: Call) => (call.host === "graph.instagram.com" ? "igCommentOnly" : "igComment");

const list = (call: Call, id: string): Answer =>
  pageOf(call, commentsUnder(call.world, id), (comment) =>
    project(call, { type: typeOn(call), value: comment }, requestedFields(call)),
  );

/** A comment written by the account itself (meta.md §9); 300 characters is unverified there and taken as the limit. */
function write(call: Call, media: IgMedia, parentId?: string): Answer {
  const message = requiredText(call.params, "message");
  if (message.length > maxCommentChars) throw invalidParameter(`A comment may have ${maxCommentChars} characters`);
  if (!media.commentEnabled) throw invalidParameter("Comments are switched off for this media");
  const comment = makeComment(call.world, {
    network: "instagram",
    objectId: media.id,
    ...(parentId === undefined ? {} : { parentId }),
    message,
    from: { id: media.igId, name: call.world.data.igAccounts.get(media.igId)?.username ?? "" },
  });
  emitInstagramComment(call.world, comment);
  return { id: comment.id };
}

function mediaOf(call: Call, id: string): IgMedia {
  const media = call.world.data.igMedia.get(id);
  if (media === undefined || media.deleted) throw missingObject(id, "post");
  return media;
}

const hosts = [
  {
    account: "igUser",
    media: "igMedia",
    comment: "igComment",
    tokens: ["page", "user"],
    scopes: ["instagram_basic", "instagram_manage_comments"],
  },
  {
    account: "igUserOnly",
    media: "igMediaOnly",
    comment: "igCommentOnly",
    tokens: ["instagram"],
    scopes: ["instagram_business_basic", "instagram_business_manage_comments"],
  },
] as const;

export const instagramCommentOperations: readonly Operation[] = hosts.flatMap(
  ({ account, media, comment, tokens, scopes }) => [
    operationOn(media, {
      method: "GET",
      edge: "comments",
      params: [],
      scopes,
      tokens,
      run: (call, value) => list(call, value.id),
    }),
    operationOn(media, {
      method: "POST",
      edge: "comments",
      params: ["message"],
      scopes,
      tokens,
      run: (call, value) => write(call, value),
    }),
    operationOn(comment, {
      method: "GET",
      edge: "replies",
      params: [],
      scopes,
      tokens,
      run: (call, value) => list(call, value.id),
    }),
    operationOn(comment, {
      method: "POST",
      edge: "replies",
      params: ["message"],
      scopes,
      tokens,
      run: (call, value) => write(call, mediaOf(call, value.objectId), value.parentId ?? value.id),
    }),
    operationOn(comment, {
      method: "GET",
      edge: "",
      params: [],
      scopes,
      tokens,
      run: (call, value) => project(call, { type: comment, value }, requestedFields(call)),
    }),
    operationOn(comment, {
      method: "POST",
      edge: "",
      params: ["hide"],
      scopes,
      tokens,
      run(call, value) {
        const hide = bool(call.params, "hide");
        if (hide === undefined) throw invalidParameter("The parameter hide is required");
        value.hidden = hide;
        return success;
      },
    }),
    operationOn(comment, {
      method: "DELETE",
      edge: "",
      params: [],
      scopes,
      tokens,
      run(_call, value) {
        value.deleted = true;
        return success;
      },
    }),
    operationOn(account, {
      method: "POST",
      edge: "mentions",
      params: ["media_id", "comment_id", "message"],
      scopes,
      tokens,
      // An answer to a mention, as a comment under the media that mentions the account (§9).
      run: (call) => write(call, mediaOf(call, requiredText(call.params, "media_id")), call.params.text("comment_id")),
    }),
  ],
);
