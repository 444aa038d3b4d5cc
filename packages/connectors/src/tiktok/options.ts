import type { OutgoingPost, PostProblem } from "@postd/connector-kit";
import { z } from "zod";
import { TITLE_MAX } from "./limits.ts";

export const privacyLevels = {
  PUBLIC_TO_EVERYONE: "Everyone",
  MUTUAL_FOLLOW_FRIENDS: "Friends",
  FOLLOWER_OF_CREATOR: "Followers",
  SELF_ONLY: "Only you",
} as const;
export type PrivacyLevel = keyof typeof privacyLevels;
const levels = Object.keys(privacyLevels) as [PrivacyLevel, ...PrivacyLevel[]];

/** What TikTok's audit looks for, word by word. @source platforms/tiktok.md section 13b */
export const consentWords = {
  plain: "By posting, you agree to TikTok's Music Usage Confirmation",
  branded: "By posting, you agree to TikTok's Branded Content Policy and Music Usage Confirmation",
} as const;
const undisclosed = "You need to indicate if your content promotes yourself, a third party, or both.";
const brandedAlone = "Branded content visibility cannot be set to private.";

const off = (title: string, description: string) => z.boolean().optional().meta({ title, description });

/** Nothing has a default: every choice is the person's own. @source platforms/tiktok.md section 13b */
export const TiktokOptions = z.strictObject({
  draft: off("Send as a draft", "It waits in the TikTok inbox; its author finishes and posts it in the app."),
  privacyLevel: z
    .enum(levels)
    .optional()
    .meta({ title: "Who can see this post", description: "Chosen by hand, from what this account offers." }),
  allowComment: off("Allow comments", "Off unless switched on here."),
  allowDuet: off("Allow duets", "Videos only. Off unless switched on here."),
  allowStitch: off("Allow stitches", "Videos only. Off unless switched on here."),
  discloseContent: off("Disclose commercial content", "The post promotes yourself, a third party, or both."),
  yourBrand: off("Your brand", "Your photo/video will be labeled as 'Promotional content'"),
  brandedContent: off("Branded content", "Your photo/video will be labeled as 'Paid partnership'"),
  consent: z
    .boolean()
    .optional()
    .meta({
      title: consentWords.plain,
      description: `Yes, whoever posts has read this. With branded content it reads: ${consentWords.branded}`,
    }),
  title: z
    .string()
    .min(1)
    .refine((title) => title.length <= TITLE_MAX, `must be at most ${TITLE_MAX} characters, emoji counting two`)
    .optional()
    .meta({ title: "Title", description: "Of a photo post; a video's words are its text." }),
  coverAtMs: z
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ title: "Cover frame", description: "Milliseconds into the video." }),
  coverIndex: z.number().int().min(0).max(34).optional().meta({ title: "Cover photo", description: "The first is 0." }),
  autoAddMusic: off("Let TikTok add music", "Photos only."),
  aiGenerated: off("AI-generated", "Videos only; TikTok labels it."),
  fetchVideo: off(
    "Let TikTok fetch the video",
    "Instead of being sent the file, as it fetches photos. Its address has to be verified for the app.",
  ),
});
export type TiktokOptions = z.output<typeof TiktokOptions>;
export const optionsOf = ({ options }: Pick<OutgoingPost, "options">): TiktokOptions =>
  TiktokOptions.safeParse(options).data ?? {};

type Severity = PostProblem["severity"];
const problem = (field: string, code: string, message: string, severity: Severity = "error"): PostProblem => ({
  field: field.includes(".") || field === "text" ? field : `options.${field}`,
  code,
  message,
  severity,
});

/** Rules beyond limits, media and the options' own shape. Pure. */
export function validate(post: OutgoingPost): readonly PostProblem[] {
  const options = optionsOf(post);
  return [
    ...(options.draft ? draftProblems(post, options) : consentProblems(options)),
    ...formatProblems(post, options),
  ];
}

/** @source platforms/tiktok.md section 13b, numbers 2 to 4 */
function consentProblems(options: TiktokOptions): PostProblem[] {
  const { privacyLevel, discloseContent, yourBrand, brandedContent, consent } = options;
  const found: PostProblem[] = [];
  if (!privacyLevel)
    found.push(
      problem("privacyLevel", "privacy_required", "Choose who can see this post; TikTok lets nobody preset that."),
    );
  if (discloseContent && !yourBrand && !brandedContent)
    found.push(problem("discloseContent", "disclosure_required", undisclosed));
  if (!discloseContent && (yourBrand || brandedContent))
    found.push(
      problem(
        yourBrand ? "yourBrand" : "brandedContent",
        "disclosure_off",
        "This belongs to commercial content, which is not disclosed. Set discloseContent too, or remove it.",
      ),
    );
  if (brandedContent && privacyLevel === "SELF_ONLY")
    found.push(problem("privacyLevel", "branded_private", `${brandedAlone} Choose another audience.`));
  if (!consent)
    found.push(
      problem(
        "consent",
        "consent_required",
        `${brandedContent ? consentWords.branded : consentWords.plain}. Show this to whoever posts, and set consent when they agree.`,
      ),
    );
  return found;
}

const ofDirectPosts = [
  "privacyLevel",
  "allowComment",
  "allowDuet",
  "allowStitch",
  "discloseContent",
  "yourBrand",
  "brandedContent",
  "coverAtMs",
  "aiGenerated",
] as const;

/** In the inbox the author makes these choices anew. @source platforms/tiktok.md section 5 */
function draftProblems(post: OutgoingPost, options: TiktokOptions): PostProblem[] {
  const set = ofDirectPosts.filter((name) => options[name] !== undefined);
  const unused = (field: string, what: string) =>
    problem(
      field,
      "unused_in_draft",
      `A draft does not take ${what}; its author chooses it in the TikTok app.`,
      "warning",
    );
  return [
    ...set.map((name) => unused(name, "this")),
    ...(post.format === "video" && post.text.trim() !== "" ? [unused("text", "the words of a video")] : []),
  ];
}

function formatProblems({ format, media }: OutgoingPost, options: TiktokOptions): PostProblem[] {
  const wrong = (names: readonly (keyof TiktokOptions)[], where: string) =>
    names
      .filter((name) => options[name] !== undefined && options[name] !== false)
      .map((name) => problem(name, "option_not_for_format", `This is for ${where} only. Remove it.`));
  if (format !== "video") {
    const { coverIndex } = options;
    const outside =
      coverIndex !== undefined && coverIndex >= media.length
        ? [problem("coverIndex", "no_such_photo", `There is no photo ${coverIndex}; the first is 0.`)]
        : [];
    return [...wrong(["allowDuet", "allowStitch", "coverAtMs", "aiGenerated", "fetchVideo"], "videos"), ...outside];
  }
  const length = media[0]?.durationMs;
  const { coverAtMs } = options;
  const late =
    coverAtMs !== undefined && length !== undefined && coverAtMs > length
      ? [problem("coverAtMs", "cover_outside", `The video lasts ${length} ms. Choose an earlier frame.`)]
      : [];
  return [...wrong(["title", "coverIndex", "autoAddMusic"], "photos"), ...late];
}
