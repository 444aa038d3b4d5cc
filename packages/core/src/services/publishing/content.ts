import type { MediaInfo, OutgoingPost, PictureCrop } from "@postd/connector-kit";
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
    ...(input.media === undefined ? {} : { mediaIds: input.media.map(({ id }) => id), crops: cropsIn(input.media) }),
    ...(input.options === undefined ? {} : { options: input.options as JsonObject }),
    // Checked by the request's schema, whose fields have the record's shapes.
    ...(said as Partial<ContentRecord>),
  };
}

/** `media` says everything of its files, so one without a crop has none. */
const cropsIn = (media: NonNullable<Version["media"]>): Readonly<Record<string, PictureCrop>> =>
  Object.fromEntries(media.flatMap(({ id, crop }) => (crop ? [[id, crop]] : [])));

/** Content without what is empty or was taken away. */
export function contentOf(content: ContentRecord): ContentRecord {
  const { crops: given = {}, ...rest } = content;
  const kept = Object.entries(rest).filter(([name, value]) => {
    const isWord = words.some((word) => word === name);
    return !isWord || (value !== null && !(Array.isArray(value) && value.length === 0));
  });
  const crops = Object.entries(given).filter(([id]) => content.mediaIds.includes(id));
  const written = Object.fromEntries(kept) as unknown as ContentRecord;
  return crops.length > 0 ? { ...written, crops: Object.fromEntries(crops) } : written;
}

/** The post as it leaves, but for its format; `media` are the content's files. */
export function outgoing(
  content: ContentRecord,
  media: readonly MediaInfo[],
): Omit<OutgoingPost, "format" | "destination"> {
  const { mediaIds: _files, crops: _crops, format: _format, ...written } = contentOf(content);
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
