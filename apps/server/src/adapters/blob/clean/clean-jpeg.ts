import { type ByteSource, createPieces, TooManyParts } from "./byte-source.ts";
import type { CleanedPicture } from "./cleaned.ts";

/**
 * Keeps the segments a decoder needs and the colour profile, drops every other one (EXIF with place, time and thumbnail,
 * XMP, IPTC, comments, makers' notes, further pictures) and all that follows the picture's end. The pixels stay as coded.
 * @source ITU-T T.81 Annex B; APP segments: JFIF 1.02, ICC.1 Annex B, Adobe TN 5116
 */
export async function cleanJpeg(source: ByteSource): Promise<CleanedPicture> {
  const { pieces, keep, put } = createPieces();
  if ((await source.read(0, 2)).toString("hex") !== "ffd8") return undefined;
  keep(0, 2);
  let hasPixels = false;
  for (let at = 2, segments = 0; ; segments += 1) {
    if (segments > maxSegments) throw new TooManyParts();
    const marker = await nextMarker(source, at, false);
    if (!marker) return undefined;
    const { code, from } = marker;
    if (code === EOI) {
      keep(from, from + 2);
      return hasPixels ? { pieces, frames: 1 } : undefined;
    }
    if (code === 0x01 || (code >= 0xd0 && code <= 0xd8)) {
      at = from + 2; // a stray marker without a body
      continue;
    }
    const header = Buffer.from(await source.read(from, 20));
    const length = header.length < 4 ? 0 : header.readUInt16BE(2);
    const to = from + 2 + length;
    if (length < 2 || to > source.sizeBytes) return undefined;
    const name = header.subarray(4).toString("latin1");
    if (isPartOfPicture(code)) keep(from, to);
    else if (code === 0xe0 && name.startsWith("JFIF\0") && length >= 16)
      // Without the thumbnail that may follow.
      length === 16
        ? keep(from, to)
        : put(Buffer.concat([Buffer.from("ffe00010", "hex"), header.subarray(4, 16), Buffer.alloc(2)]));
    else if (code === 0xe2 && name.startsWith("ICC_PROFILE\0")) keep(from, to);
    else if (code === 0xee && name.startsWith("Adobe") && length >= 14)
      length === 14 ? keep(from, to) : put(Buffer.concat([Buffer.from("ffee000e", "hex"), header.subarray(4, 16)]));
    at = to;
    if (code !== SOS) continue;
    hasPixels = true;
    const end = await nextMarker(source, at, true);
    if (!end) return undefined;
    keep(at, end.from);
    at = end.from;
  }
}

/** Notes of the longest kind come in hundreds, scans in tens. */
const maxSegments = 100_000;
const EOI = 0xd9;
const SOS = 0xda;

/** Frames, tables, restart intervals and scans: C0 to CF, DA to DD. */
const isPartOfPicture = (code: number) => (code >= 0xc0 && code <= 0xcf) || (code >= SOS && code <= 0xdd);

/** The next marker at or behind `at`. In coded pixels FF 00 and restart markers are pixels. */
async function nextMarker(source: ByteSource, at: number, inPixels: boolean) {
  for (let from = at; from < source.sizeBytes - 1; ) {
    const bytes = await source.read(from, 32 * 1_024);
    let here = bytes.indexOf(0xff);
    for (; here >= 0 && here < bytes.length - 1; here = bytes.indexOf(0xff, here)) {
      const code = bytes[here + 1] ?? 0;
      const isPixels = code === 0 || (inPixels && code >= 0xd0 && code <= 0xd7);
      if (code !== 0xff && !isPixels) return { code, from: from + here };
      here += code === 0xff ? 1 : 2;
    }
    // A last FF may begin a marker whose second byte is not read yet.
    from += here < 0 ? bytes.length : bytes.length - 1;
  }
  return undefined;
}
