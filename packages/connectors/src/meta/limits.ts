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
/** Comments of both platforms; @source platforms/meta.md section 9 */
export const commentText = utf16(2200);

const facebookPhoto = {
  mimeTypes: ["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"],
  maxBytes: 4 * MB,
};
const videoTypes = ["video/mp4", "video/quicktime"];
/** @source platforms/meta.md section 14, FB reel */
const facebookReel = {
  mimeTypes: ["video/mp4"],
  maxBytes: 1000 * MB,
  minMs: 3 * SECOND_MS,
  maxMs: 90 * SECOND_MS,
  maxAspect: 1,
  minWidth: 540,
  minHeight: 960,
  videoCodecs: ["avc", "hevc", "vp9", "av1"],
  audioCodecs: ["aac"],
  minFramesPerSecond: 24,
  maxFramesPerSecond: 60,
};

export const facebookMedia = {
  none: { min: 0, max: 0 },
  photo: { min: 1, max: 1, image: facebookPhoto },
  multiPhoto: { min: 2, max: 10, image: facebookPhoto },
  // The size and length both upload ways allow.
  video: { min: 1, max: 1, video: { mimeTypes: videoTypes, maxBytes: 1000 * MB, maxMs: 20 * MINUTE_MS } },
  reel: { min: 1, max: 1, video: facebookReel },
  photoStory: { min: 1, max: 1, altText: [], image: facebookPhoto },
  videoStory: {
    min: 1,
    max: 1,
    video: { mimeTypes: videoTypes, maxBytes: 1000 * MB, minMs: 3 * SECOND_MS, maxMs: 60 * SECOND_MS },
  },
} as const satisfies Record<string, MediaRule>;

/** Narrower than this, Instagram's pages say no. @source platforms/meta.md section 14, IG image */
export const instagramSureAspect = 4 / 5;
const instagramImage = {
  mimeTypes: ["image/jpeg"],
  maxBytes: 8 * MB,
  // Between 3:4 and 4:5 Meta's pages say no and accounts are reported to say yes, so that is a warning of its own.
  minAspect: 3 / 4,
  maxAspect: 1.91,
  minWidth: 320,
  sure: { minAspect: instagramSureAspect },
};
const instagramStoryImage = { mimeTypes: ["image/jpeg"], maxBytes: 8 * MB };
/**
 * What Instagram's own page asks of every video.
 * @source platforms/meta.md section 14, IG reel
 */
const instagramVideo = {
  mimeTypes: videoTypes,
  minMs: 3 * SECOND_MS,
  maxWidth: 1920,
  videoCodecs: ["avc", "hevc"],
  audioCodecs: ["aac"],
  maxAudioHz: 48_000,
  maxAudioChannels: 2,
  minFramesPerSecond: 23,
  maxFramesPerSecond: 60,
  maxBitsPerSecond: 25_000_000,
  needsIndexAtStart: true,
  refusesCuts: true,
};
const reelVideo = {
  ...instagramVideo,
  maxBytes: 300 * MB,
  maxMs: 15 * MINUTE_MS,
  minAspect: 0.01,
  maxAspect: 10,
};
/** @source platforms/meta.md sections 6 and 14 */
export const reelCover = { mimeTypes: ["image/jpeg"], maxBytes: 8 * MB };

export const instagramMedia = {
  image: { min: 1, max: 1, image: instagramImage },
  carousel: { min: 2, max: 10, image: instagramImage, video: { ...reelVideo, maxMs: 60 * SECOND_MS } },
  reel: { min: 1, max: 1, video: reelVideo },
  story: {
    min: 1,
    max: 1,
    altText: [],
    image: instagramStoryImage,
    video: { ...instagramVideo, maxBytes: 100 * MB, maxMs: 60 * SECOND_MS },
  },
} as const satisfies Record<string, MediaRule>;

export const altTextMax = 1000;
export const hashtagMax = 30;
/** Accounts are reported to be held to 5 since December 2025; a warning, as Meta's pages still say 30. */
export const hashtagWarn = 5;
export const mentionMax = 20;
/** Said to be the limit of a comment and not confirmed, hence a warning. @source platforms/meta.md section 9 */
export const instagramCommentWarn = 300;
