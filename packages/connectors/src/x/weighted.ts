import { findLinks } from "./links.ts";

const LINK_CHARS = 23;

/** An emoji counts two however many code points it is made of; a sequence joined by U+200D is one. */
const emoji =
  /\p{RGI_Emoji}|\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?(?:\u200d\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)+/gv;

/** Latin, Greek, Cyrillic, Arabic and their kin, and the usual punctuation; everything else counts two. */
const single = [
  [0, 0x10ff],
  [0x2000, 0x200d],
  [0x2010, 0x201f],
  [0x2032, 0x2037],
] as const;
const weightOf = (code: number): number => (single.some(([from, to]) => code >= from && code <= to) ? 1 : 2);

function weightOfWords(text: string): number {
  let weight = 0;
  const plain = text.replace(emoji, () => {
    weight += 2;
    return "";
  });
  for (const char of plain) weight += weightOf(char.codePointAt(0) ?? 0);
  return weight;
}

/**
 * Characters as X counts them: in Unicode's composed form, 23 for any address, 2 for an emoji and for letters outside the
 * first blocks. Never fails.
 * @source platforms/x.md section 13 (twitter-text v3)
 */
export function weightedLength(text: string): number {
  const composed = text.normalize("NFC");
  let weight = 0;
  let from = 0;
  for (const { start, end } of findLinks(composed)) {
    weight += weightOfWords(composed.slice(from, start)) + LINK_CHARS;
    from = end;
  }
  return weight + weightOfWords(composed.slice(from));
}

/** `$ABC`: X takes one of them in a post. @source platforms/x.md section 1 */
export const cashtagsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?:^|\s)(\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?=$|\s|\p{P})/gu)].map((match) => match[1] ?? "");
