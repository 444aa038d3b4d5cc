export interface FoundUrl {
  /** UTF-16 offsets into the text, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** As written. */
  readonly text: string;
  /** Absolute; `https://` is put before a bare `www.`. */
  readonly url: string;
}

// Ends at whitespace, quotes, angle brackets and full-width punctuation, which no address holds unescaped.
const candidate =
  /(?<![A-Za-z0-9_@/.-])(?:https?:\/\/|www\.)[^\s<>"“”„«»`|\\^{}、。，．！？；：（）「」『』【】《》\u200b]+/giu;
const count = (text: string, char: string) => text.split(char).length - 1;

/** Without what a sentence put after it: full stops, quotes, and closing brackets that were not opened inside. */
function withoutTail(text: string): string {
  const excess = { ")": count(text, ")") - count(text, "("), "]": count(text, "]") - count(text, "[") };
  for (let end = text.length; end > 0; end--) {
    const last = text[end - 1] ?? "";
    if ((last === ")" || last === "]") && excess[last] > 0) excess[last]--;
    else if (!/[.,;:!?'’*_~…]/.test(last)) return text.slice(0, end);
  }
  return "";
}

function absolute(text: string): string | undefined {
  const url = /^www\./i.test(text) ? `https://${text}` : text;
  if (!URL.canParse(url)) return undefined;
  const { hostname, username, password } = new URL(url);
  const named = /\.[^.\d][^.]*$/.test(hostname) && !hostname.includes("..") && !hostname.startsWith(".");
  const numbered = /^\d+\.\d+\.\d+\.\d+$/.test(hostname) || hostname.startsWith("[");
  return (named || numbered) && !username && !password ? url : undefined;
}

/**
 * Web addresses in plain text, in order: `http(s)://...` and bare `www.` names. Other bare names are left alone, since
 * `file.ts` and `e.g.` cannot be told from them. Addresses with a user name are left out: they mislead readers.
 */
export function findUrls(text: string): readonly FoundUrl[] {
  const found: FoundUrl[] = [];
  for (const match of text.matchAll(candidate)) {
    const written = withoutTail(match[0]);
    const url = absolute(written);
    if (url) found.push({ start: match.index, end: match.index + written.length, text: written, url });
  }
  return found;
}
