import {
  type ConnectorContext,
  GraphId,
  GraphSuccess,
  graphInstant,
  type PlatformResult,
  type PublishedRef,
  type Publishing,
  type RecentPost,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { call, graphPage, scopes } from "./api.ts";
import { isMissing } from "./failures.ts";
import { isPostId } from "./options.ts";

const Ref = z.object({ id: GraphId }).optional().catch(undefined);
const Words = z.string().optional().catch(undefined);
/** What is left out is not known. @source platforms/threads.md sections 5 and 8 */
export const Media = z.object({
  id: GraphId,
  text: Words,
  timestamp: Words,
  permalink: z
    .url({ protocol: /^https$/ })
    .optional()
    .catch(undefined),
  media_type: Words,
  username: Words,
  owner: Ref,
  replied_to: Ref,
  root_post: z.object({ id: GraphId }).optional().catch(undefined),
  has_replies: z.boolean().optional().catch(undefined),
  is_reply_owned_by_me: z.boolean().optional().catch(undefined),
  hide_status: Words,
  profile_picture_url: Words,
  children: z
    .object({ data: z.array(z.unknown()) })
    .optional()
    .catch(undefined),
});
export type Media = z.output<typeof Media>;

export const POST_FIELDS = "id,text,timestamp,permalink,media_type,username,children";
export const REPLY_FIELDS = "id,text,timestamp,permalink,media_type,username,replied_to,root_post";

const typeOf: Readonly<Record<string, string>> = {
  text: "TEXT_POST",
  image: "IMAGE",
  video: "VIDEO",
  carousel: "CAROUSEL_ALBUM",
};
/** The format a live post has here; undefined: reposts and sound. */
export const formatOf = ({ media_type }: Media): string | undefined =>
  Object.entries(typeOf).find(([, type]) => type === media_type)?.[0];

const toRecent = ({ id, text = "", timestamp, permalink, children }: Media): RecentPost => ({
  externalId: id,
  text,
  createdAt: graphInstant(timestamp),
  mediaCount: children?.data.length,
  ...(permalink && { permalink }),
});

/** The account's newest posts of one format, or of any. */
export async function newestPosts(ctx: ConnectorContext, format?: string): PlatformResult<readonly RecentPost[]> {
  const read = await graphPage(ctx, ctx.credentials.accessToken, {
    path: [ctx.account.externalId, "threads"],
    params: { fields: POST_FIELDS, limit: 25 },
    row: Media,
    needs: [scopes.basic],
  });
  if (!read.ok) return read;
  // What Threads leaves out is not held against a post.
  const type = format === undefined ? undefined : typeOf[format];
  const fits = ({ media_type }: Media) => media_type === undefined || type === undefined || media_type === type;
  return ok(read.value.rows.filter(fits).map(toRecent));
}

/** The account's newest answers to one post; none where this sign-in may not list them. */
export async function newestReplies(ctx: ConnectorContext, to: string): PlatformResult<readonly RecentPost[]> {
  const read = await graphPage(ctx, ctx.credentials.accessToken, {
    path: [ctx.account.externalId, "replies"],
    params: { fields: REPLY_FIELDS, limit: 50 },
    row: Media,
    needs: [scopes.readReplies],
  });
  if (!read.ok) return read.error.kind === "scope_missing" ? ok([]) : read;
  return ok(read.value.rows.filter(({ replied_to }) => replied_to?.id === to).map(toRecent));
}

/** One post, as far as this account owns it; undefined: it is not there, or somebody else's. */
async function readOwn(ctx: ConnectorContext, id: string): PlatformResult<Media | undefined> {
  const read = await call(ctx, {
    method: "GET",
    path: [id],
    params: { fields: "id,text,permalink,username,owner" },
    answer: Media,
    about: "object",
    needs: [scopes.basic],
  });
  if (!read.ok) return isMissing(read.error) ? afterLook(ctx) : read;
  const { owner, username } = read.value;
  // That the owner's id is the one the account has here is not documented; its name is its own.
  const isOwn = owner?.id === ctx.account.externalId || (username !== undefined && username === ctx.account.handle);
  return ok(isOwn ? read.value : undefined);
}

/** Meta says the same of what is gone and of what this sign-in may not see, so the account is read before it is believed. */
async function afterLook(ctx: ConnectorContext): PlatformResult<undefined> {
  const account = await call(ctx, {
    method: "GET",
    path: ["me"],
    params: { fields: "id" },
    answer: z.object({ id: GraphId }),
    effect: "none",
  });
  return account.ok ? ok(undefined) : account;
}

/** The address of a live post; undefined where Threads does not tell it now. */
export async function permalinkOf(ctx: ConnectorContext, id: string): Promise<string | undefined> {
  const params = { fields: "id,permalink" };
  const read = await call(ctx, { method: "GET", path: [id], params, answer: Media, about: "object" });
  return read.ok ? read.value.permalink : undefined;
}

const shown = ({ id, permalink, text = "" }: Media): PublishedRef & { readonly preview?: string } => {
  const preview = truncateGraphemes(text, 200);
  return { externalId: id, ...(permalink && { permalink }), ...(preview && { preview }) };
};

const pathOf = (address: string | undefined): string | undefined =>
  address !== undefined && URL.canParse(address) ? new URL(address).pathname.replace(/\/$/, "") : undefined;

/** A post by its id, answers included, or by its address among the newest 100. */
export const lookUp: NonNullable<Publishing["lookUp"]> = async ({ externalId, permalink }, ctx) => {
  if (externalId !== undefined && isPostId(externalId)) {
    const found = await readOwn(ctx, externalId);
    return found.ok ? ok(found.value && shown(found.value)) : found;
  }
  const wanted = pathOf(permalink ?? externalId);
  if (wanted === undefined) return ok(undefined);
  const read = await graphPage(ctx, ctx.credentials.accessToken, {
    path: [ctx.account.externalId, "threads"],
    params: { fields: POST_FIELDS, limit: 100 },
    row: Media,
    needs: [scopes.basic],
  });
  if (!read.ok) return read;
  const found = read.value.rows.find((media) => pathOf(media.permalink) === wanted);
  return ok(found && shown(found));
};

type Made = PublishedRef & { readonly state?: JsonObject };
const Kept = z.object({ ids: z.array(z.string()), isUnnamed: z.boolean().optional() });

/** Everything a job made. Whether answers go with the post they answer is not documented, so each is deleted by itself. */
export function partsOf({ externalId, permalink, state }: Made): readonly PublishedRef[] {
  const ids = Kept.safeParse(state).data?.ids ?? [];
  const [, ...further] = ids[0] === externalId ? ids : [externalId];
  return [{ externalId, ...(permalink && { permalink }) }, ...further.map((id) => ({ externalId: id }))];
}

/** Deletes a post with its further parts, the last one first; what is gone already counts as deleted. */
export async function removePost(ref: Made, ctx: ConnectorContext): PlatformResult<void> {
  if (Kept.safeParse(ref.state).data?.isUnnamed)
    return fail({
      kind: "content_rejected",
      field: "post",
      reason: "unnamed",
      message:
        "Threads never named this post or a part of it, so POSTD cannot delete it. Delete it in the Threads app.",
    });
  for (const { externalId } of partsOf(ref).toReversed()) {
    const gone = await call(ctx, {
      method: "DELETE",
      path: [externalId],
      answer: GraphSuccess,
      about: "object",
      did: "delete the post",
      needs: [scopes.remove],
    });
    if (!gone.ok && !isMissing(gone.error)) return gone;
    const seen = gone.ok ? gone : await afterLook(ctx);
    if (!seen.ok) return seen;
  }
  return ok(undefined);
}
