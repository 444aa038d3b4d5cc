import { randomWord } from "@postd/connector-kit/simulator";
import { metaApp } from "./apps.ts";
import type { Call } from "./call.ts";
import { GraphError, invalidParameter } from "./graph-error.ts";
import type { FbPost, FbVideo, Page } from "./model.ts";
import type { Publication } from "./schedule.ts";
import { emitFeedChange } from "./webhooks.ts";
import { countPublish, type World } from "./world.ts";

/** Permissions of everything that publishes on a Page (meta.md §3a). */
export const publishing = ["pages_manage_posts", "pages_read_engagement"];

const maxTextChars = 63_206;
const duplicateWindowMs = 600_000;

/** Publishing needs CREATE_CONTENT among the tasks (meta.md §4); without it 200 (§12, permission). */
export function requireCreateContent(page: Page): void {
  if (!page.tasks.includes("CREATE_CONTENT"))
    throw new GraphError({
      code: 200,
      message: "(#200) The user does not have sufficient administrative permission on the page",
    });
}

/** Text limit of §14. */
export function checkText(text: string): string {
  if (text.length > maxTextChars) throw invalidParameter(`The text is longer than ${maxTextChars} characters`);
  return text;
}

/** Stores a post; a live one is shown, counted and told to subscribers. */
export function makePost(
  call: Call,
  input: Pick<FbPost, "pageId" | "kind" | "message"> & {
    readonly link?: string;
    readonly photoIds?: readonly string[];
    readonly videoId?: string;
  },
  publication: Publication,
): FbPost {
  refuseDuplicate(call.world, input);
  const post: FbPost = {
    id: `${input.pageId}_${call.world.newId("12")}`,
    pageId: input.pageId,
    kind: input.kind,
    message: input.message,
    photoIds: input.photoIds ?? [],
    ...(input.link === undefined ? {} : { link: input.link }),
    ...(input.videoId === undefined ? {} : { videoId: input.videoId }),
    ...(publication.kind === "scheduled" ? { scheduledAt: publication.at } : {}),
    state: publication.kind === "scheduled" ? "scheduled" : "unpublished",
    createdAt: call.nowMs,
    updatedAt: call.nowMs,
    isHidden: false,
    appId: metaApp.app_id,
  };
  call.world.data.posts.set(post.id, post);
  for (const id of post.photoIds) {
    const photo = call.world.data.photos.get(id);
    if (photo) photo.postId = post.id;
  }
  if (publication.kind === "now") showPost(call.world, post, call.nowMs);
  return post;
}

/** Stores a video nobody sees yet. */
export function newVideo(call: Call, page: Page, given: Pick<FbVideo, "use"> & Partial<FbVideo>): FbVideo {
  const id = call.world.newId(given.use === "video" ? "14" : "16");
  const words = { description: "", title: "" };
  const video: FbVideo = { id, pageId: page.id, createdAt: call.nowMs, ...words, deleted: false, ...given };
  call.world.data.videos.set(id, video);
  return video;
}

/** A person posts by hand: no app stands behind it. Answers the id. */
export function makeByHand(world: World, accountId: string, text: string): string {
  const { data } = world;
  const now = world.nowMs();
  if (data.pages.has(accountId)) {
    const id = `${accountId}_${world.newId("12")}`;
    const times = { createdAt: now, updatedAt: now };
    const post: FbPost = {
      id,
      pageId: accountId,
      kind: "text",
      message: text,
      photoIds: [],
      state: "unpublished",
      ...times,
      isHidden: false,
    };
    data.posts.set(id, post);
    showPost(world, post, now);
    return id;
  }
  if (!data.igAccounts.has(accountId)) throw new RangeError(`no account ${accountId}`);
  const id = world.newId("18");
  data.igMedia.set(id, {
    id,
    igId: accountId,
    mediaType: "IMAGE",
    productType: "FEED",
    caption: text,
    shortcode: `D${randomWord(10)}`,
    childIds: [],
    liveAt: now,
    shareToFeed: true,
    details: { byHand: "true" },
    commentEnabled: true,
    deleted: false,
  });
  return id;
}

/** Makes a post visible; nothing happens to one that is visible already. */
export function showPost(world: World, post: FbPost, at: number): void {
  if (post.state === "live" || post.state === "deleted") return;
  post.state = "live";
  post.liveAt = at;
  post.updatedAt = at;
  delete post.scheduledAt;
  countPublish(world, post.pageId);
  emitFeedChange(world, post, "add");
}

/** 506 for the same text twice, only while `act("duplicateCheck")` is on (§12: code 506, duplicate). */
export function refuseDuplicate(world: World, input: Pick<FbPost, "pageId" | "message">): void {
  if (!world.data.settings.duplicateCheck || input.message === "") return;
  const since = world.nowMs() - duplicateWindowMs;
  const twin = [...world.data.posts.values()].some(
    (post) =>
      post.pageId === input.pageId &&
      post.state === "live" &&
      post.message === input.message &&
      (post.liveAt ?? 0) > since,
  );
  if (twin) throw new GraphError({ code: 506, message: "(#506) Duplicate status message" });
}
