import {
  type ConnectorContext,
  type OutgoingPost,
  type PlatformResult,
  type PublishedRef,
  unlessGone,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { api } from "./api.ts";
import { commentaryOf } from "./little-text.ts";

/** The words may be changed, what is shown with them may not; names go on leading where they led. Gone is told as such. */
export async function editText(
  ref: PublishedRef,
  { text, mentions }: Pick<OutgoingPost, "text" | "mentions">,
  ctx: ConnectorContext,
): PlatformResult<undefined> {
  const sent = await api.send(ctx, {
    method: "POST",
    path: ["posts", ref.externalId],
    headers: { "x-restli-method": "PARTIAL_UPDATE" },
    json: { patch: { $set: { commentary: commentaryOf({ text, ...(mentions && { mentions }) }) } } },
    about: "object",
    did: "change the post",
  });
  return sent.ok ? ok(undefined) : sent;
}

/** Deleting is without effect where the post is gone. */
export async function removePost({ externalId }: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const path = ["posts", externalId];
  return unlessGone(await api.send(ctx, { method: "DELETE", path, about: "object", did: "remove the post" }));
}
