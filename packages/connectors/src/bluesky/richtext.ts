import { countGraphemes, countUtf8Bytes, findUrls } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";

/** A part of a text, in UTF-16 offsets, end exclusive. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly feature: JsonObject;
}

/**
 * A handle is a domain name. What precedes the @ must not belong to a mail address or a path, and what follows must not
 * go on with it: half a name, or the first half of `@ida.example@other.example`, is somebody else's.
 */
const mentionPattern =
  /(?<![\p{L}\p{N}_@./])@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)(?![a-z0-9_@-]|[\p{sc=Latn}\p{M}]|\.[\p{L}\p{N}])/giu;
const MAX_HANDLE_CHARS = 253;

/** Handles mentioned in a text, in lower case, each once. They count only once they are resolved. */
export function mentionedHandles(text: string): readonly string[] {
  return [...new Set([...text.matchAll(mentionPattern)].map(handleOf))].filter(({ length }) => length > 0);
}

function handleOf(match: RegExpExecArray): string {
  const handle = (match[1] ?? "").toLowerCase();
  return handle.length <= MAX_HANDLE_CHARS ? handle : "";
}

function mentionSpans(text: string, dids: Readonly<Record<string, string>>): Span[] {
  return [...text.matchAll(mentionPattern)].flatMap((match) => {
    const handle = handleOf(match);
    const did = Object.hasOwn(dids, handle) ? dids[handle] : undefined;
    if (!did) return [];
    const feature = { $type: "app.bsky.richtext.facet#mention", did };
    return [{ start: match.index, end: match.index + match[0].length, feature }];
  });
}

function linkSpans(text: string): Span[] {
  return findUrls(text).map(({ start, end, url }) => ({
    start,
    end,
    feature: { $type: "app.bsky.richtext.facet#link", uri: url },
  }));
}

const hashSign = /(?<=^|[\s(（「『【])[#＃](?![\p{M}\u200a-\u200f])/gu;

/**
 * What a tag may hold: everything up to white space or a mark nobody sees. A joiner stays where it joins: between
 * letters as in Persian, and inside an emoji made of several.
 */
const tagRun =
  /(?:(?!\u20e2)[^\s\p{Cc}\u00ad\u061c\u180e\u200a-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|(?<=[\p{L}\p{M}])[\u200c\u200d](?=\p{L})|(?<=\p{ExtPict}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d(?=\p{ExtPict}))*/uy;

/** Longest tag in UTF-16 units; every one takes a byte at least. */
const MAX_TAG_BYTES = 640;

/** A tag fits a record: at most 64 graphemes and 640 bytes. Long texts are refused before anything is counted. */
const fitsTag = (tag: string): boolean =>
  tag.length <= MAX_TAG_BYTES &&
  countUtf8Bytes(tag) <= MAX_TAG_BYTES &&
  (tag.length <= 64 || countGraphemes(tag) <= 64);

/** A tag without its #, given by itself: written as it will stand in the record. */
export const isTag = (tag: string): boolean =>
  fitsTag(tag) && tag !== "" && tag.trim() === tag && !/^[#＃]/.test(tag) && !/[\p{Cc}\p{Cs}]/u.test(tag);

/** The tag in what stands behind a #: without punctuation at its end, and more than digits and punctuation. */
function tagIn(written: string): string | undefined {
  let end = written.length;
  while (end > 0 && /\p{P}/u.test(written[end - 1] ?? "")) end--;
  const tag = written.slice(0, end);
  return tag !== "" && fitsTag(tag) && /[^\d\s\p{P}]/u.test(tag) ? tag : undefined;
}

/** Tags of a text; one ends where a link or mention begins, and inside those there is none. */
function tagSpans(text: string, taken: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let next = 0;
  let from = 0;
  for (const { index: start } of text.matchAll(hashSign)) {
    if (start < from) continue;
    while ((taken[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++;
    const border = taken[next]?.start ?? text.length;
    if (border <= start) continue;
    tagRun.lastIndex = start + 1;
    const run = tagRun.exec(text)?.[0] ?? "";
    from = start + 1 + run.length;
    const tag = tagIn(run.slice(0, border - start - 1));
    const feature = { $type: "app.bsky.richtext.facet#tag", tag: tag ?? "" };
    if (tag) spans.push({ start, end: start + 1 + tag.length, feature });
  }
  return spans;
}

const cashtagPattern = /(?<=^|[\s(])\$([a-z][a-z0-9]{0,4})(?=[\s.,;:!?)"'’]|$)/giu;

/** Symbols of shares are tags in capitals that keep their sign. */
const cashtagSpans = (text: string): Span[] =>
  [...text.matchAll(cashtagPattern)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    feature: { $type: "app.bsky.richtext.facet#tag", tag: match[0].toUpperCase() },
  }));

/** Both lists in order; of two that overlap, the first list's stays. Each list is in order and without overlaps. */
function merged(first: readonly Span[], second: readonly Span[]): readonly Span[] {
  let next = 0;
  const free = second.filter(({ start, end }) => {
    while ((first[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++;
    return (first[next]?.start ?? Number.POSITIVE_INFINITY) >= end;
  });
  return [...first, ...free].toSorted((a, b) => a.start - b.start);
}

/**
 * Facets of a text: links, resolved mentions, tags; Bluesky links nothing by itself. Offsets are UTF-8 bytes of exactly
 * this string, end exclusive; facets are in order and never overlap. A link wins over a mention, both over a tag. The
 * rules are those of the platform's own client; where they differ is listed in NOTES.md. Time grows with the length.
 * @source fact sheet "Facets" (2026-11-20): app.bsky.richtext.facet; detection tests of @atproto/api (2026-11-26)
 */
export function facetsFor(text: string, dids: Readonly<Record<string, string>>): readonly JsonObject[] {
  const named = merged(linkSpans(text), mentionSpans(text, dids));
  const spans = merged(merged(named, tagSpans(text, named)), cashtagSpans(text));
  let at = 0;
  let bytes = 0;
  const bytesTo = (offset: number): number => {
    bytes += countUtf8Bytes(text.slice(at, offset));
    at = offset;
    return bytes;
  };
  return spans.map(({ start, end, feature }) => ({
    index: { byteStart: bytesTo(start), byteEnd: bytesTo(end) },
    features: [feature],
  }));
}
