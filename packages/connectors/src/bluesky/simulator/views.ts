import type { SimAccount, SimPost } from "@postd/connector-kit/simulator";
import { PostRecord } from "./post-record.ts";
import type { SessionTokens } from "./sessions.ts";
import type { Account, World } from "./world.ts";

export const permalinkOf = (account: Account, rkey: string): string =>
  `https://bsky.app/profile/${account.handle}/post/${rkey}`;

/** All posts as an audience sees them, oldest first by arrival. */
export function livePosts(world: World): readonly SimPost[] {
  const found = world
    .accounts()
    .flatMap((account) =>
      [...account.records.values()]
        .filter(({ collection }) => collection === "app.bsky.feed.post")
        .map((record) => ({ account, record, post: PostRecord.parse(record.shownValue) })),
    );
  found.sort(
    (left, right) =>
      left.record.indexedAt.getTime() - right.record.indexedAt.getTime() ||
      (left.record.rkey < right.record.rkey ? -1 : 1),
  );
  return found.map(({ account, record, post }) => {
    const replies = found
      .filter((other) => other.post.reply?.parent.uri === record.uri)
      .map((other) => other.post.text);
    return {
      id: record.uri,
      platform: "bluesky",
      accountId: account.did,
      accountName: account.displayName,
      text: post.text,
      createdAt: record.indexedAt.toISOString(),
      permalink: permalinkOf(account, record.rkey),
      kind: kindOf(post),
      media: mediaOf(account, post.embed),
      ...(replies.length === 0 ? {} : { replies }),
      details: JSON.parse(JSON.stringify({ cid: record.cid, rkey: record.rkey, record: record.shownValue })),
    };
  });
}

function kindOf({ embed, reply }: PostRecord): string {
  const kind = embed?.$type.split(".").at(-1) ?? "text";
  return reply === undefined ? kind : `reply (${kind})`;
}

function mediaOf(account: Account, embed: PostRecord["embed"]): SimPost["media"] {
  switch (embed?.$type) {
    case "app.bsky.embed.images":
      return embed.images.flatMap(({ image, alt }) => mediumOf(account, image.ref.$link, alt));
    case "app.bsky.embed.gallery":
      return embed.items.flatMap(({ image, alt }) => mediumOf(account, image.ref.$link, alt));
    case "app.bsky.embed.video":
      return mediumOf(account, embed.video.ref.$link, embed.alt);
    case "app.bsky.embed.external":
      return embed.external.thumb === undefined ? [] : mediumOf(account, embed.external.thumb.ref.$link, undefined);
    case "app.bsky.embed.recordWithMedia":
      return mediaOf(account, embed.media);
    default:
      return [];
  }
}

function mediumOf(account: Account, cid: string, alt: string | undefined): SimPost["media"] {
  const blob = account.blobs.get(cid);
  if (blob === undefined) return [];
  const { sha256, mimeType, sizeBytes } = blob;
  return [{ sha256, mimeType, sizeBytes, ...(alt === undefined || alt === "" ? {} : { altText: alt }) }];
}

/** What a person needs to try the account; tokens only when one has just been made. */
export const accountView = (account: Account, appPassword: string, tokens?: SessionTokens): SimAccount => ({
  platform: "bluesky",
  id: account.did,
  kind: "profile",
  name: account.displayName,
  handle: account.handle,
  accessToken: tokens?.accessJwt ?? "",
  ...(tokens === undefined ? {} : { refreshToken: tokens.refreshJwt }),
  extra: { identifier: account.handle, appPassword, service: "https://bsky.social", pds: `https://${account.pdsHost}` },
});
