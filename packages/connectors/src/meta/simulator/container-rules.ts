import {
  bool,
  GraphError,
  invalidParameter,
  jsonParam,
  type Params,
  textList,
  unsignedInt,
} from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import type { ContainerKind } from "./model.ts";

/** Parameters of POST /{ig}/media (meta.md §6). */
export const containerParams: readonly string[] = [
  "image_url",
  "video_url",
  "media_type",
  "caption",
  "alt_text",
  "user_tags",
  "location_id",
  "collaborators",
  "product_tags",
  "is_ai_generated",
  "is_carousel_item",
  "children",
  "share_to_feed",
  "cover_url",
  "thumb_offset",
  "audio_name",
  "trial_params",
  "upload_type",
];

/** Facebook Login only (§1 product tags and branded content, §6 audio). */
export const facebookLoginParams: readonly string[] = [
  "is_paid_partnership",
  "branded_content_sponsor_ids",
  "audio_configuration",
];

const shared = [
  "media_type",
  "caption",
  "location_id",
  "user_tags",
  "collaborators",
  "product_tags",
  "is_ai_generated",
  ...facebookLoginParams,
];

/** What each kind takes beside the URL it needs (§6, the table of formats). */
const allowed: Readonly<Record<ContainerKind, readonly string[]>> = {
  IMAGE: ["image_url", "alt_text", ...shared],
  REELS: [
    "video_url",
    "upload_type",
    "share_to_feed",
    "cover_url",
    "thumb_offset",
    "audio_name",
    "trial_params",
    ...shared,
  ],
  CAROUSEL: ["children", ...shared.filter((name) => name !== "user_tags" && name !== "product_tags")],
  STORIES: ["media_type", "image_url", "video_url", "upload_type"],
  VIDEO: ["media_type", "video_url", "upload_type"],
};
const childAllowed = [
  "media_type",
  "image_url",
  "video_url",
  "upload_type",
  "is_carousel_item",
  "alt_text",
  "user_tags",
  "product_tags",
];

const ImageTag = z.strictObject({
  username: z.string().min(1),
  x: z.number().min(0).max(1),
  y: z.number().min(0).max(1),
});
const ReelTag = z.strictObject({ username: z.string().min(1) });
const Trial = z.strictObject({ graduation_strategy: z.enum(["MANUAL", "SS_PERFORMANCE"]) });
const maxTags = 20;
const maxCollaborators = 3;
const maxAltChars = 1000;

/** The kind a call asks for. `VIDEO` alone ended on 2023-11-09 and is for carousel children only (§6): 100/2207023. */
export function containerKind(params: Params): { readonly kind: ContainerKind; readonly isChild: boolean } {
  const isChild = bool(params, "is_carousel_item") ?? false;
  const type = params.text("media_type");
  if (type === undefined) return { kind: "IMAGE", isChild };
  const isKnown = type === "REELS" || type === "CAROUSEL" || type === "STORIES" || (type === "VIDEO" && isChild);
  if (!isKnown || (isChild && type !== "VIDEO"))
    throw invalidParameter(`Unknown or unsupported media type ${type}`, 2207023);
  return { kind: type, isChild };
}

/** Refuses parameters a kind does not take, then checks each value (§6, §12, §14). */
export function checkContainer(params: Params, kind: ContainerKind, isChild: boolean): void {
  const names = isChild ? childAllowed : allowed[kind];
  for (const name of [...containerParams, ...facebookLoginParams])
    if (params.has(name) && !names.includes(name) && !(name === "is_carousel_item" && !isChild))
      throw invalidParameter(`Param ${name} is not supported for ${isChild ? "carousel items" : kind}`);
  const isVideo = kind === "REELS" || kind === "VIDEO" || params.has("video_url") || params.has("upload_type");
  checkCaption(params.text("caption") ?? "");
  if (params.has("alt_text") && isVideo) throw invalidParameter("Param alt_text is for images only");
  if ((params.text("alt_text") ?? "").length > maxAltChars)
    throw invalidParameter(`Param alt_text must be at most ${maxAltChars} characters`);
  checkTags(params, isVideo);
  const collaborators = textList(params, "collaborators");
  if (collaborators && collaborators.length > maxCollaborators)
    throw invalidParameter(`At most ${maxCollaborators} collaborators are allowed`);
  if (params.has("location_id") && !/^\d+$/.test(params.text("location_id") ?? ""))
    throw invalidParameter("Param location_id must be a Page id");
  jsonParam(params, "trial_params", Trial, '{"graduation_strategy": "MANUAL" or "SS_PERFORMANCE"}');
  for (const name of ["share_to_feed", "is_ai_generated", "is_paid_partnership"]) bool(params, name);
  checkThumbOffset(params);
}

/** 36004/2207010 for captions too long (§12, §14: 2200 UTF-16 units, 30 hashtags, 20 mentions). */
function checkCaption(caption: string): void {
  const hashtags = caption.match(/#[\p{L}\p{N}_]+/gu) ?? [];
  const mentions = caption.match(/(?<![\w.])@[\w.]+/g) ?? [];
  if (caption.length > 2200 || hashtags.length > 30)
    throw new GraphError({ code: 36004, subcode: 2207010, message: "(#36004) The caption was too long" });
  if (mentions.length > maxTags) throw invalidParameter("Too many mentions", 2207040);
}

/** user_tags: x and y for images, username alone for Reels; more than 20 answer 100/2207040 (§6, §12). */
function checkTags(params: Params, isVideo: boolean): void {
  const tags = isVideo
    ? jsonParam(params, "user_tags", z.array(ReelTag), 'a JSON array of {"username": "..."}')
    : jsonParam(params, "user_tags", z.array(ImageTag), 'a JSON array of {"username": "...", "x": 0.5, "y": 0.5}');
  if (tags && tags.length > maxTags) throw invalidParameter("Too many user tags", 2207040);
}

/** 1/2207057: thumb_offset is not a number of milliseconds (§12). */
function checkThumbOffset(params: Params): void {
  const value = params.text("thumb_offset");
  if (value === undefined) return;
  if (!/^\d+$/.test(value))
    throw new GraphError({ code: 1, subcode: 2207057, message: "(#1) The thumb_offset is invalid" });
  unsignedInt(params, "thumb_offset");
}
