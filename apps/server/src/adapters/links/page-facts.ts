import { storableRemark } from "@postd/connector-kit";
import htmlEncodingSniffer from "html-encoding-sniffer";
import { Parser } from "htmlparser2";

/** What a page says of itself; hostile input, made storable and cut. */
export interface PageFacts {
  readonly title?: string;
  readonly description?: string;
  /** Absolute http(s) address. */
  readonly imageUrl?: string;
}

/** Names in the order they count; the page's own <title> and <link> come after them. */
const titleNames = ["og:title", "twitter:title"];
const descriptionNames = ["og:description", "twitter:description", "description"];
const imageNames = ["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"];

/** A head is flat and short; what goes beyond is made to keep us busy. */
const MAX_DEPTH = 200;
const MAX_TAGS = 20_000;
const SLICE_CHARS = 4096;
const MAX_TEXT_CHARS = 10_000;

/**
 * Title, description and picture from the head of an HTML page: Open Graph, then Twitter's, then HTML's own. Nothing is
 * run or loaded; time grows with the length of the page and ends with its head.
 */
export function pageFacts(page: {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Where the page came from; relative addresses are read against it. */
  readonly from: string;
}): PageFacts {
  const found = headOf(decoded(page.bytes, page.contentType));
  const first = (names: readonly string[]) => names.map((name) => found.get(name)?.trim()).find(Boolean);
  const title = plain(first([...titleNames, "<title>"]), 300);
  const description = plain(first(descriptionNames), 1000);
  const imageUrl = addressOf(first([...imageNames, "<image_src>"]), page.from);
  return { ...(title && { title }), ...(description && { description }), ...(imageUrl && { imageUrl }) };
}

/** Metadata of a head by name, first come; `<title>` and `<image_src>` are HTML's own. */
function headOf(html: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const note = (name: string | undefined, value: string | undefined) => {
    if (name && value?.trim() && !found.has(name)) found.set(name, value.slice(0, MAX_TEXT_CHARS));
  };
  let title: string | undefined;
  let depth = 0;
  let tags = 0;
  let isOver = false;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const of = (key: string) => (Object.hasOwn(attributes, key) ? attributes[key] : undefined);
        depth++;
        tags++;
        if (name === "body" || depth > MAX_DEPTH || tags > MAX_TAGS) isOver = true;
        if (isOver) return;
        if (name === "title" && !found.has("<title>")) title = "";
        if (name === "meta") note((of("property") ?? of("name"))?.trim().toLowerCase(), of("content"));
        if (name === "link" && of("rel")?.trim().toLowerCase() === "image_src") note("<image_src>", of("href"));
      },
      ontext(text) {
        if (title !== undefined && title.length < MAX_TEXT_CHARS) title += text;
      },
      onclosetag(name) {
        depth--;
        if (name === "title" && title !== undefined && !isOver) {
          note("<title>", title);
          title = undefined;
        }
        if (name === "head") isOver = true;
      },
    },
    { decodeEntities: true },
  );
  // In slices, so that a page that is over is not read on.
  for (let at = 0; at < html.length && !isOver; at += SLICE_CHARS) parser.write(html.slice(at, at + SLICE_CHARS));
  if (!isOver) parser.end();
  return found;
}

/** The page's text by the encoding it was sent in; one nobody declared is UTF-8 where it can be. */
function decoded(bytes: Uint8Array, contentType: string): string {
  const label = /charset\s*=\s*["']?([^\s"';]+)/i.exec(contentType.slice(0, 500))?.[1];
  const declared = htmlEncodingSniffer(bytes, {
    ...(label && { transportLayerEncodingLabel: label }),
    defaultEncoding: isUtf8(bytes) ? "UTF-8" : "windows-1252",
  });
  try {
    return new TextDecoder(declared).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes); // an encoding only browsers know
  }
}

/** A page that was cut may end inside a character. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** One line of text without marks that turn what follows around. */
function plain(text: string | undefined, max: number): string | undefined {
  const line = text?.replace(/[\u202a-\u202e\u2066-\u2069]/g, "").replace(/\s+/gu, " ");
  return line === undefined ? undefined : storableRemark(line, max).trim() || undefined;
}

function addressOf(value: string | undefined, base: string): string | undefined {
  if (!value || !URL.canParse(value, base)) return undefined;
  const url = new URL(value, base);
  const isWeb = (url.protocol === "https:" || url.protocol === "http:") && !url.username && !url.password;
  return isWeb && url.href.length <= 2000 ? url.href : undefined;
}
