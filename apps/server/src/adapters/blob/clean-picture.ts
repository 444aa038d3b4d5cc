import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { fail, ok, type Result } from "@postd/contracts";
import type { MediaFacts, MediaRefusal } from "@postd/core";
import type { Metadata, Sharp } from "sharp";
import { type ByteSource, isWhole, TooManyParts, withByteSource, writePieces } from "./clean/byte-source.ts";
import { cleanGif } from "./clean/clean-gif.ts";
import { cleanJpeg } from "./clean/clean-jpeg.ts";
import { cleanPng } from "./clean/clean-png.ts";
import { cleanWebp } from "./clean/clean-webp.ts";
import type { CleanedPicture } from "./clean/cleaned.ts";
import { decodeBmp, readBmpHeader } from "./clean/decode-bmp.ts";
import { decodeHeic } from "./decode-heic.ts";
import { heldBytes, maxHeldBytes, maxPixels, openPicture, openPixels, readHeader } from "./picture-engine.ts";

export interface CleanFile {
  /** The file that goes out: the one that came, where nothing had to change, or a new one beside it. */
  readonly file: string;
  readonly facts: MediaFacts;
}

const cleaners: Readonly<Record<string, (source: ByteSource) => Promise<CleanedPicture>>> = {
  "image/jpeg": cleanJpeg,
  "image/png": cleanPng,
  "image/webp": cleanWebp,
  "image/gif": cleanGif,
};
const extensions: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
};
/** A BMP is decoded whole and at once; an ultra-wide screen has half of this. */
const maxBmpPixels = 16_000_000;
const maxBmpBytes = 100_000_000;
/** A HEIC is decoded whole, several times over; phones take 12 or 24 megapixels unless told otherwise. */
const maxHeicPixels = 25_000_000;
const maxHeicBytes = 50_000_000;
/** Where a converted picture would be larger as PNG, platforms would refuse it. */
const maxPngBytes = 4_000_000;

/**
 * The picture as it goes out: upright, without place, time, names, thumbnails and every other part that is no picture.
 * JPEG, PNG, WebP and GIF that stand upright keep their pixels as coded, with their colour profile and animation; parts are
 * only left out. Turned ones and JPEGs for print (CMYK) are coded anew in sRGB, the one colour space every platform
 * shows alike. TIFF, BMP and AVIF, which platforms refuse, become PNG or JPEG, and HEIC becomes JPEG. `target` is written where it changes.
 */
export async function cleanPicture(
  file: string,
  mimeType: string,
  target: string,
): Promise<Result<CleanFile, MediaRefusal>> {
  try {
    if (mimeType === "image/bmp") return await convertBmp(file, target);
    const meta = await readHeader(file);
    if (mimeType === "image/heic") return await convertHeic(file, meta, target);
    const isTurned = (meta.orientation ?? 1) > 1;
    const large = tooLarge(meta, isTurned);
    if (large) return large;
    const clean = cleaners[mimeType];
    if (!clean) return await convert(openPicture(file), meta, mimeType, target);
    const cleaned = await cleanParts(file, clean, target);
    if (!cleaned) return damaged;
    // An animation cannot be turned; it loses its note to be.
    const isStill = cleaned.frames === 1;
    if (isStill && (isTurned || meta.space === "cmyk")) {
      await rm(target, { force: true });
      return await recode(file, meta, mimeType, target);
    }
    const out = cleaned.isNew ? target : file;
    const size = await verify(out);
    return ok({ file: out, facts: factsOf(mimeType, size, isStill) });
  } catch (error) {
    await rm(target, { force: true });
    // What the disk or our own promise broke is no fault of the picture.
    if (error instanceof Leftover || (error instanceof Error && "syscall" in error)) throw error;
    return damaged;
  }
}

export const damaged = fail({
  code: "damaged" as const,
  message: "The picture is damaged or cut off: it cannot be read to its end.",
});

export function tooLarge({ width, height, ...meta }: Metadata, isTurned: boolean) {
  const isOver = width * height > maxPixels;
  if (!isOver && heldBytes({ width, height, ...meta }, isTurned) <= maxHeldBytes) return undefined;
  return fail({
    code: "too_many_pixels" as const,
    message: `The picture is ${width} x ${height} pixels, more than this server can work on${isOver ? "" : " in this form"}.`,
  });
}

async function cleanParts(file: string, clean: (source: ByteSource) => Promise<CleanedPicture>, target: string) {
  return withByteSource(file, async (source) => {
    const cleaned = await clean(source).catch((error: unknown) => {
      if (error instanceof TooManyParts) return undefined;
      throw error;
    });
    if (!cleaned) return undefined;
    const isNew = !isWhole(cleaned.pieces, source.sizeBytes);
    if (isNew) await writePieces(source, cleaned.pieces, target);
    return { frames: cleaned.frames, isNew };
  });
}

