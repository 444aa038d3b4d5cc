import {
  type AccountRef,
  countUtf16,
  type MediaRule,
  type OutgoingPost,
  type PostProblem,
  type Publishing,
  type TextLimit,
} from "@postd/connector-kit";
import { z } from "zod";
import { commentaryOf } from "./little-text.ts";

export const TEXT_MAX = 3_000;
export const ALT_MAX = 4_085;
export const TITLE_MAX = 399;

/** UTF-16 code units, so most emoji count two. @source platforms/linkedin.md "Media constraints" */
export const textLimit: TextLimit = { max: TEXT_MAX, unit: "utf16", count: countUtf16, rule: "utf16" };
/** A poll or an article may stand without words. */
export const optionalText: TextLimit = { ...textLimit, required: false };

export const LinkedinOptions = z.strictObject({
  visibility: z.enum(["PUBLIC", "CONNECTIONS"]).optional(),
  /** Title of a video or document. */
  title: z.string().trim().min(1).max(400).optional(),
  disableReshare: z.boolean().optional(),
  /** What a link's picture shows, for those who cannot see it. */
  thumbnailAltText: z.string().trim().min(1).max(ALT_MAX).optional(),
  poll: z
    .strictObject({
      question: z.string().trim().min(1).max(140),
      options: z.array(z.string().trim().min(1).max(30)).min(2).max(4),
      duration: z.enum(["ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS"]).default("THREE_DAYS"),
    })
    .optional(),
});
export type LinkedinOptions = z.output<typeof LinkedinOptions>;
export const optionsOf = (post: Pick<OutgoingPost, "options">): LinkedinOptions => LinkedinOptions.parse(post.options);

export const pictures: NonNullable<MediaRule["image"]> = {
  mimeTypes: ["image/jpeg", "image/png", "image/gif"],
  maxBytes: 8_000_000,
  maxPixels: 36_152_319,
};
/** What a link may be shown with. */
export const cardRule: NonNullable<Publishing["link"]> = {
  formats: ["article"],
  thumb: { mimeTypes: pictures.mimeTypes, maxBytes: pictures.maxBytes },
  title: { ...optionalText, max: TITLE_MAX },
  description: { ...optionalText, max: ALT_MAX },
};
export const altLimit: TextLimit = { ...optionalText, max: ALT_MAX };
export const films: NonNullable<MediaRule["video"]> = {
  mimeTypes: ["video/mp4"],
  maxBytes: 500_000_000,
  minBytes: 75_000,
  minMs: 3_000,
  maxMs: 30 * 60_000,
};
export const documents = {
  mimeTypes: [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  ],
  maxBytes: 100_000_000,
  maxPages: 300,
};
/** Rules that stand in no table of limits. */
export function validate(post: OutgoingPost, account: AccountRef): readonly PostProblem[] {
  const problems: PostProblem[] = [];
  const add = (field: string, code: string, message: string, severity: PostProblem["severity"] = "error") =>
    problems.push({ field, code, message, severity });
  const options = LinkedinOptions.safeParse(post.options).data ?? {};
  if (options.visibility === "CONNECTIONS" && account.kind === "page")
    add("options.visibility", "not_for_account", "A page has no connections. Choose PUBLIC, or leave this out.");
  if (post.format === "poll" && !options.poll)
    add("options.poll", "poll_required", "A poll needs a question and two to four answers. Add them.");
  if (post.format === "document" && !options.title && !post.media[0]?.fileName)
    add("options.title", "title_required", "LinkedIn asks for a title of the document. Write one.");
  if (post.format === "article" && !post.link)
    add("link", "link_required", "An article needs the link it shows. Add it, or choose the format text.");
  // Whether the escapes count is not told, so a text that is close to the end is kept under it with them.
  const sent = countUtf16(commentaryOf(post));
  if (sent > TEXT_MAX && countUtf16(post.text) <= TEXT_MAX)
    add(
      "text",
      "text_too_long",
      `With LinkedIn's marks for names, hashtags and brackets this is ${sent} characters; LinkedIn takes ${TEXT_MAX}. Remove ${sent - TEXT_MAX}.`,
    );
  return problems;
}
