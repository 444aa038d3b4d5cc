import { storableRemark } from "../text.ts";

/** More than anybody reads; what stands behind it is not looked at. */
const MOST_CHARS = 4000;

/**
 * A platform's words without what they sometimes quote: tokens and addresses with a signature. At most `max` characters,
 * fit to be stored and shown. Text that is absent is empty.
 */
export function platformWords(text: string | null | undefined, max = 300): string {
  const given = text ?? "";
  // A word that is cut is left out, as it may be the front half of a token.
  const head = given.length > MOST_CHARS ? given.slice(0, MOST_CHARS).replace(/\S*$/, "") : given;
  const shown = head.replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, "$1").replace(/[A-Za-z0-9_|-]{32,}/g, "[…]");
  return storableRemark(shown, max).trim();
}
