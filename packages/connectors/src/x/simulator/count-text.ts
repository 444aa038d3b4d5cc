import { type FoundUrl, findUrls } from "@postd/connector-kit";

// Fact sheet, section 13: weights of twitter-text, version 3.

const linkWeight = 23;
const light = [
  [0, 0x10ff],
  [0x2000, 0x200d],
  [0x2010, 0x201f],
  [0x2032, 0x2037],
] as const;
const emoji = /\p{RGI_Emoji}/gv;

const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** What becomes a link: bare names too, whatever their case. `url` is where it leads. */
export const linksIn = (text: string): readonly FoundUrl[] =>
  findUrls(lowerAscii(text)).map(({ start, end }) => {
    const written = text.slice(start, end);
    return { start, end, text: written, url: /^https?:/i.test(written) ? written : `http://${written}` };
  });

/** The weight of a text as it counts against the limit. Mentions at the beginning of a reply weigh nothing. */
export function weightOf(text: string, isReply = false): number {
  const whole = text.normalize("NFC");
  const counted = isReply ? whole.replace(/^(?:@\w{1,15}\s+)+/, "") : whole;
  let weight = 0;
  let from = 0;
  for (const { start, end } of linksIn(counted)) {
    weight += plainWeight(counted.slice(from, start)) + linkWeight;
    from = end;
  }
  return weight + plainWeight(counted.slice(from));
}

function plainWeight(text: string): number {
  let weight = 0;
  const rest = text.replace(emoji, () => {
    weight += 2;
    return "";
  });
  for (const char of rest) {
    const code = char.codePointAt(0) ?? 0;
    weight += light.some(([first, last]) => code >= first && code <= last) ? 1 : 2;
  }
  return weight;
}

/** Symbols of shares: a post takes one. */
export const cashtagsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<=^|\s)\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?=$|[\s\p{P}])/giu)].map(([tag]) => tag);
export const mentionsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\w@/])@(\w{1,15})(?![\w@])/g)].map(([, name = ""]) => name);
export const hashtagsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\w&])#([\p{L}\p{M}\p{N}_]*[\p{L}\p{M}_][\p{L}\p{M}\p{N}_]*)/gu)].map(([, tag = ""]) => tag);
