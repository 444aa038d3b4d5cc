import sharp, { type Metadata, type Sharp } from "sharp";

// One thread and no cache: memory is that of one picture, and the other threads of the process stay free for files.
sharp.cache(false);
sharp.concurrency(1);
// What comes in was typed before; nothing else of the library is to read hostile bytes.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: [
    "VipsForeignLoadJpeg",
    "VipsForeignLoadPng",
    "VipsForeignLoadWebp",
    "VipsForeignLoadNsgif",
    "VipsForeignLoadTiff",
    "VipsForeignLoadHeif",
  ],
});

/** Twelve thousand by eight thousand; larger ones are made to cost memory, or are of no use to any platform. */
export const maxPixels = 100_000_000;
/** Pictures that cannot be worked on row by row are held whole: turned, progressive or interlaced ones. */
export const maxHeldBytes = 200_000_000;
const maxSeconds = 60;

/** Opens a picture that has been typed; throws where it is damaged. Only the first page or frame is looked at. */
export const openPicture = (file: string | Uint8Array): Sharp =>
  sharp(file, { failOn: "error", limitInputPixels: maxPixels, sequentialRead: true, pages: 1 }).timeout({
    seconds: maxSeconds,
  });

/** What the header says, before anything is worked on: the size may be any. Throws where it is damaged. */
export const readHeader = (file: string | Uint8Array): Promise<Metadata> =>
  sharp(file, { limitInputPixels: false }).metadata();

/** Pixels in memory, four bytes each: red, green, blue, opacity. */
export const openPixels = (pixels: Uint8Array, width: number, height: number): Sharp =>
  sharp(pixels, { raw: { width, height, channels: 4 }, limitInputPixels: maxPixels });

/** Bytes that reading it whole takes in memory at least; 0 where rows come one after the other. */
export function heldBytes(meta: Metadata, isTurned: boolean): number {
  const isWhole = isTurned || meta.isProgressive || ["heif", "webp"].includes(meta.format ?? "");
  if (!isWhole) return 0;
  const depth = meta.depth === "ushort" ? 2 : 1;
  // A progressive JPEG is held as numbers of two bytes until its last pass.
  const passes = meta.format === "jpeg" && meta.isProgressive ? 2 : 1;
  const channels =
    meta.format === "jpeg" && meta.chromaSubsampling === "4:2:0" && !isTurned ? 1.5 : (meta.channels ?? 4);
  return meta.width * meta.height * channels * depth * passes;
}
