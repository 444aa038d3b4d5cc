import { pullMedia, randomDigits, type StoredMedia } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Called, isVerb, pageOf, paging, route } from "../call.ts";
import { badRequest, notFound } from "../words.ts";
import type { World } from "../world.ts";
import type { ProfileMedia } from "./model.ts";
import { photoTrouble } from "./photo.ts";
import { hosts, locationOf, managed, takeEdit, v4 } from "./places.ts";
import { unfit, v4Refusal } from "./v4-words.ts";

// Fact sheet, "Location photos (v4 media)".

const categories = [
  "COVER",
  "PROFILE",
  "LOGO",
  "EXTERIOR",
  "INTERIOR",
  "PRODUCT",
  "AT_WORK",
  "FOOD_AND_DRINK",
  "MENU",
  "COMMON_AREA",
  "ROOMS",
  "TEAMS",
  "ADDITIONAL",
] as const;
const onePerLocation = ["COVER", "PROFILE"];
/** Visible after 24 to 48 hours. */
const visibleAfterMs = 24 * 3_600_000;

const NewMedia = z
  .strictObject({
    // Films are left out.
    mediaFormat: z.enum(["PHOTO"]),
    locationAssociation: z.strictObject({ category: z.enum(categories) }),
    sourceUrl: z.string(),
    dataRef: z.strictObject({ resourceName: z.string() }),
    description: z.string(),
  })
  .partial();

export const isVisible = ({ createdAt }: ProfileMedia, now: Date): boolean =>
  now.getTime() - createdAt >= visibleAfterMs;

const mediaJson = (item: ProfileMedia, now: Date) => ({
  name: `accounts/${item.account}/locations/${item.location.id}/media/${item.id}`,
  mediaFormat: "PHOTO",
  locationAssociation: { category: item.category },
  createTime: new Date(item.createdAt).toISOString(),
  dimensions: { widthPixels: item.media.width ?? 0, heightPixels: item.media.height ?? 0 },
  ...(item.description !== "" && { description: item.description }),
  ...(isVisible(item, now) && { googleUrl: `https://lh3.googleusercontent.com/p/${item.id}` }),
});

function itemOf(call: Called): ProfileMedia {
  const location = locationOf(call);
  const item = call.world.profiles.media.get(call.params.media ?? "");
  if (item?.location !== location) throw notFound();
  return item;
}

/** By the address Google fetches from, or what was sent to a place of this location. */
async function bytesOf(input: z.output<typeof NewMedia>, location: string, world: World): Promise<StoredMedia> {
  const { sourceUrl, dataRef } = input;
  if ((sourceUrl === undefined) === (dataRef === undefined))
    throw v4Refusal("required", "source_url", "Either a source URL or a data reference is required.");
  if (sourceUrl !== undefined) {
    const pulled = await pullMedia(world.env, sourceUrl);
    if (pulled === undefined) throw v4Refusal("photoFetch", "source_url", "Fetching image failed.");
    return pulled;
  }
  const upload = world.profiles.uploads.get(dataRef?.resourceName ?? "");
  if (upload?.details.location !== location || upload.media === undefined || upload.details.isUsed)
    throw v4Refusal("photo", "data_ref", "The data reference names no upload.");
  upload.details.isUsed = true;
  return upload.media;
}

export const mediaRoutes = [
  route("POST", v4("/media::verb"), {
    ...managed,
    body: z.strictObject({}),
    handle(call) {
      isVerb(call, "startUpload");
      const { id } = locationOf(call);
      const upload = call.world.profiles.uploads.open({ details: { location: id, isUsed: false } });
      return { status: 200, json: { resourceName: upload.id } };
    },
  }),
  route("POST", `${hosts.v4}/upload/v1/media/*`, {
    ...managed,
    bodyAs: "bytes",
    query: z.strictObject({ upload_type: z.literal("media") }),
    handle({ world, params, request }) {
      const resourceName = params.rest ?? "";
      const taken = world.profiles.uploads.takeWhole(resourceName, request.rawBody);
      if (taken.ok) return { status: 200, json: { resourceName } };
      throw taken.problem === "unknown" ? notFound() : badRequest("resource_name", "The upload is over.");
    },
  }),
  route("POST", v4("/media"), {
    ...managed,
    body: NewMedia,
    publishes: true,
    async handle(call) {
      const { world, body, now, params } = call;
      const location = locationOf(call);
      takeEdit(call, location);
      if (!location.hasVoice) throw unfit();
      const { mediaFormat, locationAssociation: { category } = {}, description = "" } = body;
      if (mediaFormat === undefined) throw v4Refusal("required", "media_format", "Media format is required.");
      if (category === undefined)
        throw v4Refusal("required", "location_association", "Location association is required.");
      const media = await bytesOf(body, location.id, world);
      const isFree = onePerLocation.includes(category) && media.mimeType.startsWith("image/");
      const trouble = isFree ? undefined : photoTrouble(media);
      if (trouble !== undefined) throw v4Refusal("photo", "media", trouble);
      const items = world.profiles.media;
      const before = items.find((one) => one.location === location && one.category === category);
      if (before && onePerLocation.includes(category)) items.remove(before.id);
      const createdAt = now.getTime();
      const made = { id: randomDigits(19), location, account: params.account ?? "", category, description };
      return { status: 200, json: mediaJson(items.put({ ...made, createdAt, media }), now) };
    },
  }),
  route("GET", v4("/media"), {
    ...managed,
    query: z.strictObject(paging),
    handle(call) {
      const location = locationOf(call);
      const all = call.world.profiles.media.all((one) => one.location === location).toReversed();
      const seen = call.listed(all, ({ createdAt }) => createdAt);
      const { items, more } = pageOf(seen, call.query, { usual: 100, most: 100 });
      const mediaItems = items.map((item) => mediaJson(item, call.now));
      return {
        status: 200,
        json: { ...(mediaItems.length > 0 && { mediaItems }), totalMediaItemCount: all.length, ...more },
      };
    },
  }),
  route("GET", v4("/media/:media"), {
    ...managed,
    handle: (call) => ({ status: 200, json: mediaJson(itemOf(call), call.now) }),
  }),
  route("DELETE", v4("/media/:media"), {
    ...managed,
    publishes: true,
    handle(call) {
      const item = itemOf(call);
      takeEdit(call, item.location);
      call.world.profiles.media.remove(item.id);
      return { status: 200, json: {} };
    },
  }),
];
