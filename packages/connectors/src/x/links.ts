import tlds from "tlds" with { type: "json" };

export interface FoundLink {
  /** UTF-16 offsets into the text, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const topLevel = new Set(tlds);

/** Accented Latin letters count as ASCII ones where X looks for names without a scheme. */
const ascii = "a-z0-9\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f";
const named = `(?:[${ascii}](?:[${ascii}-]{0,61}[${ascii}])?\\.)+[\\p{L}\\p{N}-]{2,63}`;
const anyName = "(?:[\\p{L}\\p{N}](?:[\\p{L}\\p{N}\\p{M}_-]{0,61}[\\p{L}\\p{N}\\p{M}])?\\.)+[\\p{L}\\p{N}-]{2,63}";
const notInside = "(?<![a-z0-9@＠$#＃\\ufffe\\ufeff\\uffff])";
const link = new RegExp(`${notInside}(https?://)(${anyName})|${notInside}(?<![_./-])(${named})`, "giu");

const letters = "\\p{sc=Latn}\\p{sc=Cyrl}\\p{N}";
const chars = `[${letters}!*';:=+,.$/%#[\\]\\-–_~@|&]`;
const rest = new RegExp(
  `(?::\\d{1,5})?(?:/(?:${chars}|\\(${chars}{1,200}\\))*)?(?:\\?[a-z0-9!?*'@();:&=+$/%#[\\]\\-_.,~|]*)?`,
  "iuy",
);
const mayEndWith = /[\p{sc=Latn}\p{sc=Cyrl}\p{N}=_#/+\-)&]$/u;

/**
 * What X makes links of, each shortened to 23 characters: addresses with a scheme, and bare names below a top-level
 * domain in any case, files among them (README.md). Written from the rules of the sheet; tests hold it against X's own
 * library. The list of domains is IANA's and newer than that one's.
 * @source platforms/x.md sections 13 and 15
 */
export function findLinks(text: string): readonly FoundLink[] {
  const found: FoundLink[] = [];
  let from = 0;
  for (const match of text.matchAll(link)) {
    if (match.index < from) continue;
    const [, scheme = "", withScheme, bare = ""] = match;
    const host = withScheme ?? bare;
    const hostStart = match.index + scheme.length;
    const known = knownPart(host, text[hostStart + host.length] ?? "");
    if (known === 0) continue;
    let end = hostStart + known;
    if (known === host.length) {
      rest.lastIndex = end;
      const more = rest.exec(text)?.[0] ?? "";
      // Behind a bare name X reads a port or a query only where a path is.
      if (scheme !== "" || more.includes("/")) end += more.length;
      while (end > hostStart + known && !mayEndWith.test(text[end - 1] ?? "")) end -= 1;
    }
    found.push({ start: match.index, end, text: text.slice(match.index, end) });
    from = end;
  }
  return found;
}

/** How much of a name ends in a top-level domain; another script may begin right behind one. 0: none of it. */
function knownPart(host: string, after: string): number {
  const labels = host.split(".");
  for (let count = labels.length; count > 1; count -= 1) {
    const before = labels.slice(0, count - 1).join(".").length + 1;
    const last = labels[count - 1] ?? "";
    const next = count === labels.length ? after : ".";
    if (topLevel.has(last.toLowerCase()) && !/[a-z0-9@+-]/i.test(next)) return before + last.length;
    const latin = /^[a-z]+(?=[^a-z0-9-])/i.exec(last)?.[0] ?? "";
    if (latin !== "" && topLevel.has(latin.toLowerCase())) return before + latin.length;
  }
  return 0;
}
