import type { StoredMedia } from "@postd/connector-kit/simulator";
import { isOver } from "./caps.ts";
import { troubleWithPhoto, troubleWithVideo } from "./check-media.ts";
import { tellPublish } from "./events.ts";
import type { FailReason, Post, Publish, World } from "./world.ts";

// Fact sheet, section 5:
//   PROCESSING_UPLOAD | PROCESSING_DOWNLOAD -> PUBLISH_COMPLETE | SEND_TO_USER_INBOX | FAILED
//   SEND_TO_USER_INBOX -> PUBLISH_COMPLETE, once the person posts
// The public id of a post comes when moderation is over, and never where not everybody may see it.

const sizeOf = (media: readonly StoredMedia[]) => media.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** TikTok reads at up to 100 Mbit/s. */
export const downloadMs = (media: readonly StoredMedia[]): number => 1000 + Math.ceil(sizeOf(media) / 12_500);

/** 512 MB take just under half a minute. */
export const processingMs = (media: readonly StoredMedia[]): number => 1000 + Math.ceil(sizeOf(media) / 20_000);

/** All bytes are there; from now on TikTok works on them. */
export function arrive(publish: Publish, at: number, workMs = processingMs(publish.media)): void {
  publish.wholeAt = at;
  publish.endsAt = at + workMs;
}

/** Lets everything happen that is due, in the order it became so. */
export function pass(world: World): void {
  for (let due = nextDue(world); due !== undefined; due = nextDue(world)) due.happen();
}

function nextDue(world: World): { readonly at: number; happen(): void } | undefined {
  const now = world.env.now().getTime();
  const publishes = world.publishes
    .all(({ status, endsAt = Number.POSITIVE_INFINITY }) => endsAt <= now && !settled(status))
    .map((publish) => ({ at: publish.endsAt ?? now, happen: () => finish(world, publish) }));
  const posts = world.posts
    .all(({ isTold, publicAt = Number.POSITIVE_INFINITY }) => publicAt <= now && !isTold)
    .map((post) => ({ at: post.publicAt ?? now, happen: () => show(world, post) }));
  return [...publishes, ...posts].sort((left, right) => left.at - right.at)[0];
}

function show(world: World, post: Post): void {
  post.isTold = true;
  if (post.publish) tellPublish(world, post.publish, "publicly_available", post.publicAt ?? 0, { post_id: post.id });
}

const settled = (status: Publish["status"]): boolean => isOver({ status }) || status === "SEND_TO_USER_INBOX";

function finish(world: World, publish: Publish): void {
  const reason = publish.decided ?? troubleOf(world, publish);
  const at = publish.endsAt ?? 0;
  if (reason !== undefined) fail(world, publish, reason, at);
  else if (publish.isDraft) {
    publish.status = "SEND_TO_USER_INBOX";
    tellPublish(world, publish, "inbox_delivered", at);
  } else {
    publish.status = "PUBLISH_COMPLETE";
    goLive(world, publish, at);
    tellPublish(world, publish, "complete", at);
  }
}

export function fail(world: World, publish: Publish, reason: FailReason, at: number): void {
  publish.status = "FAILED";
  publish.failReason = reason;
  tellPublish(world, publish, "failed", at, { reason });
}

function troubleOf(world: World, publish: Publish): FailReason | undefined {
  if (publish.grant.ended) return "auth_removed";
  if (publish.person.isBanned) return "spam_risk_user_banned_from_posting";
  const check = publish.kind === "photo" ? troubleWithPhoto : troubleWithVideo;
  return publish.media.map((medium) => check(medium, publish.person, world)).find((trouble) => trouble !== undefined);
}

/** A post of this publish; a draft may become several, each with the words its person gives it. */
export function goLive(
  world: World,
  publish: Publish,
  at: number,
  words: Partial<Pick<Post, "title" | "privacy">> = {},
): Post {
  const { person, kind, title, description, privacy, media } = publish;
  const post: Post = {
    id: world.newPostId(),
    person,
    publish,
    kind,
    title,
    description,
    privacy,
    media,
    createdAt: at,
    isTold: false,
    counts: {},
    ...words,
  };
  if (post.privacy === "PUBLIC_TO_EVERYONE" && !person.isPrivate) post.publicAt = at + world.settings.moderationMs;
  return world.posts.put(post);
}
