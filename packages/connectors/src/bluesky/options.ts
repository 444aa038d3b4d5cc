import {
  countGraphemes,
  countUtf8Bytes,
  mediaIdOption,
  type OutgoingPost,
  type PostProblem,
  type TextLimit,
} from "@postd/connector-kit";
import { z } from "zod";
import { isTag } from "./richtext.ts";

const strongRef = z.strictObject({
  uri: z
    .string()
    .regex(/^at:\/\/did:[a-z]+:[^/]+\/app\.bsky\.feed\.post\/[A-Za-z0-9._~:-]+$/, "must be an at:// address of a post"),
  cid: z.string().min(1).max(200),
});

const webAddress = z.url({ protocol: /^https?$/, error: "must be a web address with https://" }).max(2000);

/** @source fact sheet "Publishing", Images and Link card (2026-11-20) */
export const pictureTypes = ["image/jpeg", "image/png", "image/webp"];
export const PICTURE_MAX_BYTES = 2_000_000;
export const THUMB_MAX_BYTES = 1_000_000;

/** What a post may carry beyond text and pictures. */
export const BlueskyOptions = z.strictObject({
  langs: z
    .array(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, "must be a language such as en or pt-BR"))
    .max(3)
    .optional()
    .meta({ title: "Languages", description: "Up to three languages of the text, such as en or pt-BR." }),
  labels: z
    .array(z.string().regex(/^!?[a-z][a-z-]{0,63}$/, "must be a label such as nudity"))
    .max(10)
    .optional()
    .meta({ title: "Content warnings", description: "Labels put on your own post, such as nudity or graphic-media." }),
  tags: z
    .array(z.string().refine(isTag, "must be a tag without #, at most 64 characters"))
    .max(8)
    .optional()
    .meta({ title: "Hidden tags", description: "Tags that are not in the text." }),
  replies: z
    .array(z.string())
    .max(20)
    .optional()
    .meta({ title: "Thread", description: "Further posts, each a reply to the one before." }),
  linkCard: z
    .union([
      z.literal(false),
      z.strictObject({
        uri: webAddress,
        title: z.string().min(1).max(300),
        description: z.string().max(1000).default(""),
        thumbMediaId: mediaIdOption({
          label: "The card's picture",
          mimeTypes: pictureTypes,
          maxBytes: THUMB_MAX_BYTES,
        }).optional(),
      }),
    ])
    .optional()
    .meta({
      title: "Link card",
      description:
        "A preview shown below the text. Left out: made from the page the first link leads to. false: none. Or your own.",
    }),
  replyTo: strongRef
    .extend({ root: strongRef.optional() })
    .optional()
    .meta({ title: "Reply to", description: "The post this one answers; root is the first of its thread." }),
});
export type BlueskyOptions = z.output<typeof BlueskyOptions>;

/** Options of a post that has been checked; throws on one that has not, which is our mistake. */
export const optionsOf = (post: Pick<OutgoingPost, "options">): BlueskyOptions => BlueskyOptions.parse(post.options);

/** The card an author gave, with a title of its own; undefined where there is none or it is made from the page. */
export function explicitCard({ link, options }: Pick<OutgoingPost, "options" | "link">) {
  const { linkCard } = optionsOf({ options });
  if (!link) return linkCard === false ? undefined : linkCard;
  const { url: uri, title, description = "", thumbMediaId } = link;
  return title === undefined ? undefined : { uri, title, description, ...(thumbMediaId ? { thumbMediaId } : {}) };
}

/** The author's own picture for the card. */
export const cardPictureId = (post: Pick<OutgoingPost, "options" | "link">): string | undefined =>
  post.link?.thumbMediaId ?? explicitCard(post)?.thumbMediaId;

/** Further parts of the thread: the word all platforms share, or the older option. */
export const repliesOf = ({ parts, options }: Pick<OutgoingPost, "options" | "parts">): readonly string[] =>
  parts?.map(({ text }) => text) ?? optionsOf({ options }).replies ?? [];

/**
 * Both apply: 300 graphemes and 3,000 UTF-8 bytes; addresses count in full.
 * @source fact sheet "Media/text constraints" (2026-11-20)
 */
export const textLimit: TextLimit = {
  max: 300,
  maxBytes: 3000,
  unit: "graphemes",
  count: countGraphemes,
  rule: "graphemes",
};

/** Rules across fields: every part of a thread fits, a card and pictures exclude each other, pictures are described. */
export function validate(post: OutgoingPost): readonly PostProblem[] {
  const { replies = [], linkCard } = optionsOf(post);
  const problems: PostProblem[] = [];
  for (const [index, text] of replies.entries()) {
    const field = `options.replies.${index}`;
    const over = countGraphemes(text) - textLimit.max;
    if (text.trim() === "")
      problems.push({
        field,
        code: "text_required",
        message: `Part ${index + 2} of the thread is empty. Write it or remove it.`,
        severity: "error",
      });
    if (over > 0)
      problems.push({
        field,
        code: "text_too_long",
        message: `Part ${index + 2} of the thread is ${over + textLimit.max} characters; Bluesky takes 300. Remove ${over}.`,
        severity: "error",
      });
    else if (countUtf8Bytes(text) > 3000)
      problems.push({
        field,
        code: "text_too_large",
        message: `Part ${index + 2} of the thread takes more than 3000 bytes. Shorten it.`,
        severity: "error",
      });
  }
  if (linkCard && post.media.length > 0)
    problems.push({
      field: "options.linkCard",
      code: "card_and_media",
      message: "Bluesky shows either pictures or a link card. Remove one of them.",
      severity: "error",
    });
  for (const [index, media] of post.media.entries())
    if (!media.altText?.trim())
      problems.push({
        field: `media.${index}.altText`,
        code: "alt_missing",
        message: "This picture has no description. Add one for people who cannot see it.",
        severity: "warning",
      });
  return problems;
}
