import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { crc32 } from "node:zlib";
import { sampleGif, sampleHeic, sampleJpeg, samplePng } from "@postd/connector-kit/media-samples";
import type { MediaFacts, MediaRefusal } from "@postd/core";
import sharp, { type Sharp } from "sharp";
import { cleanPicture } from "./clean-picture.ts";
import { decodeHeic } from "./decode-heic.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "postd-pictures-"));
});
after(() => rm(folder, { recursive: true }));

let made = 0;
type Cleaned = { readonly bytes: Buffer; readonly facts: MediaFacts; readonly isSame: boolean };

async function clean(bytes: Uint8Array, mimeType: string): Promise<Cleaned | MediaRefusal> {
  made += 1;
  const file = path.join(folder, `in-${made}`);
  const target = path.join(folder, `out-${made}`);
  await writeFile(file, bytes);
  const answer = await cleanPicture(file, mimeType, target);
  if (!answer.ok) {
    assert.ok(!(await readdir(folder)).includes(`out-${made}`), "a refusal leaves nothing");
    return answer.error;
  }
  return {
    bytes: await readFile(answer.value.file),
    facts: answer.value.facts,
    isSame: answer.value.file === file,
  };
}
async function cleaned(bytes: Uint8Array, mimeType: string): Promise<Cleaned> {
  const answer = await clean(bytes, mimeType);
  assert.ok("facts" in answer, JSON.stringify(answer));
  return answer;
}
async function refused(bytes: Uint8Array, mimeType: string): Promise<MediaRefusal> {
  const answer = await clean(bytes, mimeType);
  assert.ok("code" in answer, "it is taken");
  return answer;
}

/** A word that stands for the place; no byte of it may be left. */
const place = "PLACE-59.9139N-10.7522E";
const text = (value: string) => Buffer.from(value, "latin1");
const holdsPlace = (bytes: Uint8Array) => Buffer.from(bytes).includes(place);
const pixels = (bytes: Uint8Array, pages = 1) => sharp(bytes, { pages }).toColourspace("srgb").raw().toBuffer();

