/** Pixels as red, green, blue and opacity. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;
}

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  readonly bits: number;
  readonly dataAt: number;
  readonly paletteAt: number;
  /** Which bits of a pixel are red, green, blue and opacity. */
  readonly masks: readonly [number, number, number, number];
}

/**
 * The header of an uncompressed BMP with 1, 4, 8, 16, 24 or 32 bits a pixel; undefined: damaged, or one of the compressed
 * and ancient kinds that no program of this century writes.
 * @source https://learn.microsoft.com/windows/win32/gdi/bitmap-storage, BITMAPINFOHEADER and BITMAPV5HEADER (2021-01)
 */
export function readBmpHeader(bytes: Buffer): BmpHeader | undefined {
  if (bytes.length < 54 || bytes.toString("latin1", 0, 2) !== "BM") return undefined;
  const headerBytes = bytes.readUInt32LE(14);
  const bits = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  const isPlain = compression === 0;
  const hasMasks = (compression === 3 || compression === 6) && (bits === 16 || bits === 32) && bytes.length >= 70;
  if (headerBytes < 40 || ![1, 4, 8, 16, 24, 32].includes(bits) || !(isPlain || hasMasks)) return undefined;
  const mask = (nth: number) => bytes.readUInt32LE(54 + nth * 4);
  const hasOpacity = hasMasks && (headerBytes >= 56 || compression === 6);
  const plain = bits === 16 ? ([0x7c00, 0x3e0, 0x1f, 0] as const) : ([0xff0000, 0xff00, 0xff, 0] as const);
  const height = bytes.readInt32LE(22);
  return {
    width: Math.abs(bytes.readInt32LE(18)),
    height: Math.abs(height),
    isTopDown: height < 0,
    bits,
    dataAt: bytes.readUInt32LE(10),
    paletteAt: 14 + headerBytes,
    masks: hasMasks ? [mask(0), mask(1), mask(2), hasOpacity ? mask(3) : 0] : plain,
  };
}

/** Every pixel of the picture; undefined: the file ends before its last row. */
export function decodeBmp(bytes: Buffer, header: BmpHeader): Pixels | undefined {
  const { width, height, bits, dataAt, isTopDown } = header;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (width < 1 || height < 1 || dataAt + rowBytes * height > bytes.length) return undefined;
  const data = Buffer.alloc(width * height * 4);
  const paint = bits <= 8 ? fromPalette(bytes, header) : fromMasks(bytes, header);
  for (let y = 0; y < height; y += 1) {
    const row = dataAt + (isTopDown ? y : height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x += 1) data.writeUInt32BE(paint(row, x), (y * width + x) * 4);
  }
  return { width, height, data };
}

type Paint = (row: number, x: number) => number;

function fromPalette(bytes: Buffer, { bits, paletteAt, dataAt }: BmpHeader): Paint {
  const perByte = 8 / bits;
  return (row, x) => {
    const shift = 8 - bits * ((x % perByte) + 1);
    const index = ((bytes[row + Math.floor(x / perByte)] ?? 0) >> shift) & (2 ** bits - 1);
    const at = paletteAt + index * 4;
    // An index beyond the palette is black, as readers agree.
    const [blue = 0, green = 0, red = 0] = at + 3 <= dataAt ? bytes.subarray(at, at + 3) : [];
    return colour(red, green, blue, 255);
  };
}

function fromMasks(bytes: Buffer, { bits, masks }: BmpHeader): Paint {
  const size = bits / 8;
  const [red, green, blue, opacity] = masks.map(partOf);
  return (row, x) => {
    const value = bytes.readUIntLE(row + x * size, size);
    return colour(
      red?.(value) ?? 0,
      green?.(value) ?? 0,
      blue?.(value) ?? 0,
      masks[3] === 0 ? 255 : (opacity?.(value) ?? 255),
    );
  };
}

/** A reader of the bits of a mask as a number from 0 to 255. */
function partOf(mask: number): (value: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (value) => Math.round((((value & mask) >>> shift) * 255) / most);
}

const colour = (red: number, green: number, blue: number, opacity: number) =>
  ((red << 24) | (green << 16) | (blue << 8) | opacity) >>> 0;
