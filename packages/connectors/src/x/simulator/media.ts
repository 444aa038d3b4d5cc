import type { Call, Route, UploadAnswer } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { personOf, route } from "./call.ts";
import { largest, troubleOf, workMsOf } from "./check-media.ts";
import { Id } from "./ids.ts";
import { shownMedium } from "./show-media.ts";
import { invalid, refuseMissing } from "./words.ts";
import { type Category, categories, type Medium, type World } from "./world.ts";

// Fact sheet, section 5, "Media upload v2".

const mediaTypes =
  "image/jpeg image/png image/gif image/webp image/bmp image/pjpeg image/tiff video/mp4 video/quicktime video/webm video/mp2t text/srt text/vtt model/gltf-binary model/vnd.usdz+zip".split(
    " ",
  );
const MediaFile = z.object({ bytes: z.instanceof(Uint8Array) });
const scopes = ["media.write"] as const;
const keyPrefixes: Readonly<Record<Category, number>> = {
  tweet_image: 3,
  tweet_gif: 16,
  tweet_video: 7,
  amplify_video: 13,
  dm_image: 3,
  dm_gif: 16,
  dm_video: 7,
  subtitles: 20,
};

/** A medium of the caller's that has not expired. */
export function mediumOf(call: Pick<Call<World>, "caller" | "world" | "now">, id: string): Medium | undefined {
  const medium = call.world.uploads.get(id);
  const { id: me } = personOf(call);
  const isOurs = medium?.details.owner === me || medium?.details.others.includes(me);
  const isExpired = (medium?.expiresAt ?? 0) <= call.now.getTime();
  return isOurs && !isExpired ? medium : undefined;
}

function ownMedium(call: Pick<Call<World>, "caller" | "world" | "now">, id: string): Medium {
  const medium = mediumOf(call, id);
  if (medium) return medium;
  if (call.world.settings.unknownMediaStatus === 400) throw invalid("The media id is unknown.", { media_id: [id] });
  throw refuseMissing("media", id);
}

function guess(type: string): Category {
  if (type === "image/gif") return "tweet_gif";
  if (type.startsWith("image/")) return "tweet_image";
  return type.startsWith("text/") ? "subtitles" : "tweet_video";
}

function open(
  call: Pick<Call<World>, "caller" | "world">,
  input: { readonly type: string; readonly size?: number; readonly category: Category; readonly others?: string[] },
): Medium {
  const { world } = call;
  const id = world.newId();
  const { type, size, category, others = [] } = input;
  if ((size ?? 0) > largest(category, personOf(call)))
    throw invalid("$.total_bytes: the media is too large", { total_bytes: [String(size)] });
  return world.uploads.open({
    id,
    contentType: type,
    ...(size !== undefined && { sizeBytes: size }),
    seconds: world.settings.mediaSeconds,
    details: {
      owner: personOf(call).id,
      others,
      category,
      key: `${keyPrefixes[category]}_${id}`,
      altText: "",
      fails: false,
      isUsed: false,
      wholeAt: 0,
    },
  });
}

/** All bytes are there: pictures are looked at now, films are worked on. */
function arrived(call: Call<World>, medium: Medium, done: UploadAnswer<unknown>): Medium {
  if (!done.ok) throw invalid(`The upload is not whole: ${done.problem}`, { media_id: [medium.id] });
  const { world } = call;
  if ((medium.media?.sizeBytes ?? 0) > largest(medium.details.category, personOf(call)))
    throw invalid("The media is too large", { media_id: [medium.id] });
  const trouble = troubleOf(medium);
  if (workMsOf(world, medium) === 0) {
    if (trouble) throw invalid(trouble, { media_id: [medium.id] });
    return medium;
  }
  if (world.failing > 0) {
    world.failing -= 1;
    medium.details.fails = true;
  }
  if (trouble) medium.details.fails = true;
  medium.details.wholeAt = call.now.getTime();
  // How long it takes is known once the bytes are.
  medium.readyAt = call.now.getTime() + call.workMs(workMsOf(world, medium));
  return medium;
}

