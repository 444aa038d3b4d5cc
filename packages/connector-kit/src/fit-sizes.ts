import type { PictureBox } from "./picture-change.ts";
import type { MediaRule } from "./publish.ts";

type ImageRule = NonNullable<MediaRule["image"]>;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** As the check allows: 1080 x 1351 is 4:5 to everybody. */
const slack = 0.001;

/** The largest part around the middle that has a shape the platform takes. */
export function withinAspect(box: PictureBox, rule: ImageRule): PictureBox {
  const { width, height } = shaped(box, rule);
  const left = box.left + Math.floor((box.width - width) / 2);
  const top = box.top + Math.floor((box.height - height) / 2);
  return { ...box, left, top, width, height };
}

/** Whether the platform takes this shape, surely or not. */
export const isTakenShape = ({ width, height }: Size, { minAspect = 0 }: ImageRule): boolean =>
  width / height >= minAspect - slack;

/** A size with less of its longer side, where its shape is none the platform takes for sure. */
function shaped(
  { width, height }: Size,
  { minAspect = 0, maxAspect = Number.POSITIVE_INFINITY, sure }: ImageRule,
): Size {
  const ratio = width / height;
  const least = Math.max(minAspect, sure?.minAspect ?? 0);
  if (ratio < least - slack) return { width, height: Math.max(1, Math.floor(width / least)) };
  if (ratio > maxAspect + slack) return { width: Math.max(1, Math.floor(height * maxAspect)), height };
  return { width, height };
}

/** Each size is this much of the one before. */
const step = 0.75;
/** A picture with a longer side below this is of no use to anybody, so nothing is made smaller than that for its bytes. */
const leastSide = 640;

/** The size the platform takes, then smaller ones for when its bytes do not fit, none below what it asks for. */
export function fitSizes(box: Size, rule: ImageRule): readonly Size[] {
  const first = scaled(box, scaleFor(box, rule), rule);
  const sizes = [first];
  for (let scale = step; ; scale *= step) {
    const next = scaled(first, scale, rule);
    if (Math.max(next.width, next.height) < leastSide) return sizes;
    if (next.width < (rule.minWidth ?? 0) || next.height < (rule.minHeight ?? 0)) return sizes;
    sizes.push(next);
  }
}

function scaleFor({ width, height }: Size, rule: ImageRule): number {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  const none = Number.POSITIVE_INFINITY;
  const { maxWidth = none, maxHeight = none, maxLongSide = none, maxShortSide = none, maxPixels = none } = rule;
  const widest = Math.min(maxWidth, rule.sure?.maxWidth ?? none);
  return Math.min(
    1,
    widest / width,
    maxHeight / height,
    maxLongSide / long,
    maxShortSide / short,
    Math.sqrt(maxPixels / (width * height)),
  );
}

/** Rounded down, and so that the rounding leaves the shape within its bounds. */
function scaled({ width, height }: Size, scale: number, rule: ImageRule): Size {
  if (scale === 1) return { width, height };
  const size = { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) };
  return shaped(size, rule);
}
