import { z } from "zod";
import { isDid, parseAtUri } from "./ids.ts";

// Shapes and numbers: lexicons app.bsky.feed.post, app.bsky.richtext.facet, app.bsky.embed.*, com.atproto.label.defs.
// Objects are strict here although lexicon objects are open: a field the platform would ignore is a client's mistake.

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
export const countGraphemes = (text: string): number => [...segmenter.segment(text)].length;
export const countBytes = (text: string): number => new TextEncoder().encode(text).byteLength;

/** Order and words of a real PDS: bytes first, then "grapheme too big (maximum 300, got 301)". */
function lexString(maxBytes: number, maxGraphemes: number) {
  return z.string().superRefine((text, context) => {
    const [bytes, graphemes] = [countBytes(text), countGraphemes(text)];
    if (bytes > maxBytes)
      context.addIssue({ code: "custom", message: `string too big (maximum ${maxBytes}, got ${bytes})` });
    else if (graphemes > maxGraphemes)
      context.addIssue({ code: "custom", message: `grapheme too big (maximum ${maxGraphemes}, got ${graphemes})` });
  });
}

function lexArray<T extends z.ZodType>(item: T, max: number) {
  return z.array(item).refine((items) => items.length <= max, {
    error: ({ input }) => `array too big (maximum ${max}, got ${(input as unknown[]).length})`,
  });
}

const uri = z
  .string()
  .regex(/^[a-z][a-z0-9+.-]*:[^\s]+$/i, "Invalid uri")
  .refine((text) => countBytes(text) <= 8192, "Invalid uri");
const did = z.string().refine(isDid, "Invalid DID");
const atUri = z.string().refine((text) => parseAtUri(text) !== undefined, "Invalid AT-URI");
const cid = z.string().regex(/^b[a-z2-7]{58}$/, "Invalid CID");
/** Needs date, time with seconds and a zone; `-00:00` is refused (atproto.com/specs/lexicon, datetime, 2026). */
export const datetime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)$/, "Invalid datetime")
  .refine((text) => !text.endsWith("-00:00") && !Number.isNaN(Date.parse(text)), "Invalid datetime");
const language = z.string().regex(/^([a-z]{2,3}|i)(-[A-Za-z0-9]{1,8})*$/, "Invalid language");

export const StrongRef = z.strictObject({ $type: z.literal("com.atproto.repo.strongRef").optional(), uri: atUri, cid });
export type StrongRef = z.infer<typeof StrongRef>;

export const BlobRef = z.strictObject({
  $type: z.literal("blob"),
  ref: z.strictObject({ $link: cid }),
  mimeType: z.string().min(1),
  size: z.int().min(0),
});
export type BlobRef = z.infer<typeof BlobRef>;

/** `accept` and `maxSize` of a blob property are checked on what the record says; the bytes are checked later. */
function blob(accept: RegExp, maxBytes: number) {
  return BlobRef.superRefine((ref, context) => {
    if (!accept.test(ref.mimeType))
      context.addIssue({ code: "custom", message: `Unsupported blob mime type ${ref.mimeType}` });
    else if (ref.size > maxBytes)
      context.addIssue({ code: "custom", message: `blob too big (maximum ${maxBytes}, got ${ref.size})` });
  });
}

const aspectRatio = z.strictObject({ width: z.int().min(1), height: z.int().min(1) });
const image = z.strictObject({
  image: blob(/^image\//, 2_000_000),
  alt: z.string(),
  aspectRatio: aspectRatio.optional(),
});
const Images = z.strictObject({ $type: z.literal("app.bsky.embed.images"), images: lexArray(image, 4) });
const Gallery = z.strictObject({
  $type: z.literal("app.bsky.embed.gallery"),
  items: lexArray(image.extend({ $type: z.literal("app.bsky.embed.gallery#image"), aspectRatio }), 20),
});
const Video = z.strictObject({
  $type: z.literal("app.bsky.embed.video"),
  video: blob(/^video\/mp4$/, 300_000_000),
  captions: lexArray(z.strictObject({ lang: language, file: blob(/^text\/vtt$/, 20_000) }), 20).optional(),
  alt: z.string().optional(),
  aspectRatio: aspectRatio.optional(),
  presentation: z.enum(["default", "gif"]).optional(),
});
const External = z.strictObject({
  $type: z.literal("app.bsky.embed.external"),
  external: z.strictObject({
    uri,
    title: z.string(),
    description: z.string(),
    thumb: blob(/^image\//, 1_000_000).optional(),
    associatedRefs: z.array(StrongRef).optional(),
  }),
});
const Quote = z.strictObject({ $type: z.literal("app.bsky.embed.record"), record: StrongRef });
const QuoteWithMedia = z.strictObject({
  $type: z.literal("app.bsky.embed.recordWithMedia"),
  record: z.strictObject({ $type: z.literal("app.bsky.embed.record").optional(), record: StrongRef }),
  media: z.discriminatedUnion("$type", [Images, Gallery, Video, External]),
});

const facet = z.strictObject({
  $type: z.literal("app.bsky.richtext.facet").optional(),
  index: z.strictObject({
    $type: z.literal("app.bsky.richtext.facet#byteSlice").optional(),
    byteStart: z.int().min(0),
    byteEnd: z.int().min(0),
  }),
  features: z.array(
    z.discriminatedUnion("$type", [
      z.strictObject({ $type: z.literal("app.bsky.richtext.facet#link"), uri }),
      z.strictObject({ $type: z.literal("app.bsky.richtext.facet#mention"), did }),
      z.strictObject({ $type: z.literal("app.bsky.richtext.facet#tag"), tag: lexString(640, 64) }),
    ]),
  ),
});

const labels = z.strictObject({
  $type: z.literal("com.atproto.label.defs#selfLabels"),
  values: lexArray(z.strictObject({ val: z.string().max(128) }), 10),
});

export const PostRecord = z.strictObject({
  $type: z.literal("app.bsky.feed.post"),
  text: lexString(3000, 300),
  createdAt: datetime,
  facets: z.array(facet).optional(),
  reply: z.strictObject({ root: StrongRef, parent: StrongRef }).optional(),
  embed: z.discriminatedUnion("$type", [Images, Gallery, Video, External, Quote, QuoteWithMedia]).optional(),
  langs: lexArray(language, 3).optional(),
  labels: labels.optional(),
  tags: lexArray(lexString(640, 64), 8).optional(),
});
export type PostRecord = z.infer<typeof PostRecord>;

const gateRule = (name: string) => z.strictObject({ $type: z.literal(`app.bsky.feed.threadgate#${name}`) });
export const ThreadgateRecord = z.strictObject({
  $type: z.literal("app.bsky.feed.threadgate"),
  post: atUri,
  allow: lexArray(
    z.discriminatedUnion("$type", [
      gateRule("mentionRule"),
      gateRule("followerRule"),
      gateRule("followingRule"),
      z.strictObject({ $type: z.literal("app.bsky.feed.threadgate#listRule"), list: atUri }),
    ]),
    5,
  ).optional(),
  createdAt: datetime,
  hiddenReplies: lexArray(atUri, 300).optional(),
});
export const PostgateRecord = z.strictObject({
  $type: z.literal("app.bsky.feed.postgate"),
  post: atUri,
  createdAt: datetime,
  detachedEmbeddingUris: lexArray(atUri, 50).optional(),
  embeddingRules: lexArray(z.strictObject({ $type: z.literal("app.bsky.feed.postgate#disableRule") }), 5).optional(),
});
