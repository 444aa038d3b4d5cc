import { base64UrlEncode, hmacSha256 } from "@postd/connector-kit/simulator";
import { instagramApp, metaApp } from "./apps.ts";
import type { Comment, FbPost } from "./model.ts";
import type { World } from "./world.ts";

/**
 * Tells the app of a change, where it gave an address. Instagram Login payloads are keyed with the Instagram app secret,
 * one of the two keys §11 names.
 */
function tell(
  { hooks, data, nowMs }: World,
  object: "page" | "instagram",
  id: string,
  change: { readonly field: string; readonly value: Readonly<Record<string, unknown>> },
  secret: string = metaApp.app_secret,
): void {
  const address = data.settings.webhookUrl;
  const event = { object, entry: [{ id, time: seconds(nowMs()), changes: [change] }] };
  if (address !== undefined) hooks.send({ address, secret }, object, JSON.stringify(event));
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** The `feed` value of §11 for a post; only Pages subscribed to `feed` hear it. */
export function emitFeedChange(world: World, post: FbPost, verb: "add" | "edited" | "remove"): void {
  const item = { text: "status", photo: "photo", video: "video", reel: "video" }[post.kind];
  changePage(world, post.pageId, {
    item,
    verb,
    post_id: post.id,
    from: { id: post.pageId, name: world.data.pages.get(post.pageId)?.name ?? "" },
    ...(post.message === "" ? {} : { message: post.message }),
    created_time: seconds(post.liveAt ?? post.createdAt),
    published: post.state === "live" && verb !== "remove" ? 1 : 0,
  });
}

/** A comment on a Page's post, as a `feed` change (§11). */
export function emitPageComment(
  world: World,
  pageId: string,
  comment: Comment,
  verb: "add" | "edited" | "remove" | "hide" | "unhide",
): void {
  const { videos, photos } = world.data;
  const [video, photo] = [videos.get(comment.objectId), photos.get(comment.objectId)];
  const postId = (video ?? photo)?.postId ?? comment.objectId;
  changePage(world, pageId, {
    item: "comment",
    verb,
    comment_id: comment.id,
    post_id: postId,
    ...(video && { video_id: video.id }),
    ...(photo && { photo_id: photo.id }),
    parent_id: comment.parentId ?? postId,
    from: comment.from,
    message: comment.message,
    created_time: seconds(comment.createdAt),
  });
}

function changePage(world: World, pageId: string, value: Readonly<Record<string, unknown>>): void {
  if (world.data.subscriptions.get(pageId)?.includes("feed")) tell(world, "page", pageId, { field: "feed", value });
}

/** The Instagram `comments` value of §11, for accounts subscribed directly or through their Page. */
export function emitInstagramComment(world: World, comment: Comment): void {
  const { igMedia, igAccounts, subscriptions } = world.data;
  const media = igMedia.get(comment.objectId);
  if (media === undefined) return;
  const isDirect = subscriptions.get(media.igId)?.includes("comments") ?? false;
  if (!isDirect && !subscriptions.has(igAccounts.get(media.igId)?.pageId ?? "")) return;
  const value = {
    id: comment.id,
    text: comment.message,
    from: { id: comment.from.id, username: comment.from.name },
    media: { id: media.id, media_product_type: media.productType },
    ...(comment.parentId === undefined ? {} : { parent_id: comment.parentId }),
  };
  const { app_secret } = isDirect ? instagramApp : metaApp;
  tell(world, "instagram", media.igId, { field: "comments", value }, app_secret);
}

/** Tells the app that a person removed it: `signed_request`, base64url(signature).base64url(json) (§3b.5). */
export function callBack({ hooks, data, nowMs }: World, userId: string, secret: string): void {
  const address = data.settings.deauthorizeUrl;
  if (address === undefined) return;
  const payload = { algorithm: "HMAC-SHA256", user_id: userId, issued_at: seconds(nowMs()) };
  const body = base64UrlEncode(JSON.stringify(payload));
  const form = new URLSearchParams({ signed_request: `${base64UrlEncode(hmacSha256(secret, body))}.${body}` });
  hooks.send({ address, secret }, "deauthorize", String(form), "application/x-www-form-urlencoded");
}
