import {
  countUtf8Bytes,
  findUrls,
  graphemesOf,
  type OutgoingPost,
  type PostProblem,
  type TextLimit,
} from "@postd/connector-kit";

const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;

/** Characters, an emoji counting as many as its UTF-8 bytes. @source platforms/threads.md section 13 */
export const countThreads = (text: string): number =>
  graphemesOf(text).reduce((sum, one) => sum + (EMOJI.test(one) ? countUtf8Bytes(one) : 1), 0);

export const textLimit: TextLimit = { max: 500, unit: "characters", count: countThreads, rule: "emoji_bytes" };

/** Different links Threads takes in one post, and from how many on accounts were refused. @source platforms/threads.md sections 5 and 11 */
const MOST_LINKS = 5;
const SURE_LINKS = 3;

const hrefOf = (url: string): string => (URL.canParse(url) ? new URL(url).href : url);

/** Links of a text, with those attached to it, each once. */
const linksOf = (text: string, attached?: string): ReadonlySet<string> =>
  new Set([...findUrls(text).map(({ url }) => hrefOf(url)), ...(attached === undefined ? [] : [hrefOf(attached)])]);

/**
 * The tag in a text that Threads makes the post's topic: the first one that is no whole number. Where it begins is not
 * documented; here behind no letter and in no address.
 * @source platforms/threads.md section 5, "Topic in the text"
 */
export function topicIn(text: string): string | undefined {
  const urls = findUrls(text);
  for (const { index, 1: tag = "" } of text.matchAll(/(?<![\p{L}\p{N}_&/])#([^\s.&@!?,;:#]+)/gu)) {
    const isInUrl = urls.some(({ start, end }) => index >= start && index < end);
    if (!isInUrl && !/^\d+$/.test(tag)) return tag;
  }
  return undefined;
}

/** What Threads will do with the words of a post and of each further part. Pure. */
export function wordProblems(post: OutgoingPost, hasTopic: boolean): PostProblem[] {
  const parts = post.parts ?? [];
  return [
    ...linkProblems("text", linksOf(post.text, post.link?.url)),
    ...(hasTopic ? [] : topicProblems("text", post.text)),
    ...parts.flatMap(({ text }, index) => [
      ...linkProblems(`parts.${index}.text`, linksOf(text)),
      ...topicProblems(`parts.${index}.text`, text),
    ]),
  ];
}

function linkProblems(field: string, { size }: ReadonlySet<string>): PostProblem[] {
  if (size <= SURE_LINKS) return [];
  if (size > MOST_LINKS) {
    const message = `${size} different links; Threads takes ${MOST_LINKS}. Remove ${size - MOST_LINKS}.`;
    return [{ field, code: "too_many_links", message, severity: "error" }];
  }
  const message = `${size} different links; Threads says it takes ${MOST_LINKS}, and has refused more than ${SURE_LINKS} from some accounts. Fewer are safer.`;
  return [{ field, code: "many_links", message, severity: "warning" }];
}

function topicProblems(field: string, text: string): PostProblem[] {
  const topic = topicIn(text);
  if (topic === undefined) return [];
  const other =
    field === "text"
      ? " Choose another with the option topicTag, or leave the # out."
      : " Leave the # out to have none.";
  const message = `Threads makes #${topic} the topic of this post and shows it without the #.${other}`;
  return [{ field, code: "becomes_topic", message, severity: "warning" }];
}
