import { randomWord } from "@postd/connector-kit/simulator";
import { GraphError, invalidParameter, jsonParam, type Params } from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { metaApp } from "./apps.ts";
import type { Call } from "./call.ts";
import type { FbPost, FbVideo, IgMedia, Page } from "./model.ts";
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

/** Who may see a post (§5): JSON objects. */
export function checkTargeting(params: Params): void {
  for (const name of ["targeting", "feed_targeting"])
    jsonParam(params, name, z.record(z.string(), z.unknown()), "a JSON object");
}

/** Text limit of §14. */
export function checkText(text: string): string {
  if (text.length > maxTextChars) throw invalidParameter(`The text is longer than ${maxTextChars} characters`);
  return text;
}

/** Stores a post; a live one is shown, counted and told to subscribers. */
export function makePost(
  { world, nowMs }: Pick<Call, "world" | "nowMs">,
  input: Pick<FbPost, "pageId" | "kind" | "message"> & Partial<Pick<FbPost, "link" | "photoIds" | "videoId">>,
  publication: Publication,
  appId: string = metaApp.app_id,
): FbPost {
  refuseDuplicate(world, input);
  const post: FbPost = {
    photoIds: [],
    ...input,
    id: `${input.pageId}_${world.newId("12")}`,
    ...(publication.kind === "scheduled" ? { scheduledAt: publication.at } : {}),
    state: publication.kind === "scheduled" ? "scheduled" : "unpublished",
    createdAt: nowMs,
    updatedAt: nowMs,
    isHidden: false,
    ...(appId === "" ? {} : { appId }),
  };
  world.data.posts.put(post);
  for (const id of post.photoIds) {
    const photo = world.data.photos.get(id);
    if (photo) photo.postId = post.id;
  }
  if (publication.kind === "now") showPost(world, post, nowMs);
  return post;
}

/** Stores a video nobody sees yet. */
export function newVideo(call: Call, page: Page, given: Pick<FbVideo, "use"> & Partial<FbVideo>): FbVideo {
  const id = call.world.newId(given.use === "video" ? "14" : "16");
  const words = { description: "", title: "" };
  const video: FbVideo = { id, pageId: page.id, createdAt: call.nowMs, ...words, ...given };
  call.world.data.videos.put(video);
  return video;
}

/** Stores Instagram media that everybody sees. */
export function newMedia(world: World, given: Pick<IgMedia, "igId" | "caption"> & Partial<IgMedia>): IgMedia {
  return world.data.igMedia.put({
    id: world.newId("18"),
    mediaType: "IMAGE",
    productType: "FEED",
    shortcode: `D${randomWord(10)}`,
    childIds: [],
    liveAt: world.nowMs(),
    shareToFeed: true,
    details: {},
    commentEnabled: true,
    ...given,
  });
}

/** A person posts by hand: no app stands behind it. Answers the id. */
export function makeByHand(world: World, accountId: string, text: string): string {
  const at = { world, nowMs: world.nowMs() };
  if (world.data.pages.get(accountId))
    return makePost(at, { pageId: accountId, kind: "text", message: text }, { kind: "now" }, "").id;
  if (world.data.igAccounts.get(accountId) === undefined) throw new RangeError(`no account ${accountId}`);
  return newMedia(world, { igId: accountId, caption: text, details: { byHand: "true" } }).id;
}

/** Makes a post visible; nothing happens to one that is visible already. */
export function showPost(world: World, post: FbPost, at: number): void {
  if (post.state === "live") return;
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
  const twin = world.data.posts
    .all()
    .some(
      (post) =>
        post.pageId === input.pageId &&
        post.state === "live" &&
        post.message === input.message &&
        (post.liveAt ?? 0) > since,
    );
  if (twin) throw new GraphError({ code: 506, message: "(#506) Duplicate status message" });
}
