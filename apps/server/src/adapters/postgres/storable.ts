/**
 * What goes to PostgreSQL as text, made so that it can be kept: it takes no NUL and no half of a character, neither in
 * text nor, as an escape, in JSON. This is the one door for every statement, so that no odd name or word of a platform
 * makes a write fail. What is stored is then what everybody reads.
 */
export function storable(text: string): string {
  const plain = isClean(text) ? text : text.toWellFormed().replaceAll("\u0000", "");
  return looksLikeJson(plain) && plain.includes("\\u") ? plain.replace(escapes, cleanEscape) : plain;
}

const isClean = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000");
const looksLikeJson = (text: string): boolean => text.startsWith("{") || text.startsWith("[") || text.startsWith('"');

/** Backslash pairs are matched too, so that an escaped backslash before "u0000" stays what it is: six characters. */
const escapes =
  /\\\\|\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g;

function cleanEscape(found: string): string {
  if (found === "\\\\" || found.length === 12) return found;
  return found === "\\u0000" ? "" : "\\ufffd";
}
