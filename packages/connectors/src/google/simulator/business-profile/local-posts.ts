import { pullMedia, randomDigits, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Called, pageOf, paging, route } from "../call.ts";
import { notFound, refuse } from "../words.ts";
import type { World } from "../world.ts";
import { type LocalPost, type Location, nameOf } from "./model.ts";
import { photoTrouble } from "./photo.ts";
import { locationOf, managed, takeEdit, v4 } from "./places.ts";
import { Content, checkContent } from "./post-content.ts";
import { fetchPhotos } from "./post-progress.ts";
import { namedRefusal, unfit, v4Refusal } from "./v4-words.ts";

export const searchUrl = ({ id, location }: Pick<LocalPost, "id" | "location">): string =>
  `https://local.google.com/place?id=${location.id}&use=posts&lpsid=${id}`;

/** Times come with an offset and go in Z. */
function shown(post: LocalPost, { settings }: Pick<World, "settings">): Record<string, unknown> {
  const { content, state, createdAt, updatedAt } = post;
  const { media, scheduledTime, ...rest } = content;
  return {
    name: nameOf(post),
    ...rest,
    state,
    createTime: new Date(createdAt).toISOString(),
    updateTime: new Date(updatedAt).toISOString(),
    ...(scheduledTime && { scheduledTime: new Date(scheduledTime).toISOString() }),
    ...(media && { media: media.map(({ mediaFormat }, nth) => ({ ...photoShown(post, nth), mediaFormat })) }),
    ...((state === "LIVE" || settings.linksEarly) && { searchUrl: searchUrl(post) }),
  };
}

const photoShown = (post: LocalPost, nth: number) => ({
  name: `accounts/${post.account}/locations/${post.location.id}/media/localPosts/${post.id}-${nth}`,
  googleUrl: `https://lh3.googleusercontent.com/p/${post.id}`,
});

const answer = (post: LocalPost, world: World): SimResponse => ({ status: 200, json: shown(post, world) });

/** Whether the API posts for this location at all. */
function refuseUnfit(location: Location): void {
  if (location.isChain)
    throw namedRefusal(
      "LOCATION_DISABLED_FOR_LOCAL_POST_API",
      "LOCATION_DISABLED_FOR_LOCAL_POST_API: the location belongs to a chain.",
    );
  if (!location.hasVoice) throw unfit();
}

function refusePast({ scheduledTime }: Content, now: Date): void {
  if (scheduledTime !== undefined && Date.parse(scheduledTime) <= now.getTime())
    throw v4Refusal("common", "scheduled_time", "Scheduled time must be in the future.");
}

const firstState = ({ scheduledTime }: Content, now: Date): LocalPost["state"] =>
  scheduledTime !== undefined && Date.parse(scheduledTime) > now.getTime() ? "SCHEDULED" : "PROCESSING";

/** Only photos, by their address. A film is an internal error, always. */
async function photoOf(content: Content, { env, settings }: World) {
  const [medium] = content.media ?? [];
  if (medium === undefined) return undefined;
  const { mediaFormat, sourceUrl = "" } = medium;
  if (mediaFormat === "VIDEO") throw refuse("INTERNAL", "Internal error encountered.");
  if (mediaFormat === undefined) throw v4Refusal("required", "media.media_format", "Media format is required.");
  if (sourceUrl === "") throw v4Refusal("required", "media.source_url", "Source URL is required.");
  if (settings.photoFetchedAt === "review") return undefined;
  const photo = await pullMedia(env, sourceUrl);
  if (photo === undefined) throw v4Refusal("photoFetch", "media.source_url", "Fetching image failed.");
  const trouble = photoTrouble(photo);
  if (trouble !== undefined) throw v4Refusal("photo", "media", trouble);
  return photo;
}

function postOf(call: Called): LocalPost {
  const location = locationOf(call);
  const post = call.world.profiles.posts.get(call.params.post ?? "");
  if (post?.location !== location) throw notFound();
  return post;
}

