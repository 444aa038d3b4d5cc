import {
  bool,
  invalidParameter,
  missingObject,
  page as pageOf,
  requestedFields,
  requiredText,
} from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, onBothHosts, success, typeHere } from "./call.ts";
import { instagramComments, makeComment, removeComment } from "./comment-fields.ts";
import { project } from "./fields.ts";
import type { IgMedia } from "./model.ts";
import { emitInstagramComment } from "./webhooks.ts";

const maxCommentChars = 300;

const list = (call: Call, id: string): Answer =>
  pageOf(call, instagramComments(call.world, id), (comment) =>
    project(call, { type: typeHere(call, "igComment"), value: comment }, requestedFields(call)),
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
  if (media === undefined) throw missingObject(id, "post");
  return media;
}

const scopes = ["instagram_manage_comments"];
const writing = { scopes, params: ["message"] };

export const instagramCommentOperations: readonly Operation[] = [
  ...onBothHosts("igMedia", "GET", "comments", { scopes }, (call, { id }) => list(call, id)),
  ...onBothHosts("igMedia", "POST", "comments", writing, (call, media) => write(call, media)),
  ...onBothHosts("igComment", "GET", "replies", { scopes }, (call, { id }) => list(call, id)),
  ...onBothHosts("igComment", "POST", "replies", writing, (call, { id, objectId, parentId }) =>
    write(call, mediaOf(call, objectId), parentId ?? id),
  ),
  ...onBothHosts("igComment", "GET", "", { scopes }, (call, value) =>
    project(call, { type: typeHere(call, "igComment"), value }, requestedFields(call)),
  ),
  ...onBothHosts("igComment", "POST", "", { scopes, params: ["hide"] }, (call, comment) => {
    const hide = bool(call.params, "hide");
    if (hide === undefined) throw invalidParameter("The parameter hide is required");
    comment.hidden = hide;
    return success;
  }),
  ...onBothHosts("igComment", "DELETE", "", { scopes }, ({ world }, comment) => {
    removeComment(world, comment);
    return success;
  }),
];
