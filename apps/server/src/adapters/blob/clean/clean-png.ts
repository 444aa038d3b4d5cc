import { type ByteSource, createPieces, TooManyParts } from "./byte-source.ts";
import type { CleanedPicture } from "./cleaned.ts";

/** Pixels, palette, transparency, colour and size on paper, and the frames of an animated PNG. */
const partOfPicture = new Set(
  "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCv cLLi sBIT bKGD hIST pHYs acTL fcTL fdAT".split(" "),
);

const maxChunks = 1_000_000;

/**
 * Drops every chunk that is no part of the picture (text, EXIF, time, private ones) and what follows its end.
 * @source https://www.w3.org/TR/png-3/ sections 5 and 11 (2025-06)
 */
export async function cleanPng(source: ByteSource): Promise<CleanedPicture> {
  const { pieces, keep } = createPieces();
  if ((await source.read(0, 8)).toString("hex") !== "89504e470d0a1a0a") return undefined;
  keep(0, 8);
  let frames = 1;
  for (let at = 8, chunks = 0; ; chunks += 1) {
    if (chunks > maxChunks) throw new TooManyParts();
    const header = await source.read(at, 12);
    if (header.length < 8) return undefined;
    const type = header.toString("latin1", 4, 8);
    const to = at + 12 + header.readUInt32BE(0);
    if (to > source.sizeBytes) return undefined;
    if (type === "acTL" && header.length === 12) frames = Math.max(1, header.readUInt32BE(8));
    if (partOfPicture.has(type)) keep(at, to);
    if (type === "IEND") return { pieces, frames };
    at = to;
  }
}
