import {
  type ConnectorContext,
  type OutgoingPost,
  type PlatformResult,
  type PublishedRef,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, PostUrn, permalinkOf } from "./api.ts";
import { commentaryOf, plainOf } from "./little-text.ts";
import { Listed } from "./publish.ts";

/** The words may be changed, what is shown with them may not; names go on leading where they led. Gone is told as such. */
export async function editText(
  ref: PublishedRef,
  { text, mentions }: Pick<OutgoingPost, "text" | "mentions">,
  ctx: ConnectorContext,
): PlatformResult<void> {
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
export async function removePost(ref: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const sent = await api.send(ctx, {
    method: "DELETE",
    path: ["posts", ref.externalId],
    about: "object",
    did: "remove the post",
  });
  return sent.ok || sent.error.status === 404 ? ok(undefined) : sent;
}

const Read = Listed.extend({ author: z.string() });

/** A post by its URN or address; a member's posts no app may read. */
export async function lookUp(
  named: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined> {
  const urn = PostUrn.safeParse(
    named.externalId ??
      /urn:li:(?:share|ugcPost|activity):\d+/.exec(decodeURIComponentSafely(named.permalink ?? ""))?.[0],
  ).data;
  if (!urn) return ok(undefined);
  if (ctx.account.kind !== "page")
    return fail({
      kind: "scope_missing",
      scopes: ["r_member_social"],
      message: "LinkedIn lets no app read a member's posts, so POSTD cannot look this one up.",
    });
  const got = await api.read(
    ctx,
    { method: "GET", path: `posts/${encodeURIComponent(urn)}?viewContext=AUTHOR`, about: "object" },
    Read,
  );
  if (!got.ok) return got.error.status === 404 ? ok(undefined) : got;
  if (got.value.author !== authorOf(ctx)) return ok(undefined);
  const words = plainOf(got.value.commentary ?? "");
  return ok({ externalId: urn, permalink: permalinkOf(urn), ...(words && { preview: truncateGraphemes(words, 200) }) });
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
