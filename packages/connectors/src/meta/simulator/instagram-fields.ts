import { edgeField, graphTime, steadyNumber } from "@postd/connector-kit/simulator/graph";
import { webUrl } from "./answers.ts";
import { mediaPermalink } from "./audience.ts";
import type { Call } from "./call.ts";
import { commentsUnder, igCommentsOf } from "./comment-fields.ts";
import { containerStatus } from "./container-status.ts";
import type { FieldTable } from "./field-table.ts";
import type { Comment, Container, IgAccount, IgMedia } from "./model.ts";
import type { World } from "./world.ts";

const mediaCount = (world: World, igId: string): number =>
  world.data.igMedia.all((m) => m.igId === igId && m.productType !== "STORY" && m.parentId === undefined).length;

const sharedAccountFields: FieldTable<IgAccount> = {
  username: (_call, account) => account.username,
  name: (_call, account) => account.name,
  profile_picture_url: (_call, account) => webUrl("www.instagram.com", `/${account.username}/picture`),
  followers_count: (_call, account) => account.followers,
  follows_count: (_call, account) => steadyNumber(account.id, "follows", 400),
  media_count: (call, account) => mediaCount(call.world, account.id),
  biography: () => undefined,
};

/** IG User node on graph.facebook.com (meta.md §4). */
export const igUserFields: FieldTable<IgAccount> = { ...sharedAccountFields, id: (_call, account) => account.id };

/** /me on graph.instagram.com: `user_id` is the id for paths, `id` is app-scoped (§3b). */
export const igUserOnlyFields: FieldTable<IgAccount> = {
  ...sharedAccountFields,
  id: (_call, account) => account.appScopedId,
  user_id: (_call, account) => account.id,
  account_type: (_call, account) => account.accountType,
};

/** Container fields (§6): status_code and a text with the subcode. */
export const containerFields: FieldTable<Container> = {
  id: (_call, container) => container.id,
  status_code: (call, container) => containerStatus(call.world, container).code,
  status: (call, container) => containerStatus(call.world, container).text,
};

/** Media fields both hosts have (§6). */
export const igMediaOnlyFields: FieldTable<IgMedia> = {
  id: (_call, media) => media.id,
  caption: (_call, media) => (media.caption === "" ? undefined : media.caption),
  alt_text: (_call, media) => media.altText,
  media_type: (_call, media) => media.mediaType,
  media_product_type: (_call, media) => media.productType,
  media_url: (_call, media) => webUrl("www.instagram.com", `/media/${media.id}`),
  thumbnail_url: (_call, media) =>
    media.mediaType === "VIDEO" ? webUrl("www.instagram.com", `/media/${media.id}?thumbnail=1`) : undefined,
  permalink: (call, media) => (media.parentId === undefined ? mediaPermalink(call.world, media) : undefined),
  shortcode: (_call, media) => media.shortcode,
  timestamp: (_call, media) => graphTime(media.liveAt),
  username: (call, media) => call.world.data.igAccounts.get(media.igId)?.username,
  owner: (_call, media) => ({ id: media.igId }),
  like_count: (_call, media) => steadyNumber(media.id, "likes", 120),
  comments_count: (call, media) => commentsUnder(call.world, media.id).length,
  is_comment_enabled: (_call, media) => media.commentEnabled,
  is_shared_to_feed: (_call, media) => media.shareToFeed,
  children: (call, media, field, project) =>
    media.mediaType === "CAROUSEL_ALBUM"
      ? edgeField(call, field, { id: media.id, edge: "children" }, childrenOf(call, media), (child) =>
          project(call, { type: typeHere(call), value: child }, field.fields),
        )
      : undefined,
  comments: (call, media, field, project) => igCommentsOf(call, media.id, field, project),
};

export const igMediaFields: FieldTable<IgMedia> = { ...igMediaOnlyFields, ig_id: (_call, media) => media.id };

/** Children of a carousel in their order; other media have none. */
export const childrenOf = (call: Call, media: IgMedia): readonly IgMedia[] =>
  media.childIds.flatMap((id) => call.world.data.igMedia.get(id) ?? []);

const typeHere = ({ host }: Call) => (host === "graph.instagram.com" ? "igMediaOnly" : "igMedia");

/** Instagram comment fields (§9). */
export const igCommentFields: FieldTable<Comment> = {
  id: (_call, comment) => comment.id,
  text: (_call, comment) => comment.message,
  timestamp: (_call, comment) => graphTime(comment.createdAt),
  username: (_call, comment) => (comment.isUnnamed ? undefined : comment.from.name),
  from: (_call, comment) => (comment.isUnnamed ? undefined : { id: comment.from.id, username: comment.from.name }),
  hidden: (_call, comment) => comment.hidden,
  like_count: () => 0,
  replies: (call, comment, field, project) => igCommentsOf(call, comment.id, field, project),
  parent_id: (_call, comment) => comment.parentId,
  media: (_call, comment) => ({ id: comment.objectId }),
};
