import { type SimPost, shownMedia } from "@postd/connector-kit/simulator";
import { z } from "zod";
import type { World } from "../world.ts";
import { searchUrl } from "./local-posts.ts";
import { isVisible } from "./media.ts";
import { type LocalPost, type Location, nameOf, type ProfileMedia, type Review } from "./model.ts";
import { reviewName } from "./reviews.ts";

const Details = z.record(z.string(), z.json());
const time = (at: number): string => new Date(at).toISOString();
type Shown = Omit<SimPost, "platform">;

function postShown(post: LocalPost): Shown {
  const { summary = "", media: _, ...rest } = post.content;
  return {
    id: nameOf(post),
    ...placeOf(post.location, post.account),
    text: summary,
    createdAt: time(post.createdAt),
    permalink: searchUrl(post),
    kind: (post.content.topicType ?? "STANDARD").toLowerCase(),
    media: shownMedia(post.photo),
    details: Details.parse(JSON.parse(JSON.stringify(rest))),
  };
}

/** Everybody sees the owner's reply below the review. */
function replyShown(review: Review): Shown[] {
  const { location, reply } = review;
  if (reply?.state !== "APPROVED") return [];
  const [account = ""] = location.accounts;
  const name = reviewName(review, account);
  return [
    {
      id: `${name}/reply`,
      ...placeOf(location, account),
      text: reply.comment,
      createdAt: time(reply.updatedAt),
      kind: "reply",
      media: [],
      details: { review: name },
    },
  ];
}

const photoShown = (item: ProfileMedia, now: Date): Shown => ({
  id: `accounts/${item.account}/locations/${item.location.id}/media/${item.id}`,
  ...placeOf(item.location, item.account),
  text: item.description,
  createdAt: time(item.createdAt),
  kind: "photo",
  media: shownMedia(item.media),
  details: { category: item.category, isVisible: isVisible(item, now) },
});

const placeOf = ({ id, title }: Location, account: string) => ({
  accountId: `accounts/${account}/locations/${id}`,
  accountName: title,
});

/** Posts that are live, replies that were approved, and what stands on profiles; newest last. */
export function livePosts({ profiles, env }: World, platform: string): readonly SimPost[] {
  const shown = [
    ...profiles.posts.all(({ state }) => state === "LIVE").map(postShown),
    ...profiles.reviews.all().flatMap(replyShown),
    ...profiles.media.all().map((item) => photoShown(item, env.now())),
  ];
  const byTime = shown.toSorted((left, right) => left.createdAt.localeCompare(right.createdAt));
  return byTime.map((post) => ({ platform, ...post }));
}

/** Bytes of a picture on a post or a profile. */
export function mediaHeld({ profiles }: World, sha256: string) {
  const all = [...profiles.posts.all().map(({ photo }) => photo), ...profiles.media.all().map(({ media }) => media)];
  const found = all.find((medium) => medium?.sha256 === sha256);
  return found?.bytes && { bytes: found.bytes, contentType: found.mimeType };
}
