import type { MediaInfo } from "./context.ts";
import { fitSizes, isTakenShape, type Size, withinAspect } from "./fit-sizes.ts";
import { inWords, type MediaComplaint, megabytes, oneOf } from "./media-words.ts";
import type { PictureBox, PictureChange, PictureCrop } from "./picture-change.ts";
import type { MediaRule } from "./publish.ts";

type ImageRule = NonNullable<MediaRule["image"]>;

export interface PictureFit {
  /** Absent: it goes out as it is. */
  readonly change?: PictureChange;
  /** The picture as it would go out, as far as that is known before it is made; checked like any other. */
  readonly as: MediaInfo;
  /** What will be done to it, in words. */
  readonly notes: readonly MediaComplaint[];
}

/** Types that can be written; another one is only passed on. */
const writable = ["image/jpeg", "image/png", "image/webp"];

/**
 * What has to be done to a still picture so that a platform takes it: cut to its shape (around the middle, or of the part
 * the author chose), made smaller, turned into a type it takes. What cannot be mended stays as it is and is refused by the
 * check that follows: nothing is ever made larger, and moving pictures are left alone. Pure.
 */
export function fitPicture(
  { platform, name, rule }: { readonly platform: string; readonly name: string; readonly rule: ImageRule },
  item: MediaInfo,
  crop?: PictureCrop,
): PictureFit {
  const { width, height } = item;
  const types = typesFor(item, rule);
  if (item.kind !== "image" || item.madeFrom || !width || !height || types.length === 0) return { as: item, notes: [] };
  const whole: PictureBox = { left: 0, top: 0, width, height, of: { width, height } };
  const chosen = crop ? boxOf(crop, whole) : whole;
  const bounds = crop && isTakenShape(chosen, rule) ? withoutSureShape(rule) : rule;
  const box = withinAspect(chosen, bounds);
  const sizes = fitSizes(box, bounds);
  const [size = box] = sizes;
  const isCut = box.width < width || box.height < height;
  const isScaled = size.width < box.width || size.height < box.height;
  const isTaken = rule.mimeTypes.includes(item.mimeType);
  const isOver = item.sizeBytes > rule.maxBytes;
  if (!isCut && !isScaled && isTaken && !isOver) return { as: item, notes: [] };
  const [mimeType = item.mimeType] = types;
  return {
    change: { ...(isCut ? { crop: box } : {}), types, sizes, maxBytes: rule.maxBytes },
    as: { ...item, mimeType, ...size, sizeBytes: Math.min(item.sizeBytes, rule.maxBytes) },
    notes: [
      ...cutNote(name, platform, { whole, chosen, box }),
      ...typeNote(name, platform, item.mimeType, mimeType, { rule, isTaken }),
      ...(isScaled ? [scaledNote(name, platform, size)] : []),
      ...(isOver ? [smallerNote(name, platform, item.sizeBytes, rule.maxBytes)] : []),
    ],
  };
}

/** A PNG stays one where that is taken and small enough; drawings keep their edges so. The rest is lossy anyway. */
function typesFor({ mimeType, sizeBytes }: MediaInfo, { mimeTypes, maxBytes }: ImageRule): readonly string[] {
  const taken = writable.filter((type) => mimeTypes.includes(type));
  const isLossy = mimeType === "image/jpeg" || mimeType === "image/webp";
  if (isLossy && taken.includes(mimeType)) return [mimeType];
  const lossy = taken.find((type) => type !== "image/png");
  const asPng = !isLossy && taken.includes("image/png") && (sizeBytes <= maxBytes || !lossy);
  return [...(asPng ? ["image/png"] : []), ...(lossy ? [lossy] : asPng ? [] : taken)];
}

function boxOf(crop: PictureCrop, { of }: PictureBox): PictureBox {
  const left = Math.min(of.width - 1, Math.round(crop.x * of.width));
  const top = Math.min(of.height - 1, Math.round(crop.y * of.height));
  const right = Math.min(of.width, Math.round((crop.x + crop.width) * of.width));
  const bottom = Math.min(of.height, Math.round((crop.y + crop.height) * of.height));
  return { left, top, width: Math.max(1, right - left), height: Math.max(1, bottom - top), of };
}

/** An author who chose a part that may be taken means it, though another shape were surer. */
function withoutSureShape({ sure, ...rule }: ImageRule): ImageRule {
  return sure?.maxWidth === undefined ? rule : { ...rule, sure: { maxWidth: sure.maxWidth } };
}

const inPixels = ({ width, height }: Size): string => `${width} x ${height}`;

function cutNote(
  name: string,
  platform: string,
  { whole, chosen, box }: { readonly whole: PictureBox; readonly chosen: PictureBox; readonly box: PictureBox },
): MediaComplaint[] {
  const isShaped = box.width < chosen.width || box.height < chosen.height;
  const isChosen = chosen.width < whole.width || chosen.height < whole.height;
  if (isShaped)
    return [
      [
        "media_cropped",
        `${name} is cropped to ${ratioWords(box)} for ${platform}, around the middle${isChosen ? " of the part you chose" : ""}: ${inPixels(box)} of ${inPixels(whole)} pixels. Choose another part with media[].crop.`,
      ],
    ];
  if (!isChosen) return [];
  return [
    ["media_cropped", `${name} is cropped to the part you chose: ${inPixels(box)} of ${inPixels(whole)} pixels.`],
  ];
}

function typeNote(
  name: string,
  platform: string,
  from: string,
  to: string,
  { rule, isTaken }: { readonly rule: ImageRule; readonly isTaken: boolean },
): MediaComplaint[] {
  if (from === to) return [];
  const why = isTaken ? "" : `, which takes ${oneOf(rule.mimeTypes)}`;
  const white = to === "image/jpeg" && from !== "image/jpeg" ? ". What is see-through in it becomes white" : "";
  return [
    ["media_converted", `${name} is converted from ${inWords(from)} to ${inWords(to)} for ${platform}${why}${white}.`],
  ];
}

const scaledNote = (name: string, platform: string, size: Size): MediaComplaint => [
  "media_scaled",
  `${name} is made smaller for ${platform}: ${inPixels(size)} pixels.`,
];

const smallerNote = (name: string, platform: string, bytes: number, maxBytes: number): MediaComplaint => [
  "media_made_smaller",
  `${name} is made smaller for ${platform}: ${megabytes(bytes)} to at most ${megabytes(maxBytes)}.`,
];

/** "4:5" where that is meant, else "1.91:1". */
function ratioWords({ width, height }: Size): string {
  const ratio = width / height;
  for (let below = 1; below <= 16; below += 1) {
    const above = Math.round(ratio * below);
    if (above >= 1 && above <= 16 && Math.abs(above / below - ratio) < 0.003) return `${above}:${below}`;
  }
  return `${ratio.toFixed(2)}:1`;
}
