import { type FileHandle, open } from "node:fs/promises";

/**
 * Whether a GIF has a second frame. Walks the blocks and stops there; a damaged file counts as not animated.
 * @source https://www.w3.org/Graphics/GIF/spec-gif89a.txt sections 17 to 26
 */
export async function isAnimatedGif(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const bytes = byteReader(handle);
    const screenFlags = await bytes.at(10);
    bytes.skip(13 + colourTableBytes(screenFlags));
    for (let frames = 0; ; ) {
      const block = await bytes.next();
      if (block === 0x21) {
        bytes.skip(1); // the extension's label
      } else if (block === 0x2c) {
        frames += 1;
        if (frames === 2) return true;
        bytes.skip(8);
        bytes.skip(colourTableBytes(await bytes.next()));
        bytes.skip(1); // LZW code size
      } else {
        return false; // trailer, end of file or damage
      }
      for (let size = await bytes.next(); size !== undefined && size > 0; size = await bytes.next()) bytes.skip(size);
    }
  } finally {
    await handle.close();
  }
}

const colourTableBytes = (flags: number | undefined) =>
  flags !== undefined && flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;

/** Bytes one by one through a window; a skip moves on without reading. `undefined`: the file has ended. */
function byteReader(handle: FileHandle) {
  const window = new Uint8Array(64 * 1_024);
  let start = 0;
  let length = 0;
  let position = 0;
  const at = async (offset: number): Promise<number | undefined> => {
    if (offset < start || offset >= start + length) {
      start = offset;
      length = (await handle.read(window, 0, window.length, offset)).bytesRead;
    }
    return length > offset - start ? window[offset - start] : undefined;
  };
  return {
    at,
    skip(count: number) {
      position += count;
    },
    next() {
      position += 1;
      return at(position - 1);
    },
  };
}
