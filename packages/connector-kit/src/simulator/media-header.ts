/** What the first bytes of a file say it is; sizes in pixels, length in milliseconds. */
export interface MediaHeader {
  readonly mimeType: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
}

/** Reads JPEG, PNG, GIF, WebP, AVIF, BMP, TIFF and MP4/MOV headers; undefined for anything else. Never throws. */
export function describeMedia(bytes: Uint8Array): MediaHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 4) return undefined;
  const magic = view.getUint32(0);
  if (magic >>> 8 === 0xffd8ff) return { mimeType: "image/jpeg", ...jpegSize(view) };
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
  if (view.byteLength < 12) return undefined;
  const [kind, brand] = [view.getUint32(4), view.getUint32(8)];
  if (magic === fourCc("RIFF") && brand === fourCc("WEBP")) return { mimeType: "image/webp" };
  if (kind !== fourCc("ftyp")) return undefined;
  if (brand === fourCc("avif")) return { mimeType: "image/avif" };
  return { mimeType: brand === fourCc("qt  ") ? "video/quicktime" : "video/mp4", ...movieLength(view) };
}

/** Walks JPEG segments to the start of frame (SOF0-SOF15 but DHT, JPG and DAC), which carries height and width. */
function jpegSize(view: DataView): { width: number; height: number } | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** Length from moov/mvhd where the file has one. */
function movieLength(view: DataView): { durationMs: number } | undefined {
  const movie = findBox(view, 0, view.byteLength, "moov");
  const header = movie && findBox(view, movie.start, movie.end, "mvhd");
  if (header === undefined || header.end - header.start < 20) return undefined;
  const isLong = view.getUint8(header.start) === 1;
  if (isLong && header.end - header.start < 32) return undefined;
  const scale = view.getUint32(header.start + (isLong ? 20 : 12));
  const length = isLong ? Number(view.getBigUint64(header.start + 24)) : view.getUint32(header.start + 16);
  return scale === 0 ? undefined : { durationMs: Math.round((length / scale) * 1000) };
}

function findBox(view: DataView, from: number, to: number, name: string): { start: number; end: number } | undefined {
  let at = from;
  while (at + 8 <= to) {
    const size = view.getUint32(at) || to - at;
    if (size < 8) return undefined;
    if (view.getUint32(at + 4) === fourCc(name)) return { start: at + 8, end: Math.min(at + size, to) };
    at += size;
  }
  return undefined;
}

const fourCc = (name: string): number => [...name].reduce((code, char) => code * 256 + char.charCodeAt(0), 0);
