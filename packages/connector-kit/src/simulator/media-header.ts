import { type MovieFacts, movieFacts } from "./movie-header.ts";
import { webmFacts } from "./webm-header.ts";

/** What the first bytes of a file say it is. */
export interface MediaHeader extends MovieFacts {
  readonly mimeType: string;
  /** Of a JPEG: 1 is grey, 3 are colours of a screen, 4 those of print (CMYK). */
  readonly channels?: number;
  /** Of a JPEG, as EXIF counts it, 1 to 8; from 5 on it lies on its side. Width and height are those before it is turned. */
  readonly orientation?: number;
}

/** Reads JPEG, PNG, GIF, WebP, AVIF, BMP, TIFF, MP4/MOV and WebM headers; undefined for anything else. Never throws. */
export function describeMedia(bytes: Uint8Array): MediaHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 4) return undefined;
  const magic = view.getUint32(0);
  if (magic >>> 8 === 0xffd8ff) return { mimeType: "image/jpeg", ...readable(() => jpegFacts(view)) };
  if (magic === 0x89504e47)
    return view.byteLength < 24
      ? { mimeType: "image/png" }
      : { mimeType: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
  if (magic >>> 8 === 0x474946)
    return view.byteLength < 10
      ? { mimeType: "image/gif" }
      : { mimeType: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (magic >>> 16 === 0x424d) return { mimeType: "image/bmp" };
  if (magic === 0x49492a00 || magic === 0x4d4d002a) return { mimeType: "image/tiff" };
  if (magic === 0x1a45dfa3) return readable(() => webmFacts(view));
  if (view.byteLength < 12) return undefined;
  const [kind, brand] = [view.getUint32(4), view.getUint32(8)];
  if (magic === fourCc("RIFF") && brand === fourCc("WEBP"))
    return { mimeType: "image/webp", ...readable(() => webpSize(view)) };
  if (kind !== fourCc("ftyp")) return undefined;
  if (brand === fourCc("avif")) return { mimeType: "image/avif" };
  const mimeType = brand === fourCc("qt  ") ? "video/quicktime" : "video/mp4";
  return { mimeType, ...readable(() => movieFacts(view)) };
}

/** A header that ends early or points outside of its file says nothing. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Lossy, lossless and extended files keep their size in different places. */
function webpSize(view: DataView): { width: number; height: number } | undefined {
  switch (view.getUint32(12)) {
    case fourCc("VP8 "):
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case fourCc("VP8L"): {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case fourCc("VP8X"):
      return { width: (view.getUint32(24, true) & 0xffffff) + 1, height: (view.getUint32(26, true) >>> 8) + 1 };
    default:
      return undefined;
  }
}

/** Walks JPEG segments to the start of frame (SOF0-SOF15 but DHT, JPG and DAC), which carries height, width and channels. */
function jpegFacts(view: DataView): Omit<MediaHeader, "mimeType"> | undefined {
  let at = 2;
  let orientation: number | undefined;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame)
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        channels: view.getUint8(at + 9),
        ...(orientation && { orientation }),
      };
    if (marker === 0xe1) orientation ??= readable(() => exifOrientation(view, at + 4));
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** The orientation in the first directory of an EXIF segment, whose content begins at `from`. */
function exifOrientation(view: DataView, from: number): number | undefined {
  if (view.getUint32(from) !== fourCc("Exif")) return undefined;
  const tiff = from + 6;
  const isLittle = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, isLittle);
  const entries = view.getUint16(directory, isLittle);
  for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12)
    if (view.getUint16(entry, isLittle) === 0x112) return view.getUint16(entry + 8, isLittle);
  return undefined;
}

const fourCc = (name: string): number => [...name].reduce((code, char) => code * 256 + char.charCodeAt(0), 0);
