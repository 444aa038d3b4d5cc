import type { SimPost } from "@postd/connector-kit/simulator";
import { quoteOf } from "./check-record.ts";
import { type Embed, Engagement, embedOf, StoredPost, type StrongRef } from "./lexicon.ts";
import type { Account, StoredRecord } from "./model.ts";
import type { World } from "./world.ts";

// Views: lexicons app.bsky.feed.defs, app.bsky.actor.defs, app.bsky.embed.*.

export const permalinkOf = (account: Account, rkey: string): string =>
  `https://bsky.app/profile/${account.did}/post/${rkey}`;

export interface Post {
  readonly account: Account;
  readonly record: StoredRecord;
  readonly text: string;
  readonly embed: Embed | undefined;
  readonly reply: { readonly parent: StrongRef } | undefined;
}

/** What an account has posted, as apps show it, oldest first. */
export const postsOf = (account: Account): readonly Post[] =>
  [...account.records.values()]
    .filter(({ collection }) => collection === "app.bsky.feed.post")
    .map((record) => {
      const { text, reply, embed } = StoredPost.parse(record.shownValue);
      return { account, record, text, reply, embed: embedOf(embed) };
    });

/** Everything the AppView has: posts of accounts that are active, oldest first by arrival. */
export const allPosts = (world: World): readonly Post[] =>
  world
    .accounts()
    .flatMap(postsOf)
    .sort(
      ({ record: left }, { record: right }) =>
        left.indexedAt.getTime() - right.indexedAt.getTime() || (left.rkey < right.rkey ? -1 : 1),
    );

export const basicView = (account: Account) => ({
  did: account.did,
  handle: account.handle,
  displayName: account.displayName,
  labels: [],
  createdAt: account.createdAt.toISOString(),
});

export const profileView = (world: World, account: Account) => ({
  ...basicView(account),
  followersCount: 128,
  followsCount: 42,
  ...world.engaged.get(account.did),
  postsCount: postsOf(account).length,
  indexedAt: account.createdAt.toISOString(),
});

/** Likes, reposts, replies and quotes are counted; `engage` adds those of made-up people, or says what there is. */
function countsOf(world: World, uri: string) {
  const posts = allPosts(world);
  const engaged = (collection: string) =>
    world
      .accounts()
      .flatMap(({ records }) => [...records.values()])
      .filter((one) => one.collection === collection && Engagement.parse(one.value).subject.uri === uri).length;
  const given = world.engaged.get(uri) ?? {};
  return {
    bookmarkCount: 0,
    quoteCount: posts.filter(({ embed }) => quoteOf(embed)?.uri === uri).length,
    replyCount: posts.filter(({ reply }) => reply?.parent.uri === uri).length,
    ...given,
    likeCount: engaged("app.bsky.feed.like") + (given.likeCount ?? 0),
    repostCount: engaged("app.bsky.feed.repost") + (given.repostCount ?? 0),
  };
}

export function postView(world: World, { account, record, embed }: Post) {
  const shown = embedView(account, embed);
  return {
    uri: record.uri,
    cid: record.cid,
    author: basicView(account),
    record: record.shownValue,
    ...(shown === undefined ? {} : { embed: shown }),
    ...countsOf(world, record.uri),
    indexedAt: record.indexedAt.toISOString(),
    labels: [],
  };
}

const cdn = (account: Account, size: string, cid: string) =>
  `https://cdn.bsky.app/img/${size}/plain/${account.did}/${cid}@jpeg`;

/** Views of quotes are left out, which the lexicon allows. */
function embedView(account: Account, embed: Embed | undefined): object | undefined {
  switch (embed?.$type) {
    case "app.bsky.embed.images": {
      const images = embed.images.map(({ image, alt, aspectRatio }) => ({
        thumb: cdn(account, "feed_thumbnail", image.ref.$link),
        fullsize: cdn(account, "feed_fullsize", image.ref.$link),
        alt,
        ...(aspectRatio && { aspectRatio }),
      }));
      return { $type: "app.bsky.embed.images#view", images };
    }
    case "app.bsky.embed.external": {
      const { uri, title, description, thumb } = embed.external;
      const shown = thumb && { thumb: cdn(account, "feed_thumbnail", thumb.ref.$link) };
      return { $type: "app.bsky.embed.external#view", external: { uri, title, description, ...shown } };
    }
    case "app.bsky.embed.video": {
      const cid = embed.video.ref.$link;
      const playlist = `https://video.bsky.app/watch/${encodeURIComponent(account.did)}/${cid}/playlist.m3u8`;
      return { $type: "app.bsky.embed.video#view", cid, playlist };
    }
    default:
      return undefined;
  }
}

/** All posts as an audience sees them, for the simulator's own pages and tests. */
export function livePosts(world: World): readonly SimPost[] {
  const posts = allPosts(world);
  return posts.map(({ account, record, text, embed, reply }) => {
    const replies = posts.filter((other) => other.reply?.parent.uri === record.uri).map((other) => other.text);
    const kind = embed?.$type.split(".").at(-1) ?? "text";
    return {
      id: record.uri,
      platform: "bluesky",
      accountId: account.did,
      accountName: account.displayName,
      text,
      createdAt: record.indexedAt.toISOString(),
      permalink: permalinkOf(account, record.rkey),
      kind: reply === undefined ? kind : `reply (${kind})`,
      media: mediaOf(account, embed),
      ...(replies.length === 0 ? {} : { replies }),
      details: JSON.parse(JSON.stringify({ cid: record.cid, rkey: record.rkey, record: record.shownValue })),
    };
  });
}

function mediaOf(account: Account, embed: Embed | undefined): SimPost["media"] {
  const medium = ({ ref }: { readonly ref: { readonly $link: string } }, alt = ""): SimPost["media"] => {
    const blob = account.blobs.get(ref.$link);
    if (blob === undefined) return [];
    const { sha256, mimeType, sizeBytes } = blob;
    return [{ sha256, mimeType, sizeBytes, ...(alt === "" ? {} : { altText: alt }) }];
  };
  switch (embed?.$type) {
    case "app.bsky.embed.images":
      return embed.images.flatMap(({ image, alt }) => medium(image, alt));
    case "app.bsky.embed.gallery":
      return embed.items.flatMap(({ image, alt }) => medium(image, alt));
    case "app.bsky.embed.video":
      return medium(embed.video, embed.alt);
    case "app.bsky.embed.external":
      return embed.external.thumb === undefined ? [] : medium(embed.external.thumb);
    case "app.bsky.embed.recordWithMedia":
      return mediaOf(account, embed.media);
    default:
      return [];
  }
}
