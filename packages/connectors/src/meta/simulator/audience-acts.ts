import { randomWord } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Acts, act } from "./act.ts";
import { showPost } from "./make-post.ts";
import type { FbPost, IgMedia } from "./model.ts";
import { emitInstagramComment, emitPageComment } from "./webhooks.ts";
import type { World } from "./world.ts";

/** What others post and write without any app. */
export const audienceActs: Acts = {
  /** A person posts by hand: a twin no app made. */
  postByHand: act(z.strictObject({ accountId: z.string(), text: z.string() }), (world, { accountId, text }) => {
    if (world.data.pages.has(accountId)) return { id: handWritten(world, accountId, text).id };
    if (world.data.igAccounts.has(accountId)) return { id: handMade(world, accountId, text).id };
    throw new RangeError(`no account ${accountId}`);
  }),
  /** Somebody comments on a post or on Instagram media. */
  comment: act(
    z.strictObject({ objectId: z.string(), text: z.string(), name: z.string().default("Mara Lind") }),
    (world, input) => {
      const media = world.data.igMedia.get(input.objectId);
      const post = world.data.posts.get(input.objectId);
      if (media === undefined && post === undefined) throw new RangeError(`no post ${input.objectId}`);
      const comment = {
        id: post ? `${post.id.split("_").at(-1)}_${world.newId("18")}` : world.newId("17"),
        network: post ? ("facebook" as const) : ("instagram" as const),
        objectId: input.objectId,
        message: input.text,
        from: { id: world.newId("3"), name: input.name },
        createdAt: world.nowMs(),
        hidden: false,
        deleted: false,
        answeredPrivately: false,
      };
      world.data.comments.set(comment.id, comment);
      if (post) emitPageComment(world, post.pageId, comment, "add");
      else emitInstagramComment(world, comment);
      return { id: comment.id };
    },
  ),
};

function handWritten(world: World, pageId: string, text: string): FbPost {
  const now = world.nowMs();
  const post: FbPost = {
    id: `${pageId}_${world.newId("12")}`,
    pageId,
    kind: "text",
    message: text,
    photoIds: [],
    state: "unpublished",
    createdAt: now,
    updatedAt: now,
    isHidden: false,
  };
  world.data.posts.set(post.id, post);
  showPost(world, post, now);
  return post;
}

function handMade(world: World, igId: string, caption: string): IgMedia {
  const media: IgMedia = {
    id: world.newId("18"),
    igId,
    mediaType: "IMAGE",
    productType: "FEED",
    caption,
    shortcode: `D${randomWord(10)}`,
    childIds: [],
    liveAt: world.nowMs(),
    shareToFeed: true,
    details: { byHand: "true" },
    commentEnabled: true,
    deleted: false,
  };
  world.data.igMedia.set(media.id, media);
  return media;
}
