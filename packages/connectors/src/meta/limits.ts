import { countUtf16, type MediaRule, type TextLimit } from "@postd/connector-kit";

// Meta writes megabytes without saying which; the smaller reading is always within.
const MB = 1_000_000;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

const utf16 = (max: number): TextLimit => ({ max, unit: "utf16", rule: "utf16", count: countUtf16 });

/** @source platforms/meta.md section 14 */
export const facebookText = utf16(63_206);
/** Code units or letters is not said; code units are the careful count. */
export const instagramCaption = utf16(2200);

const facebookPhoto = {
  mimeTypes: ["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"],
  maxBytes: 4 * MB,
};
const videoTypes = ["video/mp4", "video/quicktime"];

export const facebookMedia = {
  none: { min: 0, max: 0 },
  photo: { min: 1, max: 1, image: facebookPhoto },
  multiPhoto: { min: 2, max: 10, image: facebookPhoto },
  // The size and length both upload ways allow.
  video: { min: 1, max: 1, video: { mimeTypes: videoTypes, maxBytes: 1000 * MB, maxMs: 20 * MINUTE_MS } },
  reel: {
    min: 1,
    max: 1,
    video: { mimeTypes: ["video/mp4"], maxBytes: 1000 * MB, minMs: 3 * SECOND_MS, maxMs: 90 * SECOND_MS, maxAspect: 1 },
  },
  photoStory: { min: 1, max: 1, image: facebookPhoto },
  videoStory: {
    min: 1,
    max: 1,
    video: { mimeTypes: videoTypes, maxBytes: 1000 * MB, minMs: 3 * SECOND_MS, maxMs: 60 * SECOND_MS },
  },
} as const satisfies Record<string, MediaRule>;

const instagramImage = {
  mimeTypes: ["image/jpeg"],
  maxBytes: 8 * MB,
  minAspect: 4 / 5,
  maxAspect: 1.91,
  minWidth: 320,
};
const instagramStoryImage = { mimeTypes: ["image/jpeg"], maxBytes: 8 * MB };
const reelVideo = {
  mimeTypes: videoTypes,
  maxBytes: 300 * MB,
  minMs: 3 * SECOND_MS,
  maxMs: 15 * MINUTE_MS,
  minAspect: 0.01,
  maxAspect: 10,
};

export const instagramMedia = {
  image: { min: 1, max: 1, image: instagramImage },
  carousel: { min: 2, max: 10, image: instagramImage, video: { ...reelVideo, maxMs: 60 * SECOND_MS } },
  reel: { min: 1, max: 1, video: reelVideo },
  story: {
    min: 1,
    max: 1,
    image: instagramStoryImage,
    video: { mimeTypes: videoTypes, maxBytes: 100 * MB, minMs: 3 * SECOND_MS, maxMs: 60 * SECOND_MS },
  },
} as const satisfies Record<string, MediaRule>;

export const altTextMax = 1000;
export const hashtagMax = 30;
/** Accounts are reported to be held to 5 since December 2025; a warning, as Meta's pages still say 30. */
export const hashtagWarn = 5;
export const mentionMax = 20;
/** Page reels, in pixels. */
export const reelMinWidth = 540;
export const reelMinHeight = 960;
/** Said to be the limit of a comment and not confirmed, hence a warning. @source platforms/meta.md section 9 */
export const instagramCommentWarn = 300;
