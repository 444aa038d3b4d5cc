import { countUtf16, type MediaRule, planParts, type TextLimit } from "@postd/connector-kit";
import { weightedLength } from "./weighted.ts";

const MB = 1_000_000;
const MINUTE_MS = 60_000;

export const textLimit: TextLimit = { max: 280, unit: "characters", count: weightedLength, rule: "weighted" };
export const altLimit: TextLimit = { max: 1_000, unit: "utf16", count: countUtf16, rule: "utf16", required: false };
/** Parts of a thread behind the first post. */
export const MOST_PARTS = 24;

/** @source platforms/x.md section 13 */
export const pictureRule: MediaRule = {
  min: 1,
  max: 4,
  image: { mimeTypes: ["image/jpeg", "image/png", "image/webp"], maxBytes: 5 * MB },
};
export const GIF_WIDTH = 1_280;
export const GIF_HEIGHT = 1_080;
export const gifRule: MediaRule = { min: 1, max: 1, image: { mimeTypes: ["image/gif"], maxBytes: 15 * MB } };
export const videoRule: MediaRule = {
  min: 1,
  max: 1,
  altText: [],
  video: {
    mimeTypes: ["video/mp4", "video/quicktime", "video/webm", "video/mp2t"],
    // A video is sent in 1,000 segments of 8 MB at most, so the 16 GB of Premium accounts do not fit through.
    maxBytes: 8_000 * MB,
    minMs: 500,
    maxMs: 20 * MINUTE_MS,
    minWidth: 32,
    minHeight: 32,
    minAspect: 1 / 3,
    maxAspect: 3,
    videoCodecs: ["avc", "vp8", "vp9"],
    maxFramesPerSecond: 60,
  },
};

const SEGMENTS = 1_000;
/**
 * Segments of 1 MB, larger ones only where 1,000 of them would not do: five megabytes at once were refused to several.
 * @source platforms/x.md section 5, "Media upload v2"
 */
export const segmentsOf = (sizeBytes: number) =>
  planParts(sizeBytes, { partBytes: Math.max(MB, Math.ceil(sizeBytes / SEGMENTS)) });
