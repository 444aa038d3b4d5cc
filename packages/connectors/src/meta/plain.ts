import { storableRemark } from "@postd/connector-kit";

/** More than anybody reads; what stands behind it is not looked at. */
const MOST_WORDS = 4000;

/**
 * Meta's words without what they sometimes quote: tokens and addresses with a signature. At most 300 characters, fit to
 * be stored.
 */
export function plain(text: string | null | undefined): string {
  const given = text ?? "";
  // A word that is cut is left out, as it may be the front half of a token.
  const head = given.length > MOST_WORDS ? given.slice(0, MOST_WORDS).replace(/\S*$/, "") : given;
  const shown = head.replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, "$1").replace(/[A-Za-z0-9_|-]{32,}/g, "[…]");
  return storableRemark(shown, 300).trim();
}
