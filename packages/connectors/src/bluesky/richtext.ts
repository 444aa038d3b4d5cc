import { countGraphemes, countUtf8Bytes, findUrls } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";

interface Span {
  readonly start: number;
  readonly end: number;
  readonly feature: JsonObject;
}

// A handle is a domain name; what precedes the @ must not belong to an e-mail address or a path.
const mentionPattern = /(?<![\p{L}\p{N}_@./])@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9])/giu;
const tagPattern = /(?<=^|[\s(（「『])[#＃]([^\s#＃\u200b\u00ad]+)/gu;

/** Handles mentioned in a text, in lower case, each once. They count only once they are resolved. */
export function mentionedHandles(text: string): readonly string[] {
  return [...new Set([...text.matchAll(mentionPattern)].map((match) => (match[1] ?? "").toLowerCase()))];
}

/** A tag as it may stand in a record, or undefined: not only digits, at most 64 graphemes and 640 bytes. */
export function tagOf(written: string): string | undefined {
  const tag = written.replace(/[\p{P}\p{S}]+$/u, "");
  if (tag === "" || /^\p{N}+$/u.test(tag) || /^[\p{P}\p{S}]/u.test(tag)) return undefined;
  return countGraphemes(tag) <= 64 && countUtf8Bytes(tag) <= 640 ? tag : undefined;
}

function linkSpans(text: string): Span[] {
  return findUrls(text).map(({ start, end, url }) => ({
    start,
    end,
    feature: { $type: "app.bsky.richtext.facet#link", uri: url },
  }));
}

function mentionSpans(text: string, dids: Readonly<Record<string, string>>): Span[] {
  return [...text.matchAll(mentionPattern)].flatMap((match) => {
    const did = dids[(match[1] ?? "").toLowerCase()];
    const feature = { $type: "app.bsky.richtext.facet#mention", did: did ?? "" };
    return did ? [{ start: match.index, end: match.index + match[0].length, feature }] : [];
  });
}

function tagSpans(text: string): Span[] {
  return [...text.matchAll(tagPattern)].flatMap((match) => {
    const tag = tagOf(match[1] ?? "");
    const feature = { $type: "app.bsky.richtext.facet#tag", tag: tag ?? "" };
    return tag ? [{ start: match.index, end: match.index + 1 + tag.length, feature }] : [];
  });
}

/**
 * Facets of a text: links, resolved mentions, tags; Bluesky links nothing by itself. Offsets are UTF-8 bytes of exactly
 * this string, end exclusive. Where two overlap, the link wins (a tag inside an address is none).
 * @source fact sheet "Facets" (2026-11-20): app.bsky.richtext.facet
 */
export function facetsFor(text: string, dids: Readonly<Record<string, string>>): readonly JsonObject[] {
  const taken: Span[] = [];
  for (const span of [...linkSpans(text), ...mentionSpans(text, dids), ...tagSpans(text)])
    if (!taken.some((other) => span.start < other.end && other.start < span.end)) taken.push(span);
  return taken
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, end, feature }) => ({
      index: { byteStart: countUtf8Bytes(text.slice(0, start)), byteEnd: countUtf8Bytes(text.slice(0, end)) },
      features: [feature],
    }));
}
