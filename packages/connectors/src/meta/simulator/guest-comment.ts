import { z } from "zod";
import { makeComment } from "./comment-fields.ts";
import { type Comment, commentDeeds } from "./model.ts";
import { facebookNode, ownerOf } from "./node.ts";
import { emitInstagramComment, emitPageComment } from "./webhooks.ts";
import type { World } from "./world.ts";

export const GuestComment = z.strictObject({
  objectId: z.string(),
  text: z.string(),
  name: z.string().default("Mara Lind"),
  authorId: z.string().exactOptional(),
  /** `from` and `username` of others may be absent (meta.md §9). */
  isUnnamed: z.boolean().default(false),
  cannot: z.array(z.enum(commentDeeds)).default([]),
});

/** A comment written outside the API, and told to who subscribed. */
export function commentAsGuest(world: World, input: z.output<typeof GuestComment>): Comment {
  const { objectId, text: message, isUnnamed, cannot } = input;
  const comment = makeComment(world, {
    ...targetOf(world, objectId),
    message,
    isUnnamed,
    cannot,
    from: author(world, input),
  });
  if (comment.network === "instagram") emitInstagramComment(world, comment);
  else emitPageComment(world, ownerOf(world, { type: "comment", value: comment }) ?? "", comment, "add");
  return comment;
}

/** What is commented on. Instagram's answers nest one level: an answer to an answer stands under the same comment. */
function targetOf(world: World, id: string): Pick<Comment, "network" | "objectId" | "parentId"> {
  const { comments, igMedia } = world.data;
  const comment = comments.get(id);
  if (comment !== undefined) {
    const { network, objectId, parentId } = comment;
    return { network, objectId, parentId: network === "instagram" ? (parentId ?? id) : id };
  }
  if (igMedia.get(id) !== undefined) return { network: "instagram", objectId: id };
  if (!["post", "photo", "video"].includes(facebookNode(world, id)?.type ?? "")) throw new RangeError(`no post ${id}`);
  return { network: "facebook", objectId: id };
}

function author({ data, newId }: World, { authorId, name }: z.output<typeof GuestComment>): Comment["from"] {
  const own = data.pages.get(authorId ?? "")?.name ?? data.igAccounts.get(authorId ?? "")?.username;
  const known = data.comments.find(({ from }) => from.name === name)?.from.id;
  return { id: authorId ?? known ?? newId("3"), name: own ?? name };
}
