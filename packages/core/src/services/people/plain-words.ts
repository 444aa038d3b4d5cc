import { normalizeText, storableRemark } from "@postd/connector-kit";

/**
 * A name somebody chose, as it may stand in a mail to a stranger: short, and nothing a mail program turns into a link,
 * which needs a dot, a colon, a slash or an at sign.
 */
export function plainWords(name: string): string {
  const words = normalizeText(name.replace(/[^\p{L}\p{M}\p{N}'’&()_-]+/gu, " "));
  return storableRemark(words, 60) || "Somebody";
}
