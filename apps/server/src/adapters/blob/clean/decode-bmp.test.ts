import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBmp, readBmpHeader } from "./decode-bmp.ts";

/** Three pixels wide, two high: black, white, red above white, red, black. */
function bmp(
  bits: number,
  rows: readonly string[],
  more: { palette?: string; compression?: number; masks?: string } = {},
) {
  const extra = Buffer.from((more.masks ?? "") + (more.palette ?? ""), "hex");
  const head = Buffer.alloc(54);
  head.write("BM");
  head.writeUInt32LE(54 + extra.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(3, 18);
  head.writeInt32LE(2, 22);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(more.compression ?? 0, 30);
  return Buffer.concat([head, extra, ...[...rows].reverse().map((row) => Buffer.from(row, "hex"))]);
}
const palette = "00000000ffffff000000ff00";
const rgb = ["000000", "ffffff", "ff0000", "ffffff", "ff0000", "000000"].map((colour) => `${colour}ff`).join("");

for (const [name, bytes] of [
  ["4 bits and a palette", bmp(4, ["01200000", "12000000"], { palette })],
  ["8 bits and a palette", bmp(8, ["00010200", "01020000"], { palette })],
  ["16 bits", bmp(16, ["0000ff7f007c0000", "ff7f007c00000000"])],
  [
    "16 bits by masks",
    bmp(16, ["0000ffff00f80000", "ffff00f800000000"], { compression: 3, masks: "00f80000e00700001f000000" }),
  ],
  ["24 bits", bmp(24, ["000000ffffff0000ff000000", "ffffff0000ff000000000000"])],
  ["32 bits", bmp(32, ["00000000ffffff000000ff00", "ffffff000000ff0000000000"])],
] as const)
  test(`a BMP with ${name} shows its pixels`, () => {
    const header = readBmpHeader(bytes);
    assert.ok(header);
    assert.deepEqual([header.width, header.height], [3, 2]);
    assert.equal(decodeBmp(bytes, header)?.data.toString("hex"), rgb);
  });

test("a BMP with 1 bit a pixel shows its pixels, the highest bit first", () => {
  const bytes = bmp(1, ["40000000", "a0000000"], { palette: palette.slice(0, 16) });
  const header = readBmpHeader(bytes);
  assert.ok(header);
  const shown = decodeBmp(bytes, header)?.data.toString("hex");
  const [black, white] = ["000000ff", "ffffffff"];
  assert.equal(shown, [black, white, black, white, black, white].join(""));
});

test("compressed and cut ones are not decoded", () => {
  assert.equal(readBmpHeader(bmp(8, ["00010200"], { compression: 1 })), undefined);
  const cut = bmp(24, ["000000ffffff0000ff000000"]);
  const header = readBmpHeader(cut);
  assert.ok(header);
  assert.equal(decodeBmp(cut, header), undefined);
});
