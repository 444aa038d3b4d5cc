import {
  GraphError,
  instantMs,
  invalidParameter,
  jsonParam,
  missingObject,
  page as pageOf,
  requestedFields,
  timedPage,
} from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { type Answer, type Call, type Operation, operation } from "./call.ts";
import { project, readBack } from "./fields.ts";
import { checkTargeting, checkText, makePost, publishing, requireCreateContent } from "./make-post.ts";
import type { FbPhoto, FbPost, Page } from "./model.ts";
import { maxPhotoBytes, unfitPhoto } from "./page-photos.ts";
import { type Publication, publication, scheduleRules } from "./schedule.ts";

const AttachedMedia = z.array(z.strictObject({ media_fbid: z.coerce.string(), message: z.string().optional() })).min(1);

/** POST /{page}/feed: text, link and multi-photo posts (meta.md §5, §7). */
function postFeed(call: Call, page: Page): Answer {
  requireCreateContent(page);
  const { params } = call;
  const message = checkText(params.text("message") ?? "");
  const link = params.text("link");
  const when = publication(params, call.nowMs, scheduleRules.post);
  checkTargeting(params);
  const photos = attachedPhotos(call, page, when);
  // A parent that is scheduled needs unpublished_content_type=SCHEDULED beside attached media (§7).
  if (photos.length > 0 && when.kind === "scheduled" && params.text("unpublished_content_type") !== "SCHEDULED")
    throw invalidParameter("attached_media of a scheduled post needs unpublished_content_type=SCHEDULED");
  if (message === "" && link === undefined && photos.length === 0)
    throw invalidParameter("You must provide a message, a link or attached_media");
  if (link !== undefined) checkLink(link);
  const post = makePost(
    call,
    {
      pageId: page.id,
      kind: photos.length > 0 ? "photo" : "text",
      message,
      photoIds: photos.map((photo) => photo.id),
      // Sent together, one of link and attached_media wins; which one is unverified (§5). Here the media win.
      ...(link === undefined || photos.length > 0 ? {} : { link }),
    },
    when,
  );
  return readBack(call, { type: "post", value: post }, { id: post.id });
}

function attachedPhotos(call: Call, page: Page, when: Publication): readonly FbPhoto[] {
  const attached =
    jsonParam(call.params, "attached_media", AttachedMedia, 'a JSON array of {"media_fbid": "..."}') ?? [];
  return attached.map(({ media_fbid: id }) => {
    const photo = call.world.data.photos.get(id);
    if (photo === undefined || photo.pageId !== page.id) throw missingObject(id, "post");
    const holder = photo.postId === undefined ? undefined : call.world.data.posts.get(photo.postId);
    // 1366051: photos already posted (§12).
    if (holder?.state === "live") throw invalidParameter("These photos were already posted.", 1366051);
    if (photo.media.sizeBytes > maxPhotoBytes) throw unfitPhoto();
    // Photos of a scheduled parent are uploaded with temporary=true (§5).
    if (when.kind === "scheduled" && !photo.temporary)
      throw invalidParameter(`Photo ${id} of a scheduled post must be temporary`);
    return photo;
  });
}

/** 1609005: link scrape failed; 1609008: facebook.com links are refused (§12). */
function checkLink(link: string): void {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new GraphError({ code: 1609005, message: "(#1609005) Error while scraping the link" });
  if (/(^|\.)facebook\.com$/.test(url.hostname))
    throw invalidParameter("Links to facebook.com cannot be posted", 1609008);
}

function listPosts(call: Call, which: (post: FbPost) => boolean): Answer {
  const since = instantMs(call.params, "since", call.nowMs) ?? 0;
  const until = instantMs(call.params, "until", call.nowMs) ?? Number.POSITIVE_INFINITY;
  // Bounds are seconds, and a post belongs to its whole second.
  const posts = call.world.data.posts
    .all((post) => which(post) && secondOf(post) >= Math.floor(since / 1000) && secondOf(post) <= until / 1000)
    .toReversed()
    .sort((left, right) => timeOf(right) - timeOf(left));
  const seen = call.listed(posts, (post) => post.liveAt ?? post.createdAt);
  const render = (post: FbPost) => project(call, { type: "post", value: post }, requestedFields(call));
  // `feed` alone is known to be paged by time (§1b).
  if (!call.request.path.endsWith("/feed")) return pageOf(call, seen, render);
  const timed = seen.map((post) => ({ id: post.id, at: timeOf(post), post }));
  return timedPage(call, timed, ({ post }) => render(post));
}

const timeOf = (post: FbPost): number => post.liveAt ?? post.scheduledAt ?? post.createdAt;
const secondOf = (post: FbPost): number => Math.floor(timeOf(post) / 1000);

const feedParams = [
  "message",
  "link",
  "published",
  "scheduled_publish_time",
  "unpublished_content_type",
  "targeting",
  "feed_targeting",
  "attached_media",
];
const listParams = ["include_hidden", "limit", "show_expired", "with"];

export const pageFeedOperations: readonly Operation[] = [
  operation("page", "POST", "feed", { scopes: publishing, params: feedParams }, postFeed),
  // Unpublished posts are in none of these lists; the update call of §15 is what shows them.
  ...["feed", "posts", "published_posts"].map((edge) =>
    operation("page", "GET", edge, { params: listParams }, (call, { id }) =>
      listPosts(call, (post) => post.pageId === id && post.state === "live"),
    ),
  ),
  operation("page", "GET", "scheduled_posts", {}, (call, { id }) =>
    listPosts(call, (post) => post.pageId === id && post.state === "scheduled"),
  ),
];