/** Fields that can change; a photo cannot. */
const changeable = ["summary", "callToAction", "event", "offer", "languageCode", "scheduledTime"] as const;
type Changeable = (typeof changeable)[number];

/** What a mask names is set as the body has it, or cleared where it has not. */
function changed(content: Content, body: Content, mask: string): Content {
  const next: Record<string, unknown> = { ...content };
  for (const path of mask.split(",")) {
    const [root = "", part, ...deeper] = path.split(".");
    if (!changeable.includes(root as Changeable) || deeper.length > 0)
      throw v4Refusal("common", "update_mask", `${path} cannot be updated.`);
    const given = body[root as Changeable];
    if (part === undefined) next[root] = given;
    else next[root] = { ...Object(next[root]), [part]: Reflect.get(Object(given), part) };
  }
  return Content.parse(JSON.parse(JSON.stringify(next)));
}

export const localPostRoutes = [
  route("POST", v4("/localPosts"), {
    ...managed,
    body: Content,
    publishes: true,
    async handle(call) {
      const { world, body, now } = call;
      const location = locationOf(call);
      takeEdit(call, location);
      refuseUnfit(location);
      checkContent(body, world.settings);
      refusePast(body, now);
      const photo = await photoOf(body, world);
      const at = now.getTime();
      const decided = world.profiles.nextPost;
      world.profiles.nextPost = undefined;
      const post: LocalPost = world.profiles.posts.put({
        id: randomDigits(19),
        location,
        account: call.params.account ?? "",
        content: body,
        state: firstState(body, now),
        createdAt: at,
        updatedAt: at,
        reviewEndsAt: at + call.workMs(world.settings.reviewMs),
        ...(photo && { photo }),
        ...(decided && { decided }),
      });
      return answer(post, world);
    },
  }),
  route("GET", v4("/localPosts"), {
    ...managed,
    query: z.strictObject(paging),
    async handle(call) {
      const location = locationOf(call);
      await fetchPhotos(call.world);
      const all = call.world.profiles.posts.all((post) => post.location === location).toReversed();
      const seen = call.listed(all, ({ createdAt }) => createdAt);
      const { items, more } = pageOf(seen, call.query, { usual: 20, most: 100 });
      return {
        status: 200,
        json: { ...(items.length > 0 && { localPosts: items.map((post) => shown(post, call.world)) }), ...more },
      };
    },
  }),
  route("GET", v4("/localPosts/:post"), {
    ...managed,
    query: z.strictObject({}),
    async handle(call) {
      const post = postOf(call);
      await fetchPhotos(call.world);
      return answer(post, call.world);
    },
  }),
  route("PATCH", v4("/localPosts/:post"), {
    ...managed,
    query: z.strictObject({ updateMask: z.string().optional() }),
    body: Content,
    publishes: true,
    handle(call) {
      const { world, body, query, now } = call;
      const post = postOf(call);
      takeEdit(call, post.location);
      refuseUnfit(post.location);
      if (!query.updateMask) throw v4Refusal("required", "update_mask", "Update mask is required.");
      const content = changed(post.content, body, query.updateMask);
      checkContent(content, world.settings);
      if (content.scheduledTime !== post.content.scheduledTime) {
        if (post.state !== "SCHEDULED")
          throw v4Refusal("common", "scheduled_time", "Only a scheduled post can be moved.");
        refusePast(content, now);
      }
      post.content = content;
      post.updatedAt = now.getTime();
      post.reviewEndsAt = now.getTime() + call.workMs(world.settings.reviewMs);
      // A live post stays so while its new words are looked at.
      if (post.state === "REJECTED") post.state = firstState(content, now);
      return answer(post, world);
    },
  }),
  route("DELETE", v4("/localPosts/:post"), {
    ...managed,
    query: z.strictObject({}),
    publishes: true,
    handle(call) {
      const post = postOf(call);
      takeEdit(call, post.location);
      call.world.profiles.posts.remove(post.id);
      return { status: 200, json: {} };
    },
  }),
];
