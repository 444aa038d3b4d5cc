import { countGraphemes, countUtf8Bytes } from "@postd/connector-kit";
import { z } from "zod";
import { isCid, isDid, isHandle, isNsid, isRecordKey, parseAtUri } from "./ids.ts";

// Shapes and numbers: lexicons app.bsky.feed.*, app.bsky.richtext.facet, app.bsky.embed.*, com.atproto.label.defs.
// Objects are strict here although lexicon objects are open: a field the platform would ignore is a client's mistake.
// Unions are open, as theirs are: what has an unknown `$type` is taken.

/** A text of a named form; the complaint is "Invalid <name> (got ...)". */
const format = (name: string, test: (text: string) => boolean) =>
  z.string().refine(test, { error: `Invalid ${name}`, params: { got: true } });

export const nsid = format("NSID", isNsid);
export const recordKey = z
  .string()
  .max(512)
  .check(z.refine(isRecordKey, { error: "Invalid record key", params: { got: true } }));
export const did = format("DID", isDid);
export const handle = format("handle", isHandle);
export const cidText = format("CID string", isCid);
export const atIdentifier = format("AT identifier", (text) => isDid(text) || isHandle(text));
const uri = format("uri", (text) => /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text) && countUtf8Bytes(text) <= 8192);
const atUri = format("at-uri", (text) => parseAtUri(text) !== undefined);
const language = format("language", (text) => /^([a-z]{2,3}|i)(-[A-Za-z0-9]{1,8})*$/.test(text));
/** Needs date, time with seconds and a zone; `-00:00` is refused (atproto.com/specs/lexicon, datetime, 2026). */
const datetime = format(
  "datetime",
  (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)$/.test(text) &&
    !text.endsWith("-00:00") &&
    !Number.isNaN(Date.parse(text)),
);

/** Bytes are looked at first, as a PDS does. */
const text = (maxBytes: number, maxGraphemes: number) =>
  z.string().superRefine((given, context) => {
    const [bytes, graphemes] = [countUtf8Bytes(given), countGraphemes(given)];
    if (bytes > maxBytes)
      context.addIssue({ code: "custom", message: `string too big (maximum ${maxBytes}, got ${bytes})` });
    else if (graphemes > maxGraphemes)
      context.addIssue({ code: "custom", message: `grapheme too big (maximum ${maxGraphemes}, got ${graphemes})` });
  });

/** One of these by `$type`, or anything of another. */
const open = (known: Readonly<Record<string, z.ZodType>>) =>
  z.unknown().superRefine((value, context) => {
    const typed = z.looseObject({ $type: z.string() }).safeParse(value);
    if (!typed.success) {
      const message = 'Expected an object which includes the "$type" property value type';
      context.addIssue({ code: "custom", message, params: { got: true } });
      return;
    }
    const parsed = known[typed.data.$type]?.safeParse(value);
    for (const issue of parsed?.error?.issues ?? []) context.addIssue({ ...issue, path: [...issue.path] } as never);
  });

export const StrongRef = z.strictObject({
  $type: z.literal("com.atproto.repo.strongRef").optional(),
  uri: atUri,
  cid: cidText,
});
export type StrongRef = z.infer<typeof StrongRef>;

export const BlobRef = z.strictObject({
  $type: z.literal("blob"),
  ref: z.strictObject({ $link: cidText }),
  mimeType: z.string().min(1),
  size: z.int().min(0),
});
export type BlobRef = z.infer<typeof BlobRef>;

/** `accept` and `maxBytes` are checked on what the record says; the bytes are checked later. */
const blob = (accept: string, maxBytes: number) =>
  z
    .unknown()
    .superRefine((value, context) => {
      const ref = BlobRef.safeParse(value);
      if (!ref.success)
        return context.addIssue({ code: "custom", message: "Expected blob value type", params: { got: true } });
      const { mimeType, size } = ref.data;
      if (!new RegExp(`^${accept.replace("*", ".+")}$`).test(mimeType))
        context.addIssue({
          code: "custom",
          path: ["mimeType"],
          message: `Expected "${accept}"`,
          params: { got: true },
        });
      else if (size > maxBytes)
        context.addIssue({ code: "custom", message: `blob too big (maximum ${maxBytes}, got ${size})` });
    })
    .transform((value) => BlobRef.parse(value));