class Leftover extends Error {}

/** Decodes it to its end, and makes sure that nothing is left in it that was to go. Answers its size as shown. */
async function verify(file: string): Promise<{ width: number; height: number }> {
  const meta = await openPicture(file).metadata();
  const left = [meta.exif && "EXIF", meta.xmp && "XMP", meta.iptc && "IPTC", meta.comments?.length && "text"];
  const what = left.filter(Boolean).join(", ");
  if (what) throw new Leftover(`a cleaned picture still carries ${what}`);
  await openPicture(file).resize(16, 16, { fit: "inside" }).raw().toBuffer();
  return { width: meta.width, height: meta.height };
}

const factsOf = (mimeType: string, { width, height }: { width: number; height: number }, isStill: boolean) => ({
  kind: isStill ? ("image" as const) : ("gif" as const),
  mimeType,
  extension: extensions[mimeType] ?? "bin",
  width,
  height,
});

/** Quality at which nobody sees a difference, then one for pictures that came smaller than that. */
const qualities = [92, 85] as const;

/** Upright, in sRGB, as the type it came in. PNG stays exact; JPEG keeps how finely it held colours. */
async function recode(file: string, meta: Metadata, mimeType: string, target: string) {
  const upright = () => openPicture(file).autoOrient();
  if (mimeType === "image/png") {
    const deep = meta.depth === "ushort" ? upright().toColourspace("rgb16") : upright();
    return finish(deep.png(), mimeType, target);
  }
  if (mimeType === "image/webp") return finish(upright().webp({ quality: 92 }), mimeType, target);
  const { size } = await stat(file);
  for (const quality of qualities) {
    const made = await finish(upright().jpeg(jpegOptions(meta, quality)), mimeType, target);
    if (quality === qualities.at(-1) || (await stat(target)).size <= size) return made;
    await rm(target);
  }
  return damaged;
}

/** Finding the best code tables holds a whole picture in memory, so large ones go without. */
export function jpegOptions({ chromaSubsampling, width, height }: Metadata, quality: number) {
  const isCoarse = chromaSubsampling === "4:2:0";
  return {
    quality,
    chromaSubsampling: isCoarse ? "4:2:0" : "4:4:4",
    optimiseCoding: width * height <= 25_000_000,
  };
}

export async function finish(made: Sharp, mimeType: string, target: string) {
  const { width, height } = await made.toFile(target);
  await verify(target);
  return ok({ file: target, facts: factsOf(mimeType, { width, height }, true) });
}

/** PNG where it is small enough or something shows through, else JPEG. A lossy original gains nothing from PNG. */
async function convert(picture: Sharp, meta: Metadata, mimeType: string, target: string) {
  const upright = picture.autoOrient();
  const asPng = () => finish(upright.clone().png(), "image/png", target);
  if (meta.hasAlpha) return asPng();
  if (mimeType !== "image/avif" && meta.width * meta.height <= maxBmpPixels) {
    const made = await asPng();
    if ((await stat(target)).size <= maxPngBytes) return made;
    await rm(target);
  }
  return finish(upright.clone().jpeg(jpegOptions(meta, 92)), "image/jpeg", target);
}

async function convertBmp(file: string, target: string) {
  const { size } = await stat(file);
  const header = await withByteSource(file, async (source) => readBmpHeader(await source.read(0, 128)));
  if (!header) return damaged;
  const { width, height } = header;
  if (width * height > maxBmpPixels || size > maxBmpBytes)
    return fail({
      code: "too_many_pixels" as const,
      message: `The picture is ${width} x ${height} pixels, more than this server takes as BMP.`,
    });
  const pixels = decodeBmp(await readFile(file), header);
  if (!pixels) return damaged;
  const picture = openPixels(pixels.data, width, height);
  const hasAlpha = header.masks[3] !== 0 && !(await picture.stats()).isOpaque;
  const meta = { ...(await picture.metadata()), hasAlpha };
  return convert(hasAlpha ? picture : picture.removeAlpha(), meta, "image/bmp", target);
}

async function convertHeic(file: string, { width, height, icc }: Metadata, target: string) {
  const { size } = await stat(file);
  if (width * height > maxHeicPixels || size > maxHeicBytes)
    return fail({
      code: "too_many_pixels" as const,
      message: `The picture is ${width} x ${height} pixels, more than this server takes as HEIC.`,
    });
  const jpeg = await decodeHeic(await readFile(file), { icc });
  if (!jpeg) return damaged;
  await writeFile(target, jpeg, { mode: 0o600 });
  return ok({ file: target, facts: factsOf("image/jpeg", await verify(target), true) });
}