export const mediaRoutes: readonly Route<World>[] = [
  route("POST", "media/upload", {
    limit: "upload",
    scopes,
    bodyAs: "multipart",
    body: z.strictObject({
      media: MediaFile,
      media_category: z.enum(categories.filter((name) => name !== "amplify_video")),
      additional_owners: z.string().optional(),
    }),
    handle(call) {
      const { body, world, now } = call;
      const { bytes } = body.media;
      const others = body.additional_owners?.split(",") ?? [];
      const medium = open(call, { type: "", size: bytes.byteLength, category: body.media_category, others });
      const done = world.uploads.takeWhole(medium.id, bytes);
      return { status: 200, json: { data: shownMedium(world, arrived(call, medium, done), now) } };
    },
  }),
  route("POST", "media/upload/initialize", {
    limit: "initialize",
    scopes,
    body: z.strictObject({
      media_type: z.enum(mediaTypes).default("video/mp4"),
      total_bytes: z.int().min(0).max(17_179_869_184).optional(),
      media_category: z.enum(categories).optional(),
      shared: z.boolean().optional(),
      additional_owners: z.array(Id).optional(),
    }),
    handle(call) {
      const { media_type: type, total_bytes: size, media_category, additional_owners: others } = call.body;
      const category = media_category ?? guess(type);
      const medium = open(call, { type, category, ...(size !== undefined && { size }), ...(others && { others }) });
      return { status: 200, json: { data: shownMedium(call.world, medium, call.now) } };
    },
  }),
  route("POST", "media/upload/:id/append", {
    limit: "append",
    scopes,
    bodyAs: "multipart",
    body: z.strictObject({ media: MediaFile, segment_index: z.coerce.number().int().min(0).max(999) }),
    handle(call) {
      const { world, params, body } = call;
      const { bytes } = body.media;
      if (bytes.byteLength >= world.settings.segmentBytes) return { status: 413, text: "" };
      const medium = ownMedium(call, params.id ?? "");
      const kept = world.uploads.takePart(medium.id, body.segment_index, bytes);
      if (!kept.ok) throw invalid(`The segment is not taken: ${kept.problem}`, { media_id: [medium.id] });
      if (world.settings.appendStatus === 204) return { status: 204 };
      return { status: 200, json: { data: { expires_at: Math.floor((medium.expiresAt ?? 0) / 1000) } } };
    },
  }),
  route("POST", "media/upload/:id/finalize", {
    limit: "finalize",
    scopes,
    handle(call) {
      const { world, request, params, now } = call;
      const text = Buffer.from(request.rawBody).toString("utf8");
      const isEmpty = text === "" && world.settings.finalizeBody === "either";
      if (!isEmpty && !/^\s*\{\s*\}\s*$/.test(text)) throw invalid("Request body must be a JSON object.");
      const medium = ownMedium(call, params.id ?? "");
      const done = world.uploads.finish(medium.id);
      return { status: 200, json: { data: shownMedium(world, arrived(call, medium, done), now) } };
    },
  }),
  route("GET", "media/upload", {
    limit: "status",
    scopes,
    query: z.strictObject({ media_id: Id, command: z.literal("STATUS").optional() }),
    handle(call) {
      const medium = ownMedium(call, call.query.media_id);
      return { status: 200, json: { data: shownMedium(call.world, medium, call.now) } };
    },
  }),
  route("POST", "media/metadata", {
    limit: "metadata",
    scopes,
    body: z.object({
      id: Id,
      metadata: z.object({ alt_text: z.object({ text: z.string().max(1000) }).optional() }).optional(),
    }),
    handle(call) {
      const { id, metadata } = call.body;
      const medium = ownMedium(call, id);
      medium.details.altText = metadata?.alt_text?.text ?? medium.details.altText;
      const alt = { alt_text: { text: medium.details.altText } };
      return { status: 200, json: { data: { id, associated_metadata: alt } } };
    },
  }),
];
