import { Buffer } from "node:buffer";

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** A long text for many accounts is counted for each of them; telling its characters apart takes tens of milliseconds. */
let lastCounted = { text: "", count: 0 };

/** Characters as a person sees them: a flag, a family emoji or a letter with accents is one. */
export function countGraphemes(text: string): number {
  if (text === lastCounted.text) return lastCounted.count;
  let count = 0;
  for (const _ of segmenter.segment(text)) count++;
  lastCounted = { text, count };
  return count;
}

/** A text in characters as a person sees them. */
export const graphemesOf = (text: string): readonly string[] => [...segmenter.segment(text)].map((it) => it.segment);

/** UTF-16 code units, `text.length`: most emoji are two. */
export const countUtf16 = (text: string): number => text.length;

/** Unicode code points: most emoji are one, flags two, families more. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

export const countUtf8Bytes = (text: string): number => Buffer.byteLength(text, "utf8");

/** At most `max` graphemes of `text`, cut between graphemes; an ellipsis is put in the last place where it was cut. */
export function truncateGraphemes(text: string, max: number): string {
  if (text.length <= max) return text;
  let count = 0;
  let cutAt = 0;
  for (const { index } of segmenter.segment(text)) {
    if (count === Math.max(0, max - 1)) cutAt = index;
    count += 1;
    if (count > max) return `${text.slice(0, cutAt)}…`;
  }
  return text;
}

/**
 * Text from outside as it may be stored and shown: well-formed Unicode (half an emoji becomes U+FFFD) without NUL and
 * the other control characters that no author writes; tabs and line ends stay. Cut it with `truncateGraphemes`.
 */
export const storableText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it takes away.
  text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "");

/** Whether an author's text can be kept and sent as it is: well-formed Unicode without NUL. */
export const isStorableText = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();

/** A short remark from outside, such as a platform's words: storable and at most `max` graphemes. */
export const storableRemark = (text: string, max: number): string => truncateGraphemes(storableText(text), max);

/** Text as it is compared: Unicode NFC, every run of whitespace one space, none at the ends. */
export const normalizeText = (text: string): string => text.normalize("NFC").replace(/\s+/gu, " ").trim();