/** Every pixel another colour, so that no turn looks like another one. */
function gradient(width: number, height: number, channels: 3 | 4 = 3) {
  const raw = Buffer.alloc(width * height * channels);
  for (let i = 0; i < width * height; i += 1)
    raw.set(
      [(i % width) * (240 / width), Math.floor(i / width) * (240 / height), 60, 128].slice(0, channels),
      i * channels,
    );
  return sharp(raw, { raw: { width, height, channels } });
}
const gps = {
  IFD0: { Copyright: place },
  IFD3: { GPSLatitudeRef: "N", GPSLatitude: "59/1 54/1 50/1", GPSMapDatum: place },
};
const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="${place}"/></rdf:RDF></x:xmpmeta>`;

const segment = (marker: number, data: Uint8Array) => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
};
const intoJpeg = (jpeg: Uint8Array, ...segments: Uint8Array[]) =>
  Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
const chunk = (type: string, data: Uint8Array) => {
  const body = Buffer.concat([text(type), data]);
  const out = Buffer.alloc(8);
  out.writeUInt32BE(data.length, 0);
  out.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([out.subarray(0, 4), body, out.subarray(4)]);
};
/** Chunks behind the header of a PNG. */
const intoPng = (png: Uint8Array, ...chunks: Uint8Array[]) =>
  Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
const gifBlock = (label: number, ...blocks: Uint8Array[]) =>
  Buffer.concat([
    Buffer.from([0x21, label]),
    ...blocks.map((block) => Buffer.concat([Buffer.from([block.length]), block])),
    Buffer.from([0]),
  ]);

/** A BMP of rows of red, green, blue (and opacity, by masks); more bits than 24 are written top down. */
function bmpOf(rows: Buffer, width: number, height: number, bits: 24 | 32): Buffer {
  const head = Buffer.alloc(bits === 24 ? 54 : 138);
  head.write("BM");
  head.writeUInt32LE(head.length, 10);
  head.writeUInt32LE(head.length - 14, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(bits === 24 ? height : -height, 22);
  head.writeUInt16LE(bits, 28);
  if (bits === 32) {
    head.writeUInt32LE(3, 30);
    for (const [i, mask] of [0xff, 0xff00, 0xff0000, 0xff000000].entries()) head.writeUInt32LE(mask, 54 + i * 4);
    return Buffer.concat([head, rows]);
  }
  const turned = Array.from({ length: height }, (_, y) => {
    const row = Buffer.from(rows.subarray((height - 1 - y) * width * 3, (height - y) * width * 3));
    for (let i = 0; i < row.length; i += 3) row.subarray(i, i + 3).reverse();
    return Buffer.concat([row, Buffer.alloc((4 - (row.length % 4)) % 4)]);
  });
  return Buffer.concat([head, ...turned]);
}

const jpeg = await gradient(64, 48).jpeg({ quality: 90 }).toBuffer();
const png = await gradient(64, 48, 4).png().toBuffer();
const webp = await gradient(64, 48, 4).webp({ lossless: true }).toBuffer();
const withPlace = async (picture: Sharp) => picture.withExif(gps).withXmp(xmp);
const gif = sampleGif({ width: 30, height: 20, frames: 3 });
const gifHead = 13 + 3 * 128;
const movingWebp = await sharp(gif, { animated: true }).webp({ loop: 0 }).toBuffer();
const hugeXmp = Array.from({ length: 20 }, () =>
  segment(0xe1, Buffer.concat([text("http://ns.adobe.com/xmp/extension/\0"), text(place), Buffer.alloc(65_000, 32)])),
);

const carriers: readonly (readonly [name: string, mimeType: string, bytes: Uint8Array, plain: Uint8Array])[] = [
  ["EXIF and XMP", "image/jpeg", await (await withPlace(gradient(64, 48).jpeg({ quality: 90 }))).toBuffer(), jpeg],
  ["1.3 MB of XMP", "image/jpeg", intoJpeg(jpeg, ...hugeXmp), jpeg],
  ["IPTC", "image/jpeg", intoJpeg(jpeg, segment(0xed, text(`Photoshop 3.0\x008BIM\x04\x04${place}`))), jpeg],
  ["a comment", "image/jpeg", intoJpeg(jpeg, segment(0xfe, text(place))), jpeg],
  ["a maker's own segment", "image/jpeg", intoJpeg(jpeg, segment(0xeb, text(place))), jpeg],
  ["a second picture behind its end", "image/jpeg", Buffer.concat([jpeg, jpeg, text(place)]), jpeg],
  ["an extended thumbnail", "image/jpeg", intoJpeg(jpeg, segment(0xe0, text(`JFXX\0\x10${place}`))), jpeg],
  ["data called a colour profile", "image/jpeg", intoJpeg(jpeg, segment(0xe2, text(`MPF\0${place}`))), jpeg],
  ["text", "image/png", intoPng(png, chunk("tEXt", text(`Comment\0${place}`))), png],
  [
    "compressed and international text",
    "image/png",
    intoPng(png, chunk("zTXt", text(place)), chunk("iTXt", text(place))),
    png,
  ],
  ["EXIF and XMP", "image/png", await (await withPlace(gradient(64, 48, 4).png())).toBuffer(), png],
  ["a private chunk", "image/png", intoPng(png, chunk("prVt", text(place))), png],
  ["data behind its end", "image/png", Buffer.concat([png, text(place)]), png],
  [
    "EXIF and XMP",
    "image/webp",
    await (await withPlace(gradient(64, 48, 4).webp({ lossless: true }))).toBuffer(),
    webp,
  ],
  ["data behind its end", "image/webp", Buffer.concat([webp, text(place)]), webp],
  [
    "EXIF in a moving picture",
    "image/webp",
    await (await withPlace(sharp(gif, { animated: true }).webp({ loop: 0 }))).toBuffer(),
    movingWebp,
  ],
  [
    "a comment and XMP",
    "image/gif",
    Buffer.concat([
      gif.subarray(0, gifHead),
      gifBlock(0xfe, text(place)),
      gifBlock(0xff, text("XMP DataXMP"), text(place)),
      gifBlock(0x01, Buffer.alloc(12), text(place)),
      gif.subarray(gifHead),
      text(place),
    ]),
    gif,
  ],
];

for (const [name, mimeType, bytes, plain] of carriers)
  test(`${mimeType} with ${name} goes out without it and shows the same pixels`, async () => {
    assert.ok(holdsPlace(bytes) || name.includes("compressed"), "the sample carries nothing");
    const { bytes: out, facts, isSame } = await cleaned(bytes, mimeType);
    assert.equal(isSame, false);
    assert.equal(holdsPlace(out), false);
    const meta = await sharp(out).metadata();
    assert.deepEqual([meta.exif, meta.xmp, meta.iptc, meta.comments], [undefined, undefined, undefined, undefined]);
    const pages = (await sharp(plain, { animated: true }).metadata()).pages ?? 1;
    assert.equal((await sharp(out, { animated: true }).metadata()).pages ?? 1, pages);
    assert.deepEqual(await pixels(out, pages), await pixels(plain, pages));
    assert.equal(facts.kind, pages > 1 ? "gif" : "image");
    assert.equal(facts.mimeType, mimeType);
  });

test("pictures that carry nothing stay as they are, byte for byte", async () => {
  const samples: [string, Uint8Array][] = [
    ["image/jpeg", sampleJpeg({ width: 64, height: 48 })],
    ["image/jpeg", jpeg],
    ["image/jpeg", await gradient(64, 48).jpeg({ progressive: true }).toBuffer()],
    ["image/png", samplePng({ width: 64, height: 48 })],
    ["image/png", png],
    ["image/webp", webp],
    ["image/webp", movingWebp],
    ["image/gif", gif],
  ];
  for (const [mimeType, bytes] of samples) {
    const out = await cleaned(bytes, mimeType);
    assert.equal(out.isSame, true, mimeType);
    assert.deepEqual(out.bytes, Buffer.from(bytes));
  }
});

for (let orientation = 2; orientation <= 8; orientation += 1)
  for (const [mimeType, make] of [
    ["image/jpeg", (picture: Sharp) => picture.jpeg({ quality: 95, chromaSubsampling: "4:4:4" })],
    ["image/png", (picture: Sharp) => picture.png()],
    ["image/webp", (picture: Sharp) => picture.webp({ lossless: true })],
    ["image/tiff", (picture: Sharp) => picture.tiff()],
  ] as const)
    test(`${mimeType} noted as turned (${orientation}) goes out upright, without the note`, async () => {
      const turned = await make(gradient(96, 64)).withMetadata({ orientation }).toBuffer();
      const out = await cleaned(turned, mimeType);
      const meta = await sharp(out.bytes).metadata();
      assert.equal(meta.orientation, undefined);
      assert.deepEqual([out.facts.width, out.facts.height], orientation >= 5 ? [64, 96] : [96, 64]);
      assert.deepEqual([meta.width, meta.height], [out.facts.width, out.facts.height]);
      const expected = await sharp(turned).autoOrient().raw().toBuffer();
      const seen = await sharp(out.bytes).removeAlpha().raw().toBuffer();
      const worst = seen.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 0))), 0);
      assert.ok(worst <= 12, `a pixel differs by ${worst}`);
    });

test("a colour profile stays with the pixels it belongs to; pictures for print become sRGB", async () => {
  const wide = await gradient(64, 48).withIccProfile("p3").withExif(gps).jpeg().toBuffer();
  const out = await cleaned(wide, "image/jpeg");
  const [was, is] = [await sharp(wide).metadata(), await sharp(out.bytes).metadata()];
  assert.ok(was.icc && is.icc?.equals(was.icc));
  const print = await gradient(64, 48).toColourspace("cmyk").withIccProfile("cmyk").jpeg().toBuffer();
  assert.equal((await sharp(print).metadata()).space, "cmyk");
  const shown = await sharp((await cleaned(print, "image/jpeg")).bytes).metadata();
  assert.deepEqual([shown.space, shown.channels, shown.icc], ["srgb", 3, undefined]);
});

test("TIFF, BMP and AVIF, which platforms refuse, become PNG or JPEG with the same picture", async () => {
  const opaque = await gradient(64, 48).raw().toBuffer();
  const through = await gradient(64, 48, 4).raw().toBuffer();
  const cases: [string, Uint8Array, string, number][] = [
    ["image/tiff", await (await withPlace(gradient(64, 48).tiff({ compression: "lzw" }))).toBuffer(), "image/png", 0],
    ["image/tiff", await gradient(64, 48, 4).tiff({ compression: "deflate" }).toBuffer(), "image/png", 0],
    ["image/bmp", bmpOf(opaque, 64, 48, 24), "image/png", 0],
    ["image/bmp", bmpOf(through, 64, 48, 32), "image/png", 0],
    ["image/avif", await (await withPlace(gradient(64, 48).avif({ quality: 90 }))).toBuffer(), "image/jpeg", 12],
    ["image/avif", await gradient(64, 48, 4).avif({ lossless: true }).toBuffer(), "image/png", 0],
  ];
  for (const [mimeType, bytes, becomes, off] of cases) {
    const { bytes: out, facts } = await cleaned(bytes, mimeType);
    assert.deepEqual([facts.mimeType, facts.width, facts.height, facts.kind], [becomes, 64, 48, "image"], mimeType);
    assert.equal(holdsPlace(out), false);
    const expected = mimeType === "image/bmp" ? (bytes[28] === 24 ? opaque : through) : await pixels(bytes);
    const seen = await pixels(out);
    const worst = seen.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 0))), 0);
    assert.ok(worst <= off, `${mimeType}: a pixel differs by ${worst}`);
  }
  const noise = await sharp({
    create: {
      width: 2_000,
      height: 1_500,
      channels: 3,
      background: "grey",
      noise: { type: "gaussian", mean: 128, sigma: 40 },
    },
  })
    .tiff()
    .toBuffer();
  assert.equal((await cleaned(noise, "image/tiff")).facts.mimeType, "image/jpeg", "a PNG of it would be too large");
});

test("pictures cut anywhere and pictures with broken pixels are refused as damaged", async () => {
  const samples: [string, Buffer][] = [
    ["image/jpeg", jpeg],
    ["image/png", png],
    ["image/webp", webp],
    ["image/gif", Buffer.from(gif)],
    ["image/tiff", await gradient(64, 48).tiff({ compression: "lzw" }).toBuffer()],
    ["image/avif", await gradient(64, 48).avif().toBuffer()],
    ["image/bmp", bmpOf(Buffer.alloc(64 * 48 * 3), 64, 48, 24)],
  ];
  for (const [mimeType, bytes] of samples)
    for (const share of [0.1, 0.5, 0.9]) {
      const { code } = await refused(bytes.subarray(0, Math.floor(bytes.length * share)), mimeType);
      assert.equal(code, "damaged", `${mimeType} cut at ${share}`);
    }
  const broken = Buffer.from(png);
  broken.fill(0x55, 60, 100);
  assert.equal((await refused(broken, "image/png")).code, "damaged");
});

test("a header that claims a picture of any size costs nothing and is refused with the size", async () => {
  const claim = (width: number, height: number) => {
    const bytes = Buffer.from(png);
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    return refused(bytes, "image/png");
  };
  assert.match((await claim(0x7fff_ffff, 48)).code, /damaged|too_many_pixels/);
  const claimed = await claim(900_000, 48_000);
  assert.match("message" in claimed ? claimed.message : "", /^The picture is 900000 x 48000 pixels, more than/);
  const bmp = bmpOf(Buffer.alloc(48), 4, 4, 24);
  bmp.writeInt32LE(2 ** 31 - 1, 18);
  assert.equal((await refused(bmp, "image/bmp")).code, "too_many_pixels");
  const turned = await gradient(64, 48).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const frame = turned.indexOf(Buffer.from("ffc0", "hex"));
  turned.writeUInt16BE(9_000, frame + 5);
  turned.writeUInt16BE(11_000, frame + 7);
  const held = await refused(turned, "image/jpeg");
  assert.match("message" in held ? held.message : "", /11000 x 9000 .* in this form/);
});

test("a JPEG of more notes than any picture has is refused before all are read", async () => {
  const plain = Buffer.from(sampleJpeg({ width: 40, height: 30 }));
  const notes = Buffer.alloc(4 * 120_000, segment(0xfe, Buffer.alloc(0)));
  const stray = Buffer.alloc(2 * 120_000, Buffer.from("ffd0", "hex"));
  for (const many of [notes, stray])
    assert.equal(
      (await refused(Buffer.concat([plain.subarray(0, 2), many, plain.subarray(2)]), "image/jpeg")).code,
      "damaged",
    );
});

test("pictures of many megapixels cost a bounded share of memory, read row by row or turned", async (t) => {
  const flat = (width: number) => sharp({ create: { width, height: 8_000, channels: 3, background: "#837" } });
  const samples: [string, Buffer][] = [
    ["image/png", await flat(12_000).png({ compressionLevel: 1 }).toBuffer()],
    ["image/jpeg", await flat(8_000).withMetadata({ orientation: 6 }).jpeg({ optimiseCoding: false }).toBuffer()],
  ];
  for (const [mimeType, bytes] of samples) {
    const startBytes = process.memoryUsage.rss();
    let peakBytes = startBytes;
    const timer = setInterval(() => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    }, 5);
    await cleaned(bytes, mimeType);
    clearInterval(timer);
    const grown = Math.round((peakBytes - startBytes) / 1_000_000);
    t.diagnostic(`${mimeType} of ${bytes.length} bytes costs ${grown} MB`);
    assert.ok(grown < 300, `memory grew by ${grown} MB`);
  }
});

test("a HEIC becomes a JPEG with the colours it had and nothing of its notes", async () => {
  const heic = sampleHeic();
  assert.ok(Buffer.from(heic).includes("SECRET"), "the sample carries a note");
  const { bytes, facts } = await cleaned(heic, "image/heic");
  assert.deepEqual(facts, { kind: "image", mimeType: "image/jpeg", extension: "jpg", width: 64, height: 48 });
  assert.ok(!bytes.includes("SECRET"), "the note is gone");
  const { icc, exif } = await sharp(bytes).metadata();
  assert.deepEqual([icc, exif], [(await sharp(heic).metadata()).icc, undefined]);
  const shown = await sharp(bytes).raw().toBuffer();
  const at = (x: number, y: number) => [...shown.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3)];
  const expected = [
    [at(16, 12), [200, 30, 30]],
    [at(48, 12), [30, 170, 60]],
    [at(16, 36), [30, 60, 200]],
    [at(48, 36), [240, 240, 240]],
  ] as const;
  for (const [found, meant] of expected)
    for (const [i, value] of found.entries())
      assert.ok(Math.abs(value - (meant[i] ?? 0)) < 45, `${found} stands for ${meant}`);
});

test("a damaged HEIC is refused, and one that takes too long costs its thread only", async () => {
  const heic = Buffer.from(sampleHeic());
  for (const bytes of [
    heic.subarray(0, heic.length - 400),
    Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1"),
  ])
    assert.equal((await refused(bytes, "image/heic")).code, "damaged");
  assert.equal(await decodeHeic(heic, { timeoutMs: 0 }), undefined);
  const sized = Buffer.from(heic);
  // Its size stands in two boxes: as coded, and as shown.
  for (let at = sized.indexOf("ispe"); at >= 0; at = sized.indexOf("ispe", at + 1)) {
    sized.writeUInt32BE(6_000, at + 8);
    sized.writeUInt32BE(6_000, at + 12);
  }
  assert.equal((await refused(sized, "image/heic")).code, "too_many_pixels");
});
