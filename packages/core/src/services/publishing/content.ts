import type { MediaInfo, OutgoingPost } from "@postd/connector-kit";
import { type JsonObject, type PostPatch, type PostVersionInput, textIn } from "@postd/contracts";
import type { z } from "zod";
import type { ContentRecord } from "../../ports/publishing-store.ts";

type Version = z.infer<typeof PostVersionInput>;
/** The words all platforms share beside text, media and options. */
const words = ["parts", "link", "mentions", "hashtags", "productTags", "firstComment"] as const;

/** What a request says of the content, and nothing it does not: a version, or a change. */
export function writtenIn(input: Version | PostPatch): Partial<ContentRecord> {
  const text = textIn(input);
  const said = Object.fromEntries(words.flatMap((word) => (input[word] === undefined ? [] : [[word, input[word]]])));
  return {
    ...(text === undefined ? {} : { text }),
    ...(input.format ? { format: input.format } : {}),
    ...(input.mediaIds === undefined ? {} : { mediaIds: input.mediaIds }),
    ...(input.options === undefined ? {} : { options: input.options as JsonObject }),
    // Checked by the request's schema, whose fields have the record's shapes.
    ...(said as Partial<ContentRecord>),
  };
}

/** Content without what is empty or was taken away. */
export function contentOf(content: ContentRecord): ContentRecord {
  const kept = Object.entries(content).filter(([name, value]) => {
    const isWord = words.some((word) => word === name);
    return !isWord || (value !== null && !(Array.isArray(value) && value.length === 0));
  });
  return Object.fromEntries(kept) as unknown as ContentRecord;
}

/** The post as it leaves, but for its format; `media` are the content's files. */
export function outgoing(
  content: ContentRecord,
  media: readonly MediaInfo[],
): Omit<OutgoingPost, "format" | "destination"> {
  const { mediaIds: _files, format: _format, ...written } = contentOf(content);
  const { link, firstComment, ...rest } = written;
  return {
    ...rest,
    media,
    ...(link ? { link } : {}),
    ...(firstComment ? { firstComment } : {}),
  };
}

/** Files the words name beside the media: the picture of a link card. */
export const filesInWords = ({ link }: Partial<ContentRecord>): readonly string[] =>
  link?.thumbMediaId === undefined ? [] : [link.thumbMediaId];
