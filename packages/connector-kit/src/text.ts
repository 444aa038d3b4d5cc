import { Buffer } from "node:buffer";

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Characters as a person sees them: a flag, a family emoji or a letter with accents is one. */
export function countGraphemes(text: string): number {
  let count = 0;
  for (const _ of segmenter.segment(text)) count++;
  return count;
}

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
  const parts = [...segmenter.segment(text)].map((part) => part.segment);
  return parts.length <= max ? text : `${parts.slice(0, Math.max(0, max - 1)).join("")}…`;
}

/** Text as it is compared: Unicode NFC, every run of whitespace one space, none at the ends. */
export const normalizeText = (text: string): string => text.normalize("NFC").replace(/\s+/gu, " ").trim();
