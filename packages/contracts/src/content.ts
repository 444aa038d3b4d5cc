import { z } from "zod";
import { boundedJson, jsonBytes } from "./bounded.ts";
import { idSchema } from "./ids.ts";

const Text = z.string().max(100_000);
const WebAddress = z.url({ protocol: /^https?$/ }).max(2_000);
const Product = z.string().min(1).max(200);
const Part = z.number().min(0).max(1);

/** Shown as a card of its own; what is left out the page says, or the platform. */
export const LinkInput = z.strictObject({
  url: WebAddress,
  title: z.string().min(1).max(300).optional(),
  description: z.string().max(1_000).optional(),
  thumbMediaId: idSchema("media").optional(),
});

/** The names an account goes by, by platform: a handle, or a URN where the platform has those. */
export const MentionHandles = z
  .record(z.string().max(40), z.string().trim().min(1).max(500))
  .refine((handles) => Object.keys(handles).length <= 60, "must be at most 60 platforms");
export const MentionName = z.string().trim().min(1).max(200);

/** A saved person or company by its id, or one named only here. It stands where the text says `@` and its name. */
export const MentionInput = z.union([
  z.strictObject({ id: idSchema("mention") }),
  z.strictObject({ name: MentionName, handles: MentionHandles }),
]);
export type MentionInput = z.infer<typeof MentionInput>;

/** With or without its `#`; one word. */
const Hashtag = z
  .string()
  .max(200)
  .transform((tag) => tag.replace(/^[#＃]/u, ""))
  .refine((tag) => /^[^\s#＃@]{1,199}$/u.test(tag), "must be one word, such as coffee");

export const ProductTagInput = z.strictObject({
  productId: Product,
  productName: Product.optional(),
  price: z.string().max(50).optional(),
  link: WebAddress.optional(),
  /** In parts of the picture's width and height, from the upper left corner. */
  position: z.strictObject({ x: Part, y: Part }),
});

const Share = z.number().min(0.01).max(1);
/** Rounding of thirds and the like. */
const slack = 1e-6;

/** The part of a picture that goes out, in parts of its width and height, from the upper left corner. */
export const CropInput = z
  .strictObject({ x: Part, y: Part, width: Share, height: Share })
  .refine(({ x, width }) => x + width <= 1 + slack, { path: ["width"], message: "and x reach beyond the right side" })
  .refine(({ y, height }) => y + height <= 1 + slack, {
    path: ["height"],
    message: "and y reach beyond the lower side",
  });

const MediaItems = z
  .array(z.strictObject({ id: idSchema("media"), crop: CropInput.optional() }))
  .max(20)
  .refine((items) => new Set(items.map(({ id }) => id)).size === items.length, "must name each file once");

const small = (value: unknown) => jsonBytes(value) <= 64_000;
const tooLarge = "must be at most 64 KB as JSON";

/** The words all platforms share. One that a platform does not know is refused for its accounts, by name. */
export const contentFields = {
  text: Text.optional(),
  /** An older name of `text`. */
  content: Text.optional(),
  format: z.string().max(40).optional(),
  mediaIds: z.array(idSchema("media")).max(20).optional(),
  /** The same files with the part of each picture that goes out, in place of `mediaIds`. */
  media: MediaItems.optional(),
  /** Options of the platform, by the schema `GET /api/platforms` gives. */
  options: boundedJson(64_000).optional(),
  /** Further parts of a thread, in order. */
  parts: z
    .array(z.strictObject({ text: Text.min(1) }))
    .max(50)
    .optional(),
  link: LinkInput.optional(),
  mentions: z.array(MentionInput).max(50).refine(small, tooLarge).optional(),
  hashtags: z.array(Hashtag).max(60).optional(),
  productTags: z.array(ProductTagInput).max(20).optional(),
  /** Written under the post right after it is out. */
  firstComment: z.string().min(1).max(10_000).optional(),
} as const;

/** A version, or a change, takes away what is null. */
export const clearableFields = {
  ...contentFields,
  link: LinkInput.nullable().optional(),
  firstComment: contentFields.firstComment.nullable(),
} as const;

type Named = { readonly text?: string | undefined; readonly content?: string | undefined };

/** What the author wrote, by either name. */
export const textIn = ({ text, content }: Named): string | undefined => text ?? content;

type Said<T = Named> = [(input: T) => boolean, { path: string[]; message: string }];

export const needsText: Said = [
  (input) => textIn(input) !== undefined,
  { path: ["text"], message: 'is missing; an empty text is written as ""' },
];

export const oneText: Said = [
  ({ text, content }) => text === undefined || content === undefined || text === content,
  { path: ["text"], message: "and content are two names of one thing, and differ; send text alone" },
];

export const oneList: Said<{ readonly mediaIds?: unknown; readonly media?: unknown }> = [
  ({ mediaIds, media }) => mediaIds === undefined || media === undefined,
  { path: ["media"], message: "and mediaIds are two ways of one thing; send one of them" },
];
