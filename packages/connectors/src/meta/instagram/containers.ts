import {
  type ConnectorContext,
  GraphNode,
  type MediaInfo,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  platformWords,
} from "@postd/connector-kit";
import { asId, fail, ok } from "@postd/contracts";
import { z } from "zod";
import { meaningOf, statusTextFailure } from "../failures.ts";
import { graph } from "../graph.ts";
import { hostFor } from "../graph-url.ts";
import { type InstagramOptions, instagramOptions } from "../options.ts";
import { instagramNeeds } from "../scopes.ts";

type Params = Readonly<Record<string, string | number | boolean | undefined>>;

const at = (username: string): string => username.replace(/^@/, "");

/** Tags of one item; people in a video have no place in it. @source platforms/meta.md section 6 */
function userTags(options: InstagramOptions, item: MediaInfo, index: number): string | undefined {
  const tags = (options.userTags ?? []).filter((tag) => (tag.item ?? 0) === index);
  if (tags.length === 0) return undefined;
  const place = (tag: (typeof tags)[number]) => (item.kind === "image" ? { x: tag.x ?? 0.5, y: tag.y ?? 0.5 } : {});
  return JSON.stringify(tags.map((tag) => ({ username: at(tag.username), ...place(tag) })));
}

/**
 * Products of the shop's catalogue, on a single picture. Instagram takes name, price and address from the catalogue.
 * @source platforms/meta.md section 6, table; the keys of an entry are as those of `user_tags` there (UNVERIFIED)
 */
const productTags = ({ productTags: tags = [] }: OutgoingPost): string | undefined =>
  tags.length === 0
    ? undefined
    : JSON.stringify(tags.map(({ productId, position: { x, y } }) => ({ product_id: productId, x, y })));

const shared = (options: InstagramOptions): Params => ({
  collaborators: options.collaborators?.length ? JSON.stringify(options.collaborators.map(at)) : undefined,
  location_id: options.locationId,
  is_ai_generated: options.isAiGenerated,
});

/** Parameters of the container that becomes the post, without addresses of media. Pure. */
export function postParams(post: OutgoingPost, childIds: readonly string[]): Params {
  const options = instagramOptions(post.options);
  const item = post.media[0];
  const caption = post.text || undefined;
  if (!item || post.format === "story") return { media_type: "STORIES" };
  const tags = userTags(options, item, 0);
  if (post.format === "carousel")
    return { media_type: "CAROUSEL", children: childIds.join(","), caption, ...shared(options) };
  if (post.format === "reel")
    return {
      media_type: "REELS",
      caption,
      share_to_feed: options.shareToFeed,
      thumb_offset: options.coverMediaId ? undefined : options.thumbOffsetMs,
      user_tags: tags,
      ...shared(options),
    };
  return {
    caption,
    alt_text: item.altText || undefined,
    user_tags: tags,
    product_tags: productTags(post),
    ...shared(options),
  };
}

/** Parameters of one carousel item, without its address. Pure. */
export function childParams(post: OutgoingPost, index: number): Params {
  const item = post.media[index];
  if (!item) return {};
  const image = item.kind === "image";
  return {
    is_carousel_item: true,
    media_type: image ? undefined : "VIDEO",
    alt_text: image ? item.altText || undefined : undefined,
    user_tags: userTags(instagramOptions(post.options), item, index),
  };
}

const address = async (ctx: ConnectorContext, item: MediaInfo | undefined): Promise<Params> =>
  item ? { [item.kind === "video" ? "video_url" : "image_url"]: await ctx.media.publicUrl(item.id) } : {};

/** Makes one container. Instagram fetches the file from our signed public address, which is stored nowhere. */
async function makeContainer(ctx: ConnectorContext, params: Params, field: string): PlatformResult<string> {
  const made = await graph(ctx, ctx.credentials.accessToken, {
    method: "POST",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "media"],
    params,
    answer: GraphNode,
    needs: instagramNeeds(ctx.account.authKind, "publish"),
    field,
    timeoutMs: 60_000,
  });
  return made.ok ? ok(made.value.id) : made;
}

export async function makeChild(ctx: ConnectorContext, post: OutgoingPost, index: number): PlatformResult<string> {
  const params = { ...childParams(post, index), ...(await address(ctx, post.media[index])) };
  return makeContainer(ctx, params, `media.${index}`);
}

export async function makePost(
  ctx: ConnectorContext,
  post: OutgoingPost,
  childIds: readonly string[],
): PlatformResult<string> {
  const media = post.format === "carousel" ? {} : await address(ctx, post.media[0]);
  const coverId = post.format === "reel" ? instagramOptions(post.options).coverMediaId : undefined;
  const cover = coverId ? { cover_url: await ctx.media.publicUrl(asId("media", coverId)) } : {};
  const made = await makeContainer(ctx, { ...postParams(post, childIds), ...media, ...cover }, "media");
  return made.ok || post.format !== "story" ? made : fail(storyFailure(ctx, made.error));
}

/**
 * Not every Creator account may publish stories. With the permission granted a refusal is final for this post and says
 * nothing about the connection.
 * @source platforms/meta.md section 6, table, Story
 */
function storyFailure({ account, credentials }: ConnectorContext, refused: PlatformFailure): PlatformFailure {
  if (refused.kind !== "scope_missing") return refused;
  const granted = instagramNeeds(account.authKind, "publish").every((it) => credentials.scopes?.includes(it) ?? true);
  if (!granted) return refused;
  const message = "Instagram does not let this account publish stories. Choose another format, or a Business account.";
  return { ...refused, kind: "content_rejected", field: "format", reason: "permission", message };
}

export type ContainerStage =
  | { readonly is: "working" | "finished" | "published" | "expired" | "gone" }
  | { readonly is: "broken"; readonly failure: PlatformFailure; readonly remake: boolean };

const Status = z.object({ status_code: z.string().optional(), status: z.string().optional() });

/** A status code nobody has documented is taken as "still at it". @source platforms/meta.md section 6 */
export async function containerStage(
  ctx: ConnectorContext,
  containerId: string,
  mayWait = false,
): PlatformResult<ContainerStage> {
  const read = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    host: hostFor(ctx.account),
    path: [containerId],
    params: { fields: "status_code,status" },
    answer: Status,
    effect: "none",
    about: "object",
    needs: instagramNeeds(ctx.account.authKind, "publish"),
    field: "media",
    mayWait,
  });
  if (!read.ok) {
    const meaning = meaningOf(read.error);
    return meaning === "missing" || meaning === "recreate" ? ok({ is: "gone" }) : fail(read.error);
  }
  const { status_code, status } = read.value;
  if (status_code === "FINISHED") return ok({ is: "finished" });
  if (status_code === "PUBLISHED") return ok({ is: "published" });
  if (status_code === "EXPIRED") return ok({ is: "expired" });
  if (status_code !== "ERROR") return ok({ is: "working" });
  return ok({ is: "broken", ...brokenContainer(ctx, status) });
}

/** A broken container is made anew where the cause may pass: Meta's own trouble, a download that failed, no cause given. */
function brokenContainer(
  ctx: ConnectorContext,
  status: string | undefined,
): { failure: PlatformFailure; remake: boolean } {
  const known = statusTextFailure(status, { clock: ctx.clock, about: "object", field: "media" });
  const fetchFailed = known?.platformCode === "status/2207052";
  return {
    failure: known ?? {
      kind: "content_rejected",
      field: "media",
      reason: "processing",
      message: platformWords(status) || "Instagram could not process the media.",
    },
    remake: known === undefined || known.kind === "unavailable" || fetchFailed,
  };
}
