import type { PictureSize } from "./png.ts";

/**
 * A valid GIF with one colour per frame; more than one frame makes it animated. Pixels are written as 8-bit codes and
 * the code table is cleared before codes would grow to 9 bits, so nothing needs compressing.
 */
export function sampleGif({
  width,
  height,
  frames = 1,
  seed = 1,
}: PictureSize & { readonly frames?: number; readonly seed?: number }): Uint8Array {
  const colours = Buffer.alloc(3 * 128);
  for (let i = 0; i < 128; i += 1) colours.fill((i * 2 + seed) % 256, 3 * i, 3 * i + 3);
  const loop = Buffer.concat([
    Buffer.from([0x21, 0xff, 11]),
    Buffer.from("NETSCAPE2.0", "latin1"),
    Buffer.from([3, 1, 0, 0, 0]),
  ]);
  return Buffer.concat([
    Buffer.from("GIF89a", "latin1"),
    Buffer.from([...word(width), ...word(height), 0xf6, 0, 0]),
    colours,
    ...(frames > 1 ? [loop] : []),
    ...Array.from({ length: frames }, (_, i) => frame({ width, height, colour: i % 128 })),
    Buffer.from([0x3b]),
  ]);
}

function frame({ width, height, colour }: PictureSize & { readonly colour: number }): Buffer {
  const codes: number[] = [];
  for (let left = width * height; left > 0; left -= 100) {
    codes.push(0x80, ...Array<number>(Math.min(left, 100)).fill(colour));
  }
  codes.push(0x81);
  const blocks: Buffer[] = [];
  for (let first = 0; first < codes.length; first += 255) {
    const part = codes.slice(first, first + 255);
    blocks.push(Buffer.from([part.length, ...part]));
  }
  return Buffer.concat([
    Buffer.from([0x21, 0xf9, 4, 0, 10, 0, 0, 0]), // shown for 100 ms
    Buffer.from([0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 7]),
    ...blocks,
    Buffer.from([0]),
  ]);
}

const word = (value: number) => [value & 255, value >> 8];
