import { crc32, deflateSync } from "node:zlib";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface PngSample extends PictureSize {
  readonly seed?: number;
  /** Bits of noise in each sample, 0 to 8: about so many eighths of the raw size remain. Default 0. */
  readonly grain?: number;
}

/** A valid RGB picture of one colour; another `seed` gives other bytes. */
export function samplePng({ width, height, seed = 1, grain = 0 }: PngSample): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, no filter, not interlaced
  const row = Buffer.alloc(1 + 3 * width, seed % 256);
  row[0] = 0;
  const pixels = Buffer.concat(Array.from({ length: height }, () => row));
  if (grain > 0) addGrain(pixels, row.length, { seed, mask: 2 ** grain - 1 });
  pixels.writeUInt8((seed >>> 8) % 256, 1);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function addGrain(pixels: Buffer, rowBytes: number, { seed, mask }: { readonly seed: number; readonly mask: number }) {
  let random = seed;
  for (let at = 0; at < pixels.length; at += 1) {
    if (at % rowBytes === 0) continue; // the row's filter
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[at] = ((pixels[at] ?? 0) & ~mask) | ((random >>> 20) & mask);
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const sized = Buffer.alloc(4);
  sized.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([sized, body, sum]);
}
