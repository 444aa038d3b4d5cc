import type { Format, MediaRule, Publishing } from "@postd/connector-kit";
import type { PlatformView } from "@postd/contracts";

type Widest = Omit<PlatformView["constraints"], "text">;

/**
 * Limits of a platform in one line: the widest over its formats, so that what exceeds it fits none. A limit that one
 * format does not have is left out. Pixels, seconds, bytes. Pure.
 */
export function widestOf({ formats, limits }: Publishing): Widest {
  const all: readonly Format[] = Object.values(formats);
  const images = all.flatMap(({ media }) => media.image ?? []);
  const videos = all.flatMap(({ media }) => media.video ?? []);
  const most = Math.max(...all.map(({ media }) => media.max), 0);
  const square = greatest(images.map(({ maxPixels }) => maxPixels));
  return defined({
    characterLimit: greatest(all.map(({ text }) => (text ?? limits.text).max)),
    imageSizeMin: least(images.map(({ minWidth }) => minWidth)),
    imageSizeMax: square === undefined ? undefined : Math.floor(Math.sqrt(square)),
    videoLengthMin: seconds(least(videos.map(({ minMs }) => minMs))),
    videoLengthMax: seconds(greatest(videos.map(({ maxMs }) => maxMs))),
    videoSizeMax: greatest(videos.map(({ maxBytes }) => maxBytes)),
    carouselMax: most > 1 ? most : undefined,
  });
}

type Limits = readonly (MediaRule["max"] | undefined)[];

const isWhole = (limits: Limits): limits is readonly number[] =>
  limits.length > 0 && limits.every((limit) => limit !== undefined);
const least = (limits: Limits) => (isWhole(limits) ? Math.min(...limits) : undefined);
const greatest = (limits: Limits) => (isWhole(limits) ? Math.max(...limits) : undefined);
const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);

const defined = (given: { readonly [K in keyof Widest]: number | undefined }): Widest =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
