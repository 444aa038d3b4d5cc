import type { PictureSize } from "./png.ts";

export interface JpegSample extends PictureSize {
  readonly seed?: number;
  /** 1 is grey, 3 are colours of a screen, 4 those of print (CMYK); default 1. */
  readonly channels?: 1 | 3 | 4;
  /** As EXIF counts it, 1 to 8; default: nothing is said of it. */
  readonly orientation?: number;
}

/**
 * A valid baseline JPEG whose planes are all grey. Huffman tables with a single symbol of one bit each make every 8 x 8 block two
 * zero bits: "no change of the mean" and "end of block". `seed` is written into steps that no block uses, so files can be told
 * apart, as nothing but pixels outlives an upload.
 */
export function sampleJpeg({ width, height, seed = 1, channels = 1, orientation }: JpegSample): Uint8Array {
  const planes = Array.from({ length: channels }, (_, index) => index + 1);
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8) * channels;
  const scan = Buffer.alloc(Math.ceil(blocks / 4));
  const padding = scan.length * 8 - blocks * 2;
  scan[scan.length - 1] = (1 << padding) - 1;
  const table = (kindAndId: number) => [kindAndId, 1, ...Array<number>(15).fill(0), 0];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    // Adobe's own segment says that four channels are CMYK; JFIF knows grey and colours of a screen alone.
    channels === 4
      ? segment(0xee, [...Buffer.from("Adobe", "latin1"), 0, 100, 0, 0, 0, 0, 0])
      : segment(0xe0, [...Buffer.from("JFIF\0", "latin1"), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    orientation === undefined ? Buffer.alloc(0) : segment(0xe1, exif(orientation)),
    segment(0xdb, [0, ...Array<number>(57).fill(1), ...digits(seed)]),
    segment(0xc0, [
      ...[8, height >> 8, height & 255, width >> 8, width & 255, channels],
      ...planes.flatMap((plane) => [plane, 0x11, 0]),
    ]),
    segment(0xc4, table(0x00)),
    segment(0xc4, table(0x10)),
    segment(0xda, [channels, ...planes.flatMap((plane) => [plane, 0]), 0, 63, 0]),
    scan,
    Buffer.from([0xff, 0xd9]),
  ]);
}

/** An EXIF segment with one entry, the orientation. */
const exif = (orientation: number): readonly number[] => [
  ...Buffer.from("Exif\0\0MM\0*", "latin1"),
  ...[0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
];

function segment(marker: number, data: readonly number[]): Buffer {
  const length = data.length + 2;
  return Buffer.from([0xff, marker, length >> 8, length & 255, ...data]);
}

/** Seven digits from 1 to 250, as a step of 0 is not allowed. */
const digits = (seed: number) => Array.from({ length: 7 }, (_, i) => 1 + (Math.floor(seed / 250 ** i) % 250));
