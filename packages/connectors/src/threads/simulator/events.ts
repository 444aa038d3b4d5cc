import { base64UrlEncode, hmacSha256, randomDigits } from "@postd/connector-kit/simulator";
import { graphTime } from "@postd/connector-kit/simulator/graph";
import { app } from "./app.ts";
import type { Post } from "./model.ts";
import { shownText } from "./text-rules.ts";
import type { World } from "./world.ts";

// Fact sheet, section 10.

export const topics = {
  replies: "moderate",
  delete: "moderate",
  mentions: "interaction",
  publish: "interaction",
} as const;
export type EventField = keyof typeof topics;

/** What the person it is about has to have granted. */
const permissions = {
  replies: "threads_read_replies",
  delete: "threads_delete",
  mentions: "threads_manage_mentions",
  publish: "threads_basic",
} as const;

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** Tells the app of a person who granted it, and of answers and mentions only where their profile is public. */
function tellOf(world: World, personId: string, field: EventField, targetId: string, value: Value): void {
  if ((field === "replies" || field === "mentions") && world.people.get(personId)?.isPrivate) return;
  const isGranted = world.tokens.grants().some((one) => one.subject === personId && one.scopes.has(permissions[field]));
  if (isGranted) tell(world, field, targetId, value);
}
type Value = Readonly<Record<string, unknown>>;

/** Tells the app, where its dashboard names an address and this field. Not the usual `entry[]`. */
export function tell(world: World, field: EventField, targetId: string, value: Value): void {
  const { webhook, signingSecret, nowMs } = world;
  if (webhook === undefined || !webhook.fields.includes(field)) return;
  const event = {
    app_id: app.app_id,
    topic: topics[field],
    target_id: targetId,
    time: seconds(nowMs()),
    subscription_id: randomDigits(16),
    has_uid_field: field === "mentions",
    values: { field, value },
  };
  world.hooks.send({ address: webhook.address, secret: signingSecret }, field, JSON.stringify(event));
}

export const permalinkOf = (world: World, post: Post): string =>
  `https://www.threads.net/@${world.people.get(post.personId)?.username ?? ""}/post/${post.shortcode}`;

const base = (world: World, post: Post) => ({
  id: post.id,
  username: world.people.get(post.personId)?.username ?? "",
  media_type: post.mediaType,
  permalink: permalinkOf(world, post),
  timestamp: graphTime(post.at),
});

const words = (post: Post) => ({
  text: shownText(post.draft.text, post.draft.isTopicFromText ? post.draft.topic : undefined),
  shortcode: post.shortcode,
});

/** `publish` settles a lost answer. */
export function tellPublished(world: World, post: Post): void {
  tellOf(world, post.personId, "publish", post.id, base(world, post));
}

export function tellDeleted(world: World, post: Post): void {
  const { id, username } = base(world, post);
  const value = { id, owner: { owner_id: post.personId }, deleted_at: graphTime(world.nowMs()), username };
  tellOf(world, post.personId, "delete", post.id, { ...value, timestamp: graphTime(post.at) });
}

/** Answers by others. */
export function tellReply(world: World, post: Post): void {
  const root = world.posts.get(post.rootId ?? "");
  const owner = root && world.people.get(root.personId);
  if (root === undefined || owner === undefined || owner.id === post.personId) return;
  tellOf(world, owner.id, "replies", post.id, {
    ...base(world, post),
    ...words(post),
    replied_to: { id: post.draft.replyToId ?? root.id },
    root_post: { id: root.id, owner_id: owner.id, username: owner.username },
  });
}

export function tellMention(world: World, post: Post, personId: string): void {
  tellOf(world, personId, "mentions", personId, {
    ...base(world, post),
    ...words(post),
    has_replies: false,
    is_quote_post: post.draft.quoteId !== undefined,
    is_reply: post.rootId !== undefined,
    media_product_type: "THREADS",
    ...(post.draft.altText === undefined ? {} : { alt_text: post.draft.altText }),
  });
}

/** Uninstall and deletion callbacks (section 2): `signed_request`, base64url(signature).base64url(json). */
export function callBack(world: World, address: string | undefined, userId: string, secret: string): void {
  if (address === undefined) return;
  const payload = { algorithm: "HMAC-SHA256", user_id: userId, issued_at: seconds(world.nowMs()) };
  const body = base64UrlEncode(JSON.stringify(payload));
  const form = new URLSearchParams({ signed_request: `${base64UrlEncode(hmacSha256(secret, body))}.${body}` });
  world.hooks.send({ address, secret }, "signed_request", String(form), "application/x-www-form-urlencoded");
}
