import { base64UrlEncode, hmacSha256, hmacSha256Hex } from "@postd/connector-kit/simulator";
import { instagramApp, metaApp } from "./apps.ts";
import type { Comment, FbPost } from "./model.ts";
import type { World } from "./world.ts";

type WebhookObject = "page" | "instagram" | "user" | "permissions";

/**
 * Sends one signed event: X-Hub-Signature-256 over the raw body, keyed with the app secret (meta.md §11). Instagram
 * Login payloads are keyed with the Instagram app secret, one of the two keys §11 names. Returns at once; the delivery
 * is recorded and `act("settle")` waits for it.
 */
export function emit(
  world: World,
  url: string,
  body: { readonly object: WebhookObject; readonly entry: unknown },
  secret: string = metaApp.app_secret,
): void {
  const text = JSON.stringify(body);
  send(
    world,
    url,
    body.object,
    { "content-type": "application/json", "x-hub-signature-256": `sha256=${hmacSha256Hex(secret, text)}` },
    text,
  );
}

function send(world: World, url: string, what: string, headers: Readonly<Record<string, string>>, body: string): void {
  const delivery: { at: string; what: string; status: number | "pending" } = {
    at: world.env.now().toISOString(),
    what,
    status: "pending",
  };
  world.data.deliveries.push(delivery);
  const { outbox } = world.data;
  const sending = world.env
    .deliver(url, { headers, body })
    .then((status) => {
      delivery.status = status;
    })
    .catch(() => {
      // An unreachable address is the subscriber's trouble, not the platform's; 0 records it.
      delivery.status = 0;
    })
    .finally(() => outbox.delete(sending));
  outbox.add(sending);
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
    published: post.state === "live" ? 1 : 0,
  });
}

/** A comment on a Page's post, as a `feed` change (§11). */
export function emitPageComment(
  world: World,
  pageId: string,
  comment: Comment,
  verb: "add" | "edited" | "remove" | "hide" | "unhide",
): void {
  changePage(world, pageId, {
    item: "comment",
    verb,
    comment_id: comment.id,
    post_id: comment.objectId,
    parent_id: comment.parentId ?? comment.objectId,
    from: comment.from,
    message: comment.message,
    created_time: seconds(comment.createdAt),
  });
}

function changePage(world: World, pageId: string, value: Readonly<Record<string, unknown>>): void {
  const url = world.data.settings.webhookUrl;
  if (url === undefined || !world.data.pages.get(pageId)?.subscribedFields?.includes("feed")) return;
  emit(world, url, {
    object: "page",
    entry: [{ id: pageId, time: seconds(world.nowMs()), changes: [{ field: "feed", value }] }],
  });
}

/** The Instagram `comments` value of §11, for accounts subscribed directly or through their Page. */
export function emitInstagramComment(world: World, comment: Comment): void {
  const url = world.data.settings.webhookUrl;
  const media = world.data.igMedia.get(comment.objectId);
  const account = media && world.data.igAccounts.get(media.igId);
  if (url === undefined || media === undefined || account === undefined) return;
  const isDirect = account.subscribedFields?.includes("comments") ?? false;
  const viaPage = account.pageId !== undefined && world.data.pages.get(account.pageId)?.subscribedFields !== undefined;
  if (!isDirect && !viaPage) return;
  const value = {
    id: comment.id,
    text: comment.message,
    from: { id: comment.from.id, username: comment.from.name },
    media: { id: media.id, media_product_type: media.productType },
    ...(comment.parentId === undefined ? {} : { parent_id: comment.parentId }),
  };
  const entry = [{ id: account.id, time: seconds(world.nowMs()), changes: [{ field: "comments", value }] }];
  emit(world, url, { object: "instagram", entry }, isDirect ? instagramApp.app_secret : metaApp.app_secret);
}

/** `signed_request`: base64url(signature).base64url(json), HMAC-SHA256 with the app secret (§3b.5). */
export function signedRequest(payload: Readonly<Record<string, unknown>>, secret: string): string {
  const body = base64UrlEncode(JSON.stringify({ algorithm: "HMAC-SHA256", ...payload }));
  return `${base64UrlEncode(hmacSha256(secret, body))}.${body}`;
}

/** Posts `signed_request` as a form to the app's deauthorize or data deletion callback (§3b.5). */
export function callBack(
  world: World,
  url: string,
  what: "deauthorize" | "data_deletion",
  userId: string,
  secret: string,
): void {
  const signed = signedRequest({ user_id: userId, issued_at: seconds(world.nowMs()) }, secret);
  send(
    world,
    url,
    what,
    { "content-type": "application/x-www-form-urlencoded" },
    new URLSearchParams({ signed_request: signed }).toString(),
  );
}