const aspectRatio = z.strictObject({ width: z.int().min(1), height: z.int().min(1) });
const image = z.strictObject({
  image: blob("image/*", 2_000_000),
  alt: z.string(),
  aspectRatio: aspectRatio.optional(),
});
const Images = z.strictObject({ $type: z.literal("app.bsky.embed.images"), images: z.array(image).max(4) });
const Gallery = z.strictObject({
  $type: z.literal("app.bsky.embed.gallery"),
  items: z.array(image.extend({ $type: z.literal("app.bsky.embed.gallery#image"), aspectRatio })).max(20),
});
const Video = z.strictObject({
  $type: z.literal("app.bsky.embed.video"),
  video: blob("video/mp4", 300_000_000),
  captions: z
    .array(z.strictObject({ lang: language, file: blob("text/vtt", 20_000) }))
    .max(20)
    .optional(),
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
    thumb: blob("image/*", 1_000_000).optional(),
    associatedRefs: z.array(StrongRef).optional(),
  }),
});
const Quote = z.strictObject({ $type: z.literal("app.bsky.embed.record"), record: StrongRef });
const Media = z.discriminatedUnion("$type", [Images, Gallery, Video, External]);
const byType = (schemas: readonly z.ZodObject<{ $type: z.ZodLiteral<string> }>[]) =>
  Object.fromEntries(schemas.map((schema) => [schema.shape.$type.value, schema]));
const QuoteWithMedia = z.strictObject({
  $type: z.literal("app.bsky.embed.recordWithMedia"),
  record: z.strictObject({ $type: z.literal("app.bsky.embed.record").optional(), record: StrongRef }),
  media: open(byType(Media.options)),
});

/** Variants of an open union, `<of>#<name>`. */
const variants = (of: string, fields: Readonly<Record<string, z.ZodRawShape>>) =>
  open(
    Object.fromEntries(
      Object.entries(fields).map(([name, shape]) => [
        `${of}#${name}`,
        z.strictObject({ $type: z.literal(`${of}#${name}`), ...shape }),
      ]),
    ),
  );
const facet = z.strictObject({
  $type: z.literal("app.bsky.richtext.facet").optional(),
  index: z.strictObject({
    $type: z.literal("app.bsky.richtext.facet#byteSlice").optional(),
    byteStart: z.int().min(0),
    byteEnd: z.int().min(0),
  }),
  features: z.array(
    variants("app.bsky.richtext.facet", { link: { uri }, mention: { did }, tag: { tag: text(640, 64) } }),
  ),
});
const labels = z.strictObject({
  $type: z.literal("com.atproto.label.defs#selfLabels"),
  values: z.array(z.strictObject({ val: z.string().max(128) })).max(10),
});

export const PostRecord = z.strictObject({
  $type: z.literal("app.bsky.feed.post"),
  text: text(3000, 300),
  createdAt: datetime,
  facets: z.array(facet).optional(),
  reply: z.strictObject({ root: StrongRef, parent: StrongRef }).optional(),
  embed: open(byType([...Media.options, Quote, QuoteWithMedia])).optional(),
  langs: z.array(language).max(3).optional(),
  labels: labels.optional(),
  tags: z.array(text(640, 64)).max(8).optional(),
});
export type PostRecord = z.infer<typeof PostRecord>;

const Embed = z.discriminatedUnion("$type", [...Media.options, Quote, QuoteWithMedia.extend({ media: Media })]);
export type Embed = z.infer<typeof Embed>;
/** A post's embed where it is of a kind known here. */
export const embedOf = (embed: unknown): Embed | undefined => Embed.safeParse(embed).data;

const gate = { post: atUri, createdAt: datetime };
const subject = { subject: StrongRef, createdAt: datetime, via: StrongRef.optional() };

/** Records whose lexicon is known here, by collection; their keys are TIDs. */
export const records: Readonly<Record<string, z.ZodType>> = {
  "app.bsky.feed.post": PostRecord,
  "app.bsky.feed.like": z.strictObject({ $type: z.literal("app.bsky.feed.like"), ...subject }),
  "app.bsky.feed.repost": z.strictObject({ $type: z.literal("app.bsky.feed.repost"), ...subject }),
  "app.bsky.feed.threadgate": z.strictObject({
    $type: z.literal("app.bsky.feed.threadgate"),
    ...gate,
    allow: z
      .array(
        variants("app.bsky.feed.threadgate", {
          mentionRule: {},
          followerRule: {},
          followingRule: {},
          listRule: { list: atUri },
        }),
      )
      .max(5)
      .optional(),
    hiddenReplies: z.array(atUri).max(300).optional(),
  }),
  "app.bsky.feed.postgate": z.strictObject({
    $type: z.literal("app.bsky.feed.postgate"),
    ...gate,
    detachedEmbeddingUris: z.array(atUri).max(50).optional(),
    embeddingRules: z
      .array(z.strictObject({ $type: z.literal("app.bsky.feed.postgate#disableRule") }))
      .max(5)
      .optional(),
  }),
};

/** A like or repost: what it is of. */
export const Engagement = z.looseObject({ subject: StrongRef });
/** A post as it is stored: what is of it was checked when it was written. */
export const StoredPost = z.looseObject({
  text: z.string(),
  embed: z.unknown().optional(),
  reply: z.strictObject({ root: StrongRef, parent: StrongRef }).optional(),
});
