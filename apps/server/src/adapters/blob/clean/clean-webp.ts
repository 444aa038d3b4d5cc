import { type ByteSource, createPieces } from "./byte-source.ts";
import type { CleanedPicture } from "./cleaned.ts";

const partOfPicture = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
const partOfFrame = new Set(["VP8 ", "VP8L", "ALPH"]);
/** Bits of VP8X that announce EXIF and XMP. */
const announced = 0x08 | 0x04;

/**
 * Drops every chunk that is no part of the picture (EXIF, XMP, unknown ones) and what follows its end, and mends the
 * announcements of what is gone.
 * @source https://developers.google.com/speed/webp/docs/riff_container (2025-03)
 */
export async function cleanWebp(source: ByteSource): Promise<CleanedPicture> {
  const start = await source.read(0, 12);
  if (start.length < 12 || start.toString("latin1", 0, 4) !== "RIFF") return undefined;
  const announcedEnd = 8 + start.readUInt32LE(4);
  if (announcedEnd > source.sizeBytes + 1) return undefined;
  const body = createPieces();
  let size = 4;
  let frames = 0;
  for await (const { type, from, to } of chunks(source, 12, Math.min(announcedEnd, source.sizeBytes))) {
    if (to > source.sizeBytes + 1) return undefined;
    if (!partOfPicture.has(type)) continue;
    if (type === "VP8X") {
      const chunk = Buffer.from(await source.read(from, to - from));
      const flags = chunk[8] ?? 0;
      if (flags & announced) {
        chunk[8] = flags & ~announced;
        body.put(chunk);
      } else body.keep(from, to);
      size += to - from;
      continue;
    }
    if (type !== "ANMF") {
      body.keep(from, Math.min(to, source.sizeBytes));
      // A last byte of padding that its maker left out.
      if (to > source.sizeBytes) body.put(new Uint8Array(1));
      size += to - from;
      continue;
    }
    frames += 1;
    size += await keepFrame(source, from, to, body);
  }
  const { pieces, keep, put } = createPieces();
  if (size === start.readUInt32LE(4)) keep(0, 12);
  else {
    const header = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
    header.writeUInt32LE(size, 4);
    put(header);
  }
  for (const piece of body.pieces) "from" in piece ? keep(piece.from, piece.to) : pieces.push(piece);
  return size > 4 ? { pieces, frames: Math.max(1, frames) } : undefined;
}

/** One frame without chunks that are no pixels; its size in the new file. */
async function keepFrame(
  source: ByteSource,
  from: number,
  to: number,
  body: ReturnType<typeof createPieces>,
): Promise<number> {
  const kept: { from: number; to: number }[] = [];
  let hasOther = false;
  for await (const chunk of chunks(source, from + 24, to)) {
    if (partOfFrame.has(chunk.type)) kept.push({ from: chunk.from, to: Math.min(chunk.to, to) });
    else hasOther = true;
  }
  if (!hasOther) {
    body.keep(from, to);
    return to - from;
  }
  const pixels = kept.reduce((sum, chunk) => sum + chunk.to - chunk.from, 0);
  const header = Buffer.from(await source.read(from, 24));
  header.writeUInt32LE(16 + pixels, 4);
  body.put(header);
  for (const chunk of kept) body.keep(chunk.from, chunk.to);
  return 24 + pixels;
}

/** Chunks begin at even places; a byte of padding belongs to the chunk before it. */
async function* chunks(source: ByteSource, start: number, end: number) {
  for (let from = start; from + 8 <= end; ) {
    const header = await source.read(from, 8);
    if (header.length < 8) return;
    const length = header.readUInt32LE(4);
    const to = from + 8 + length + (length % 2);
    yield { type: header.toString("latin1", 0, 4), from, to };
    from = to;
  }
}
