import { bool, invalidParameter, jsonParam, oneOf, type Params, textList } from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import type { Call } from "./call.ts";
import { type Draft, type MediaKind, mediaKinds, replyControls } from "./model.ts";
import { countText, linksIn, topicIn } from "./text-rules.ts";
import { missingPermission, named, refuse } from "./words.ts";

// Fact sheet, sections 5 and 13.

export const containerParams: readonly string[] = [
  "media_type",
  "text",
  "image_url",
  "video_url",
  "alt_text",
  "is_carousel_item",
  "children",
  "auto_publish_text",
  "reply_to_id",
  "quote_post_id",
  "link_attachment",
  "poll_attachment",
  "gif_attachment",
  "text_attachment",
  "reply_control",
  "topic_tag",
  "text_entities",
  "is_spoiler_media",
  "is_ghost_post",
  "location_id",
  "allowlisted_country_codes",
  "enable_reply_approvals",
  "crossreshare_to_ig",
  "crossreshare_to_ig_dark_mode",
];

const choice = z.string().min(1).max(25);
const Poll = z.strictObject({
  option_a: choice,
  option_b: choice,
  option_c: choice.optional(),
  option_d: choice.optional(),
});
const Gif = z.strictObject({ gif_id: z.string().min(1), provider: z.string() });
const span = { offset: z.int().min(0), length: z.int().min(1) };
const Entities = z.array(z.strictObject({ entity_type: z.literal("SPOILER"), ...span })).max(10);
const TextAttachment = z.strictObject({
  plaintext: z.string().min(1),
  link_attachment_url: z.url().exactOptional(),
  text_with_styling_info: z.array(z.strictObject({ ...span, styling_info: z.array(z.string()) })).optional(),
});

const onlyText = ["auto_publish_text", "link_attachment", "poll_attachment", "gif_attachment", "text_attachment"];

/** What a new container says, or the refusal of its create call. */
export function readDraft(call: Call): { readonly draft: Draft; readonly isChild: boolean } {
  const { params } = call;
  const kind = oneOf(params, "media_type", mediaKinds);
  if (kind === undefined) throw invalidParameter("The parameter media_type is required");
  const isChild = bool(params, "is_carousel_item") ?? false;
  if (isChild && (kind === "TEXT" || kind === "CAROUSEL"))
    throw invalidParameter(`Param is_carousel_item does not go with media_type ${kind}`);
  if (kind !== "TEXT")
    for (const name of [...onlyText, "is_ghost_post"])
      if (params.has(name) && params.text(name) !== "false")
        throw invalidParameter(`Param ${name} is only for media_type TEXT`);
  const attached = readAttachments(call);
  const text = params.text("text") ?? "";
  checkText(call, kind, text, attached.link);
  const places = readAudience(call);
  const quoteId = postNamed(call, "quote_post_id");
  const replyToId = postNamed(call, "reply_to_id");
  if (replyToId !== undefined) needScope(call, "threads_manage_replies");
  const said = Object.values(attached).some((one) => one !== undefined);
  if (kind === "TEXT" && text.trim() === "" && !said && quoteId === undefined)
    throw invalidParameter("The text can't be blank");
  const altText = params.text("alt_text");
  if (altText !== undefined && [...altText].length > 1000)
    throw invalidParameter("Param alt_text must be at most 1000 characters");
  const draft: Draft = {
    kind,
    text,
    ...given({ altText, quoteId, replyToId, ...attached }),
    ...topicOf(params, text),
    ...places,
    spoilers: spoilersOf(params, text),
    isSpoilerMedia: bool(params, "is_spoiler_media") ?? false,
    isGhost: bool(params, "is_ghost_post") ?? false,
  };
  return { draft, isChild };
}

/** Only names with a value. */
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

