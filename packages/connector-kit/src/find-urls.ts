import { LinkifyIt } from "linkify-it";
import tlds from "tlds" with { type: "json" };

export interface FoundUrl {
  /** UTF-16 offsets into the text, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** As written. */
  readonly text: string;
  /** Absolute; `https://` is put before a name without a scheme. */
  readonly url: string;
}

/** Longer addresses are no links: they would have to be cut, and a cut address leads to another page. */
const MAX_URL_CHARS = 2048;

const linkify = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: false, maxLength: 2 * MAX_URL_CHARS });
const topLevel = new Set(tlds);

/**
 * Where every address ends: white space, control and bidi marks, zero-width spaces, quotes, angle brackets, and the
 * punctuation of scripts that are written without spaces.
 */
const separator =
  /[\s\p{Cc}<>"“”„«»、。，．！？；：（）「」『』【】《》〈〉｜…\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** Letters of scripts that put no space before or behind a foreign word. */
const unspaced = "\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Hang}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}ー々";
const scheme = "(?<![A-Za-z0-9_@/.-])https?://";
const bareName = `(?<=^|[${unspaced}]|[^\\p{L}\\p{N}\\p{M}_@＠/.:#＃$&=+%~\\\\-])(?=[a-z])(?:[a-z0-9-]{1,63}\\.)+[a-z]{2,63}(?![a-z0-9_@-]|\\.[a-z0-9])`;
const candidate = new RegExp(`(${scheme})|${bareName}`, "giu");

/** What may be a host name and port, underscores included, read as far as it is written in ASCII. */
const asciiHost = /^(?:[a-z0-9._-]*[a-z0-9])(?::\d{1,5})?/i;
const hostToken = /^[\p{L}\p{N}\p{M}._-]+/u;

/**
 * Web addresses in plain text, in order: `http(s)://...` and bare names below a known top-level domain, whose last part
 * is in lower case as nobody writes it at the end of a sentence ("end.So"). Names that are none of a file or a mail
 * address are told by that list alone. Addresses with a user name are left out: they mislead readers. Time grows with
 * the length of the text and nothing else.
 *
 * The end of an address is linkify-it's; before it, the text is cut at bidi marks, at punctuation of scripts without
 * spaces, and where another script begins right behind an ASCII host, none of which it knows.
 */
export function findUrls(text: string): readonly FoundUrl[] {
  const found: FoundUrl[] = [];
  let from = 0;
  let pieceEnd = -1;
  for (const match of text.matchAll(candidate)) {
    const start = match.index;
    if (start < from) continue;
    const prefix = match[1] ?? "";
    const restStart = start + prefix.length;
    if (pieceEnd < restStart) pieceEnd = separatorFrom(text, restStart);
    // One character more than may be, so that a longer address is seen as one.
    const rest = text.slice(restStart, Math.min(pieceEnd, restStart + MAX_URL_CHARS + 1));
    const written = prefix + addressIn(rest, prefix === "");
    const kept = withoutTail(written, text[start - 1]);
    from = start + Math.max(written.length, prefix.length + 1);
    const url = prefix === "" ? bareUrl(kept) : absolute(kept);
    if (url) found.push({ start, end: start + kept.length, text: kept, url });
  }
  return found;
}

const masked = (chars: string): string => "x".repeat(chars.length);

function separatorFrom(text: string, start: number): number {
  separator.lastIndex = start;
  return separator.exec(text)?.index ?? text.length;
}

/** As much of `rest`, which stands behind a scheme, as is address; empty: none of it. */
function addressIn(rest: string, isBare: boolean): string {
  const { hostChars, endChars } = hostEnd(rest, isBare);
  if (endChars > MAX_URL_CHARS) return "";
  // linkify-it knows no underscore in a host, where `absolute` judges it, and ends a path at every dash of print.
  const host = rest.slice(0, hostChars).replaceAll("_", "x");
  const path = rest.slice(hostChars, endChars).replace(/[/?#].*/su, (it) => it.replace(foreignPunctuation, masked));
  const matched = linkify.testSchemaAt(`https://${host}${path}`, "https:", "https:".length);
  return rest.slice(0, Math.max(0, matched - "//".length));
}

/** Where the ASCII host ends, and where the text has to be cut because another script begins right behind it. */
function hostEnd(rest: string, isBare: boolean): { readonly hostChars: number; readonly endChars: number } {
  const ascii = asciiHost.exec(rest)?.[0] ?? "";
  const next = rest.slice(ascii.length, ascii.length + 2);
  const whole = { hostChars: ascii.length, endChars: rest.length };
  if (!/^[|`~\u0080-\uffff]/.test(next) || !ascii.includes(".")) return whole;
  const cut = { hostChars: ascii.length, endChars: ascii.length };
  if (isBare) return cut;
  // A letter with an accent belongs to the name: bücher.example.
  if (/^[\p{sc=Latn}\p{M}]/u.test(next)) return whole;
  // A name of mixed scripts that ends as a name does (www.dm日本.com); a particle of Japanese is never in one.
  const last = (hostToken.exec(rest.slice(0, 300))?.[0] ?? "").split(".").at(-1) ?? "";
  return /^[\p{sc=Han}\p{sc=Kana}]/u.test(next) && topLevel.has(last) ? whole : cut;
}

/** Without what a sentence put after it; a closing mark of emphasis goes where one stood before the address. */
function withoutTail(written: string, before: string | undefined): string {
  const emphasis = before !== undefined && "*~`".includes(before) ? before : "";
  let end = written.length;
  for (; end > 0; end--) {
    const last = written[end - 1] ?? "";
    if (!".,;:!?'".includes(last) && last !== emphasis && !foreignTail.test(last)) break;
  }
  return written.slice(0, end);
}

/** Punctuation outside ASCII that an address may hold and does not end with: a dash of print, an Arabic comma, a danda. */
const foreignPunctuation = /(?![\0-\x7f])\p{P}/gu;
const foreignTail = /[\u200c\u200d]|(?![\0-\x7f])\p{P}/u;

function bareUrl(written: string): string | undefined {
  const host = asciiHost.exec(written)?.[0].replace(/:\d+$/, "") ?? "";
  const last = host.split(".").at(-1) ?? "";
  return topLevel.has(/^www\./i.test(host) ? last.toLowerCase() : last) ? absolute(`https://${written}`) : undefined;
}

function absolute(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, username, password } = new URL(url);
  if (username || password) return undefined;
  const labels = hostname.split(".");
  const isNumbered = /^\d+(\.\d+){3}$/.test(hostname) && /^https?:\/\/\d+(\.\d+){3}(?![^:/?#])/i.test(url);
  const isNamed =
    labels.length > 1 &&
    hostname.length <= 253 &&
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) &&
    labels.slice(-2).every((label) => !label.includes("_")) &&
    /^(?:[a-z]{2,63}|xn--[a-z0-9-]+)$/.test(labels.at(-1) ?? "");
  return isNamed || isNumbered ? url : undefined;
}
