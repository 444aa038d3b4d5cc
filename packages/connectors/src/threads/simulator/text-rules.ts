// Fact sheet, sections 5 and 13.

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
const emoji = /\p{Emoji_Presentation}|\p{Regional_Indicator}|\ufe0f|\u20e3/u;

/** Characters as Threads counts them: an emoji costs its UTF-8 bytes, anything else one. */
export function countText(text: string): number {
  let count = 0;
  for (const { segment } of graphemes.segment(text)) count += emoji.test(segment) ? Buffer.byteLength(segment) : 1;
  return count;
}

const address = /\bhttps?:\/\/[^\s<>"]+/giu;

/** Addresses in a text, each once, without the punctuation of the sentence behind them. */
export const linksIn = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(address)].map(([found]) => found.replace(/[.,;:!?)\]}'"]+$/u, ""))),
];

/** A tag ends before space, tab, newline and these marks; whole numbers are none. */
const tag = /(?<=^|[\s.&@!?,;:(])#([^\s.&@!?,;:#]+)/gu;

/** The tag that becomes the topic of a post without one. */
export const topicIn = (text: string): string | undefined =>
  [...text.matchAll(tag)].map(([, name = ""]) => name).find((name) => !/^\d+$/.test(name));

/** The text as readers see it: a tag that became the topic has lost its "#". */
export const shownText = (text: string, topic: string | undefined): string =>
  topic === undefined ? text : text.replace(`#${topic}`, topic);
