import { crc32, deflateSync } from "node:zlib";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A valid RGB picture of one colour; another `seed` gives other bytes. */
export function samplePng({ width, height, seed = 1 }: PictureSize & { readonly seed?: number }): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, no filter, not interlaced
  const row = Buffer.alloc(1 + 3 * width, seed % 256);
  row[0] = 0;
  const pixels = Buffer.concat(Array.from({ length: height }, () => row));
  pixels.writeUInt8((seed >>> 8) % 256, 1);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const sized = Buffer.alloc(4);
  sized.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([sized, body, sum]);
}
