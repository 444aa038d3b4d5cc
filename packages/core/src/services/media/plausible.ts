import type { MediaFacts, MediaRefusal } from "../../ports/media.ts";

/** No format that any platform takes has pictures this wide, or clips this long; a file that says so is damaged. */
const mostPixels = 100_000;
const mostMs = 30 * 24 * 3_600_000;

/** Whether what a file says about itself can be true. Its header is a stranger's word, and rows hold what fits. */
export function isPlausible({ width = 1, height = 1, durationMs = 0 }: MediaFacts): boolean {
  const isSize = (pixels: number) => Number.isInteger(pixels) && pixels >= 1 && pixels <= mostPixels;
  return isSize(width) && isSize(height) && Number.isInteger(durationMs) && durationMs >= 0 && durationMs <= mostMs;
}

export const implausible: MediaRefusal = {
  code: "unsupported",
  message: "The file is damaged: the width, height or length it names cannot be right.",
};
