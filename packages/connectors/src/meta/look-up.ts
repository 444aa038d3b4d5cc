import {
  type ConnectorContext,
  GraphId,
  type PlatformResult,
  type PublishedRef,
  type Publishing,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { VideoStatus, videoStage } from "./facebook/video-status.ts";
import { meaningOf } from "./failures.ts";
import { graph } from "./graph.ts";
import { hostFor, webAddress } from "./graph-url.ts";

const Address = z.string().transform(webAddress).optional().catch(undefined);
const FacebookPost = z.object({ id: GraphId, permalink_url: Address, is_published: z.boolean().optional() });
const Owned = z.object({ id: GraphId });
/** @source specs/meta AdVideo, the node of every video (`from`) */
const FacebookVideo = z.object({ id: GraphId, permalink_url: Address, from: Owned, status: VideoStatus.optional() });
const InstagramMedia = z.object({ id: GraphId, permalink: Address, owner: Owned.optional() });
const InstagramOwned = InstagramMedia.required({ owner: true });
const Rows = z.object({ data: z.array(z.unknown()) });

/**
 * One read of the account's token; undefined where there is no such object, or it is not the account's. Meta says the
 * same of what is gone and of what this sign-in may not see, so the account itself is read before it is believed.
 * @source platforms/meta.md section 12 (100/33, 803)
 */
async function read<T extends z.ZodType>(
  ctx: ConnectorContext,
  path: readonly string[],
  params: Readonly<Record<string, string | number>>,
  answer: T,
): PlatformResult<z.output<T> | undefined> {
  const found = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path,
    params,
    answer,
    effect: "none",
    about: "object",
  });
  if (found.ok || meaningOf(found.error) !== "missing") return found;
  const account = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId],
    params: { fields: "id" },
    answer: Owned,
    effect: "none",
  });
  return account.ok ? ok(undefined) : account;
}

const sameAddress = (a: string | undefined, b: string | undefined): boolean => {
  const plain = (address: string) => address.replace(/[?#].*$/, "").replace(/\/+$/, "");
  return a !== undefined && b !== undefined && plain(a) === plain(b);
};

/**
 * A Page's post by its id, `<page>_<post>`, or by its address among the newest 100; one that is not out is not there.
 * @source platforms/meta.md section 4 (post ids) and specs/meta PagePost
 */
export const lookUpFacebook: NonNullable<Publishing["lookUp"]> = async ({ externalId, permalink }, ctx) => {
  const fields = "id,permalink_url,is_published";
  const page = ctx.account.externalId;
  if (externalId !== undefined && /^\d+(_\d+)?$/.test(externalId)) {
    const id = externalId.includes("_") ? externalId : `${page}_${externalId}`;
    if (!id.startsWith(`${page}_`)) return ok(undefined);
    const found = await read(ctx, [id], { fields }, FacebookPost);
    if (!found.ok) return found;
    return found.value || externalId.includes("_") ? ok(refOf(found.value)) : lookUpVideo(externalId, ctx);
  }
  const address = permalink ?? externalId;
  const list = await read(ctx, [page, "feed"], { fields, limit: 100 }, Rows);
  if (!list.ok) return list;
  const rows = (list.value?.data ?? []).flatMap((row) => FacebookPost.safeParse(row).data ?? []);
  return ok(refOf(rows.find((row) => sameAddress(row.permalink_url, address))));
};

/** A video's number stands alone, and leads to no post. One that was not to come out yet is not there. */
async function lookUpVideo(id: string, ctx: ConnectorContext): PlatformResult<PublishedRef | undefined> {
  const found = await read(ctx, [id], { fields: "id,permalink_url,from,status" }, FacebookVideo);
  if (!found.ok) return found;
  const video = found.value;
  if (!video || video.from.id !== ctx.account.externalId) return ok(undefined);
  const stage = videoStage(video.status ?? {}).is;
  return ok(stage === "scheduled" || stage === "idle" ? undefined : refOf(video));
}

function refOf(post: z.output<typeof FacebookPost> | undefined): PublishedRef | undefined {
  if (!post || post.is_published === false) return undefined;
  return { externalId: post.id, ...(post.permalink_url ? { permalink: post.permalink_url } : {}) };
}

/** An account's media by its id or its address among the newest 100. @source specs/meta IGMedia, IGUser */
export const lookUpInstagram: NonNullable<Publishing["lookUp"]> = async ({ externalId, permalink }, ctx) => {
  const list = await read(ctx, [ctx.account.externalId, "media"], { fields: "id,permalink", limit: 100 }, Rows);
  if (!list.ok) return list;
  const rows = (list.value?.data ?? []).flatMap((row) => InstagramMedia.safeParse(row).data ?? []);
  const address = permalink ?? externalId;
  const media = rows.find((row) => row.id === externalId || sameAddress(row.permalink, address));
  if (media) return ok({ externalId: media.id, ...(media.permalink ? { permalink: media.permalink } : {}) });
  if (externalId === undefined || !/^\d+$/.test(externalId)) return ok(undefined);
  // Older than the list: its owner tells whose it is.
  const found = await read(ctx, [externalId], { fields: "id,permalink,owner" }, InstagramOwned);
  if (!found.ok) return found;
  if (found.value?.owner.id !== ctx.account.externalId) return ok(undefined);
  const { id, permalink: shown } = found.value;
  return ok({ externalId: id, ...(shown ? { permalink: shown } : {}) });
};