function readAttachments({ params }: Call) {
  const poll = jsonParam(params, "poll_attachment", Poll, "a poll of 2 to 4 options with 1 to 25 characters each");
  const gif = jsonParam(params, "gif_attachment", Gif, "a gif_id and its provider");
  // Tenor ended on 2026-03-31.
  if (gif && gif.provider !== "GIPHY") throw invalidParameter(`The provider ${gif.provider} is not supported`);
  const attachment = jsonParam(params, "text_attachment", TextAttachment, "an object with plaintext");
  if (attachment && [...attachment.plaintext].length > 10_000)
    throw invalidParameter("The plaintext of a text attachment must be at most 10000 characters");
  const link = params.text("link_attachment");
  if (link !== undefined && (!URL.canParse(link) || !/^https?:/.test(link)))
    throw invalidParameter("Param link_attachment must be a valid URI");
  return { poll: poll && given(poll), gif, textAttachment: attachment, link };
}

function checkText({ world }: Call, kind: MediaKind, text: string, link: string | undefined): void {
  if (countText(text) > 500) throw invalidParameter("Param text must be at most 500 characters long.");
  const links = new Set([...linksIn(text), ...(link === undefined || kind !== "TEXT" ? [] : [link])]);
  const { maxLinks } = world.settings;
  if (links.size > maxLinks)
    throw named("THREADS_API__LINK_LIMIT_EXCEEDED", `A post may have at most ${maxLinks} links, it has ${links.size}`);
}

/** One topic: named beside the text, else the first tag in it. */
function topicOf(params: Params, text: string): Pick<Draft, "topic" | "isTopicFromText"> {
  const topic = params.text("topic_tag");
  if (topic === undefined || topic === "") {
    const found = topicIn(text);
    return found === undefined ? {} : { topic: found, isTopicFromText: true };
  }
  if ([...topic].length > 50 || /[.&]/.test(topic))
    throw invalidParameter("Param topic_tag must have 1 to 50 characters, and no period or ampersand");
  return { topic };
}

function spoilersOf(params: Params, text: string): Draft["spoilers"] {
  const entities = jsonParam(params, "text_entities", Entities, "a list of at most 10 entities of type SPOILER") ?? [];
  if (entities.some(({ offset, length }) => offset + length > text.length))
    throw invalidParameter("An entity of text_entities ends behind the text");
  return entities.map(({ offset, length }) => ({ offset, length }));
}

function needScope({ scopes }: Call, scope: string): void {
  if (!scopes.has(scope)) throw missingPermission([scope]);
}

/** Who may see and answer it, and where it was made. */
function readAudience(call: Call) {
  const { params, person, world } = call;
  const countries = textList(params, "allowlisted_country_codes") ?? [];
  if (countries.length > 0 && !person.isEligibleForGeoGating)
    throw named("THREADS_API__FEATURE_NOT_AVAILABLE", "Geo-gating is not available to this account");
  if (countries.some((code) => !/^[A-Z]{2}$/.test(code)))
    throw named("THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES", "The country codes are invalid");
  const isSharedToInstagram = bool(params, "crossreshare_to_ig") ?? false;
  bool(params, "crossreshare_to_ig_dark_mode");
  if (isSharedToInstagram) needScope(call, "threads_share_to_instagram");
  const locationId = params.text("location_id");
  if (locationId !== undefined) {
    needScope(call, "threads_location_tagging");
    if (world.places.get(locationId) === undefined) throw invalidParameter("Param location_id is no known location");
  }
  return {
    replyControl: oneOf(params, "reply_control", replyControls) ?? ("everyone" as const),
    needsApproval: bool(params, "enable_reply_approvals") ?? false,
    countries,
    isSharedToInstagram,
    ...(locationId === undefined ? {} : { locationId }),
  };
}

/** The post an id names for an answer or a quote; an empty one is as good as none. */
function postNamed({ params, world }: Call, name: string): string | undefined {
  const id = params.text(name);
  if (id === undefined || id === "") return undefined;
  const post = world.posts.get(id);
  if (post === undefined || post.parentId !== undefined)
    throw refuse(100, `(#100) Param ${name}: the post does not exist`, { subcode: 33 });
  return id;
}
