import { countUtf16, type MediaRule, planParts, type TextLimit } from "@postd/connector-kit";

const MB = 1_000_000;

/** UTF-16 code units; words are never needed. @source platforms/tiktok.md sections 5 and 13 */
const utf16 = (max: number): TextLimit => ({ max, unit: "utf16", count: countUtf16, rule: "utf16", required: false });
export const videoText = utf16(2_200);
export const photoText = utf16(4_000);
export const TITLE_MAX = 90;

/** @source platforms/tiktok.md section 13 */
const SIDE_MAX = 4_096;
export const videoRule: MediaRule = {
  min: 1,
  max: 1,
  altText: [],
  video: {
    mimeTypes: ["video/mp4", "video/quicktime", "video/webm"],
    maxBytes: 4_000 * MB,
    maxMs: 10 * 60_000,
    minWidth: 360,
    minHeight: 360,
    maxWidth: SIDE_MAX,
    maxHeight: SIDE_MAX,
    videoCodecs: ["avc", "hevc", "vp8", "vp9"],
    minFramesPerSecond: 23,
    maxFramesPerSecond: 60,
  },
};
export const photoRule: MediaRule = {
  min: 1,
  max: 35,
  altText: [],
  image: {
    mimeTypes: ["image/jpeg", "image/webp"],
    maxBytes: 20 * MB,
    maxLongSide: 1_920,
    maxShortSide: 1_080,
    // Wider ones are within the limits and some are refused all the same.
    sure: { maxWidth: 1_080 },
  },
};

/** TikTok does not say which megabytes it means; these are within both readings. */
const PART_BYTES = 10 * MB;
const WHOLE_BYTES = 20 * MB;

/**
 * The pieces of a video: one, or as many whole ones of 10 MB as fit, the last with what is left over. More than 64 MB
 * has to be cut, no piece but the only one is under 5 MB, and the number is rounded down.
 * @source platforms/tiktok.md section 5, "Chunk rules"
 */
export function piecesOf(sizeBytes: number) {
  const partBytes = sizeBytes <= WHOLE_BYTES ? Math.max(1, sizeBytes) : PART_BYTES;
  return { chunkSize: partBytes, parts: planParts(sizeBytes, { partBytes, last: "longer" }) };
}
