/** One element: its id as hex, a size of eight bytes, its content. `size` may lie, or be "unknown" as in live recordings. */
export function ebml(id: string, ...content: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE((1n << 56n) | BigInt(body.length));
  return Buffer.concat([Buffer.from(id, "hex"), size, body]);
}

const text = (value: string) => Buffer.from(value, "latin1");

/** A WebM with a VP8 track and one cluster nobody can decode; `extra` stands between its tracks and its cluster. */
export function sampleWebm({ width = 320, height = 240, extra = [] as readonly Uint8Array[] } = {}): Uint8Array {
  const word = (value: number) => Buffer.from([value >> 8, value & 255]);
  return Buffer.concat([
    ebml("1a45dfa3", ebml("4282", text("webm")), ebml("4287", Buffer.from([4])), ebml("4285", Buffer.from([2]))),
    ebml(
      "18538067",
      ebml(
        "1549a966",
        ebml("2ad7b1", Buffer.from([15, 66, 64])),
        ebml("4d80", text("sample")),
        ebml("5741", text("sample")),
      ),
      ebml(
        "1654ae6b",
        ebml(
          "ae",
          ebml("d7", Buffer.from([1])),
          ebml("73c5", Buffer.from([1])),
          ebml("83", Buffer.from([1])),
          ebml("86", text("V_VP8")),
          ebml("e0", ebml("b0", word(width)), ebml("ba", word(height))),
        ),
      ),
      ...extra,
      ebml("1f43b675", ebml("e7", Buffer.from([0])), ebml("a3", Buffer.from([0x81, 0, 0, 0x80, 0, 0, 0, 0]))),
    ),
  ]);
}
