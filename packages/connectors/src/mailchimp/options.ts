import {
  countUtf16,
  type MediaRule,
  nameOfMedium,
  type OutgoingPost,
  type PostProblem,
  type TextLimit,
} from "@postd/connector-kit";
import { z } from "zod";
import { htmlOf } from "./content.ts";

/** Mailchimp names no limit; this much plain text stays below what mail programs cut off. */
export const TEXT_MAX = 40_000;
export const textLimit: TextLimit = { max: TEXT_MAX, unit: "utf16", count: countUtf16, rule: "utf16" };

/** @source platforms/mailchimp.md "Content constraints" */
const LINE_MAX = 150;
const LIGHT_BYTES = 1_000_000;
export const CLIPPED_BYTES = 102 * 1024;

export const pictureRule: MediaRule = {
  min: 0,
  max: 20,
  image: { mimeTypes: ["image/jpeg", "image/png", "image/gif"], maxBytes: 10_000_000 },
};

const line = (title: string, description: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(LINE_MAX)
    .regex(/^[^\r\n]*$/, "must be one line")
    .optional()
    .meta({ title, description });

export const MailchimpOptions = z.strictObject({
  subject: line("Subject", "What stands in the inbox. Merge tags such as *|FNAME|* are filled in."),
  previewText: line("Preview text", "Shown behind the subject in many inboxes."),
  fromName: line("From name", "Default: the audience's own."),
  replyTo: z.email().max(254).optional().meta({
    title: "From address",
    description: "Answers go there too. Its domain is verified in Mailchimp. Default: the audience's own.",
  }),
  segment: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .meta({
      title: "Segment or tag",
      description: "Only these people of the audience get it. Default: all subscribed.",
    }),
  template: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .meta({ title: "Template", description: "The post takes the place of one of its areas. Default: a plain layout." }),
  templateArea: z.string().trim().min(1).max(100).optional().meta({
    title: "Template area",
    description: "Which area, by its mc:edit name. Needed where the template has several.",
  }),
  title: line("Title", "Names the campaign within Mailchimp; nobody else sees it. Default: the subject."),
});
export type MailchimpOptions = z.output<typeof MailchimpOptions>;
export const optionsOf = ({ options }: Pick<OutgoingPost, "options">): MailchimpOptions =>
  MailchimpOptions.safeParse(options).data ?? {};

const problem = (
  field: string,
  code: string,
  message: string,
  severity: PostProblem["severity"] = "error",
): PostProblem => ({ field, code, message, severity });

/** Mail programs tell mail from a free provider's address that a company sends as forged. */
const freeMail = /@(gmail|googlemail|yahoo|ymail|aol|hotmail|outlook|live|icloud|gmx|web)\.[a-z.]+$/i;

/** Rules beyond limits, media and the options' own shape. Pure. */
export function validate(post: OutgoingPost): readonly PostProblem[] {
  const { subject, replyTo, template, templateArea } = optionsOf(post);
  const found: PostProblem[] = [];
  if (!subject)
    found.push(
      problem("options.subject", "subject_required", "A campaign needs a subject. Write the line people see first."),
    );
  if (templateArea && !template)
    found.push(
      problem(
        "options.templateArea",
        "no_template",
        "This names an area of a template, and none is chosen. Choose one, or leave it out.",
      ),
    );
  if (replyTo && freeMail.test(replyTo))
    found.push(
      problem(
        "options.replyTo",
        "free_mail_sender",
        "Gmail, Yahoo and others refuse mail that a company sends from their addresses. Use an address of a domain that is verified in Mailchimp.",
        "warning",
      ),
    );
  const sizeBytes = new TextEncoder().encode(htmlOf(post, [])).length;
  if (sizeBytes > CLIPPED_BYTES)
    found.push(
      problem(
        "text",
        "clipped",
        "Gmail cuts a mail of this length off and hides the rest behind a link. Shorten it.",
        "warning",
      ),
    );
  for (const [index, item] of post.media.entries())
    if (item.sizeBytes > LIGHT_BYTES)
      found.push(
        problem(
          `media.${index}`,
          "picture_heavy",
          `${nameOfMedium(post.media, index)} is larger than 1 MB, which many people wait for when they open the mail. Export it smaller.`,
          "warning",
        ),
      );
  return found;
}
