import { storableRemark } from "../text.ts";

/** More than anybody reads; what stands behind it is not looked at. */
const MOST_CHARS = 4000;

/**
 * A platform's words without what they sometimes quote: tokens and addresses with a signature. At most `max` characters,
 * fit to be stored and shown. Text that is absent is empty.
 */
export function platformWords(text: string | null | undefined, max = 300): string {
  const shown = wholeWords(text ?? "")
    .replace(/[^\s"']+/g, withoutQuery)
    .replace(/[A-Za-z0-9_|-]{32,}/g, "[…]");
  return storableRemark(shown, max).trim();
}

/** A word that is cut is left out, as it may be the front half of a token. */
function wholeWords(text: string): string {
  if (text.length <= MOST_CHARS) return text;
  const head = text.slice(0, MOST_CHARS);
  return head.slice(0, Math.max(0, ...[" ", "\n", "\t"].map((space) => head.lastIndexOf(space))));
}

function withoutQuery(word: string): string {
  const begin = word.search(/https?:\/\//);
  const query = begin === -1 ? -1 : word.indexOf("?", begin);
  return query === -1 ? word : word.slice(0, query);
}
