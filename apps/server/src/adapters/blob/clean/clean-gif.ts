import { type ByteSource, createPieces } from "./byte-source.ts";
import type { CleanedPicture } from "./cleaned.ts";

/** Extensions of an application that say how often an animation is shown. */
const loops = new Set(["NETSCAPE2.0", "ANIMEXTS1.0"]);
const TRAILER = 0x3b;
const EXTENSION = 0x21;
const FRAME = 0x2c;

/**
 * Keeps frames with their timing and the loop count; drops comments, text, XMP and every other application's block, and
 * what follows the end. Frames are counted on the way.
 * @source https://www.w3.org/Graphics/GIF/spec-gif89a.txt sections 17 to 27
 */
export async function cleanGif(source: ByteSource): Promise<CleanedPicture> {
  const { pieces, keep, put } = createPieces();
  const screen = await source.read(0, 13);
  if (screen.length < 13 || !screen.toString("latin1").startsWith("GIF8")) return undefined;
  let at = 13 + colourTableBytes(screen[10]);
  keep(0, at);
  let frames = 0;
  while (at < source.sizeBytes) {
    const head = Buffer.from(await source.read(at, 14));
    const kind = head[0];
    if (kind === TRAILER) {
      keep(at, at + 1);
      break;
    }
    if (kind === EXTENSION) {
      const to = await endOfBlocks(source, at + 2);
      if (to === undefined) return undefined;
      const isTiming = head[1] === 0xf9;
      const isLoop = head[1] === 0xff && loops.has(head.toString("latin1", 3, 14));
      if (isTiming || isLoop) keep(at, to);
      at = to;
    } else if (kind === FRAME) {
      const to = await endOfBlocks(source, at + 10 + colourTableBytes(head[9]) + 1);
      if (to === undefined) return undefined;
      keep(at, to);
      frames += 1;
      at = to;
    } else return undefined;
  }
  // Some makers leave the last byte out; every reader copes, and with it the file is whole.
  if (at >= source.sizeBytes) put(Buffer.from([TRAILER]));
  return frames > 0 ? { pieces, frames } : undefined;
}

const colourTableBytes = (flags = 0) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** Where a run of blocks ends, behind the empty one; undefined: the file ends before. */
async function endOfBlocks(source: ByteSource, start: number): Promise<number | undefined> {
  for (let at = start; at < source.sizeBytes; ) {
    const bytes = await source.read(at, 32 * 1_024);
    let here = 0;
    for (let size = bytes[here]; size !== undefined; size = bytes[here]) {
      here += 1 + size;
      if (size === 0) return at + here;
    }
    at += here;
  }
  return undefined;
}
