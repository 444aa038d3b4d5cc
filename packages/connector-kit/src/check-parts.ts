import { checkText } from "./check-text.ts";
import { mentionsIn } from "./place-words.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost, PostProblem, TextLimit } from "./publish.ts";

const partNames = {
  parts: "a thread of several parts",
  link: "a link card",
  mentions: "mentions",
  hashtags: "hashtags of their own",
  productTags: "product tags",
  firstComment: "a first comment",
} as const;

/** Parts of a post that this platform, or this format, does not know are refused by name. */
export function checkParts({ name, publishing }: PublishingPlatform, post: OutgoingPost): PostProblem[] {
  return Object.entries(partNames).flatMap(([part, words]): PostProblem[] => {
    const field = part as keyof typeof partNames;
    const given = post[field];
    const count = Array.isArray(given) ? given.length : given ? 1 : 0;
    if (count === 0) return [];
    const rule = publishing[field];
    const problem = (code: string, message: string): PostProblem[] => [{ field, code, message, severity: "error" }];
    if (!rule) return problem("not_supported", `${name} does not take ${words}. Leave it out for this account.`);
    const label = publishing.formats[post.format]?.label ?? post.format;
    if (rule.formats && !rule.formats.includes(post.format))
      return problem(
        "not_for_format",
        `${label} at ${name} does not take ${words}. Leave it out, or choose another format.`,
      );
    if (rule.max !== undefined && count > rule.max)
      return problem("too_many", `${name} takes at most ${rule.max} of ${words}; this has ${count}. Remove some.`);
    return [];
  });
}

/** Parts of a thread, the first comment, the card's words and descriptions of media against limits of their own. */
export function checkPartTexts(
  { name, publishing }: PublishingPlatform,
  post: OutgoingPost,
  partLimit: TextLimit | undefined,
): PostProblem[] {
  const { firstComment, link, limits } = publishing;
  const check = (field: string, label: string, text: string | undefined, limit: TextLimit | undefined) =>
    text !== undefined && limit ? checkText(name, { field, text, label, hasMedia: false }, limit) : [];
  return [
    ...check("link.title", "The card's title", post.link?.title, link?.title),
    ...check("link.description", "The card's description", post.link?.description, link?.description),
    ...post.media.flatMap(({ altText }, index) =>
      check(`media.${index}.altText`, "The description", altText, limits.altText),
    ),
    ...(post.parts ?? []).flatMap(({ text }, index) =>
      check(`parts.${index}.text`, `Part ${index + 2}`, text, partLimit),
    ),
    ...check("firstComment", "The first comment", post.firstComment, firstComment?.text),
  ];
}

/** Mentions stand in the words, and somebody without a handle here is said to stand by name alone. `words`: as written. */
export function checkMentions(
  { id, name, publishing }: PublishingPlatform,
  words: Pick<OutgoingPost, "text" | "parts" | "firstComment" | "mentions">,
): PostProblem[] {
  if (!publishing.mentions) return [];
  const standing = mentionsIn(words);
  return (words.mentions ?? []).flatMap((mention, index): PostProblem[] => {
    const field = `mentions.${index}`;
    const twin = words.mentions?.find((other) => other.name === mention.name);
    if (twin !== mention)
      return [
        {
          field,
          code: "mention_twice",
          message: `Two mentions are called ${mention.name}, and the text cannot tell them apart. Give one another name.`,
          severity: "error",
        },
      ];
    if (!standing.has(mention.name))
      return [
        {
          field,
          code: "mention_not_in_text",
          message: `The text does not say @${mention.name}. Write it where the mention shall stand, or remove the mention.`,
          severity: "error",
        },
      ];
    const handle = Object.hasOwn(mention.handles, id) ? mention.handles[id] : undefined;
    const { form, like } = publishing.mentions?.handle ?? {};
    if (handle !== undefined && (form?.test(handle) ?? true)) return [];
    const lacks = handle === undefined ? `has no handle at ${name}` : `has a handle that is none at ${name} (${like})`;
    const message = `${mention.name} ${lacks}, so the name stands there without a link.`;
    return [{ field: `${field}.handles`, code: "mention_without_handle", message, severity: "warning" }];
  });
}

export function checkDestination(
  { name, publishing }: PublishingPlatform,
  { destination }: OutgoingPost,
): PostProblem[] {
  const { destinations } = publishing;
  const problem = (code: string, message: string): PostProblem[] => [
    { field: "destination", code, message, severity: "error" },
  ];
  if (destination !== undefined && !destinations)
    return problem("not_supported", `${name} has no places below an account. Leave the destination out.`);
  if (destination === undefined && destinations?.required)
    return problem(
      "destination_required",
      `${name} needs a ${destinations.label.toLowerCase()} to post to. Choose one of GET /api/connections/:id/destinations.`,
    );
  return [];
}
