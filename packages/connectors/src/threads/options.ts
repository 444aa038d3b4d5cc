import type { MediaRule, OutgoingPost, PostProblem } from "@postd/connector-kit";
import { z } from "zod";
import { wordProblems } from "./words.ts";

const audiences = [
  "everyone",
  "accounts_you_follow",
  "mentioned_only",
  "parent_post_author_only",
  "followers_only",
] as const;

export const isPostId = (text: string): boolean => /^\d{1,40}$/.test(text);

/** @source platforms/threads.md section 5 */
export const ThreadsOptions = z.strictObject({
  replyControl: z.enum(audiences).optional().meta({ title: "Who can reply", description: "Everyone where not set." }),
  topicTag: z
    .string()
    .min(1)
    .max(50)
    .regex(/^[^.&]*$/, "must hold neither . nor &")
    .optional()
    .meta({
      title: "Topic",
      description: "One a post, without the #. Without it the first #tag of the text becomes it.",
    }),
  poll: z
    .array(z.string().trim().min(1).max(25))
    .min(2)
    .max(4)
    .optional()
    .meta({ title: "Poll", description: "Two to four answers of up to 25 characters." }),
  longText: z
    .strictObject({
      text: z.string().trim().min(1).max(10_000).meta({ title: "Text", description: "Up to 10,000 characters." }),
      link: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta({ title: "Link below it" }),
    })
    .optional()
    .meta({ title: "Long text", description: "Shown below the post, folded up." }),
  gifId: z
    .string()
    .regex(/^[\w-]{1,100}$/, "must be the id of a GIF at GIPHY")
    .optional()
    .meta({ title: "GIF", description: "Its id at GIPHY: the last part of its address there." }),
  quote: z
    .string()
    .max(300)
    .refine(
      (text) => isPostId(text) || URL.canParse(text),
      "must be the id of a post, or the address of one of your own",
    )
    .optional()
    .meta({ title: "Quote", description: "A post by its id, or one of the account's newest 100 by its address." }),
  spoiler: z.boolean().optional().meta({ title: "Hide the media", description: "Shown once somebody taps on it." }),
  ghost: z.boolean().optional().meta({ title: "For a day", description: "Threads takes it down after 24 hours." }),
});
export type ThreadsOptions = z.output<typeof ThreadsOptions>;
export const optionsOf = ({ options }: Pick<OutgoingPost, "options">): ThreadsOptions =>
  ThreadsOptions.safeParse(options).data ?? {};

const MB = 1_000_000;
const image = { mimeTypes: ["image/jpeg", "image/png"], maxBytes: 8 * MB, minAspect: 0.1, maxAspect: 10 };
const video = {
  mimeTypes: ["video/mp4", "video/quicktime"],
  maxBytes: 1_000 * MB,
  minMs: 1,
  maxMs: 300_000,
  minAspect: 0.01,
  maxAspect: 10,
  maxWidth: 1_920,
  videoCodecs: ["avc", "hevc"],
  audioCodecs: ["aac"],
  maxAudioHz: 48_000,
  maxAudioChannels: 2,
  minFramesPerSecond: 23,
  maxFramesPerSecond: 60,
  maxBitsPerSecond: 100 * MB,
  needsIndexAtStart: true,
  refusesCuts: true,
};
const altText = ["image", "video"] as const;
/** @source platforms/threads.md section 13 */
export const media = {
  none: { min: 0, max: 0 },
  image: { min: 1, max: 1, altText, image },
  video: { min: 1, max: 1, altText, video },
  carousel: { min: 2, max: 20, altText, image, video },
} as const satisfies Record<string, MediaRule>;

/** Rules beyond limits, media and the options' own shape. Pure. */
export function validate(post: OutgoingPost): readonly PostProblem[] {
  const { poll, longText, gifId, topicTag } = optionsOf(post);
  const problems = wordProblems(post, topicTag !== undefined);
  const add = (field: string, code: string, message: string, severity: PostProblem["severity"] = "error") =>
    void problems.push({ field, code, message, severity });
  const attached = [
    post.link && "link",
    poll && "options.poll",
    longText && "options.longText",
    gifId && "options.gifId",
  ].filter(Boolean);
  for (const field of attached.slice(1))
    add(
      String(field),
      "one_attachment",
      "A post shows a link, a poll, a long text or a GIF, one of them. Remove the others.",
    );
  if (post.link && (post.link.title ?? post.link.description ?? post.link.thumbMediaId) !== undefined)
    add(
      "link",
      "card_words_unused",
      "Threads takes the card's words from the page itself; yours are left out.",
      "warning",
    );
  return problems;
}
