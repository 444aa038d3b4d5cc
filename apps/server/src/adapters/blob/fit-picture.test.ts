import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { PictureChange } from "@postd/connector-kit";
import sharp from "sharp";
import { fitPicture } from "./fit-picture.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "postd-fit-"));
});
after(() => rm(folder, { recursive: true }));

let made = 0;
async function fit(bytes: Uint8Array, change: PictureChange) {
  made += 1;
  const file = path.join(folder, `in-${made}`);
  const target = path.join(folder, `out-${made}`);
  await writeFile(file, bytes);
  const answer = await fitPicture(file, change, target);
  if (answer.ok) return { ...answer.value.facts, bytes: await readFile(target) };
  assert.ok(!(await readdir(folder)).includes(`out-${made}`), "a refusal leaves nothing");
  return answer.error;
}

/** Quarters of four colours, the upper left one see-through where asked; `noise` makes it hard to press. */
function quarters({ width = 400, height = 400, isClear = false, noise = 0 } = {}) {
  const raw = Buffer.alloc(width * height * 4);
  let random = 1;
  for (let i = 0; i < width * height; i += 1) {
    const isRight = i % width >= width / 2;
    const isLow = i >= (width * height) / 2;
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const shade = noise === 0 ? 0 : (random >>> 16) % noise;
    const colour = [isRight ? 200 : 20, isLow ? 200 : 20, 60].map((value) => Math.min(255, value + shade));
    raw.set([...colour, isClear && !isRight && !isLow ? 0 : 255], i * 4);
  }
  return sharp(raw, { raw: { width, height, channels: 4 } });
}

async function colourAt(bytes: Uint8Array, x: number, y: number): Promise<number[]> {
  return [...(await sharp(bytes).extract({ left: x, top: y, width: 1, height: 1 }).removeAlpha().raw().toBuffer())];
}
const isNear = (a: readonly number[], b: readonly number[]) =>
  a.every((value, i) => Math.abs(value - (b[i] ?? 0)) < 12);

const jpeg = (more: Partial<PictureChange> = {}): PictureChange => ({
  types: ["image/jpeg"],
  sizes: [{ width: 400, height: 400 }],
  maxBytes: 8_000_000,
  ...more,
});

test("a picture is cut where the change says, made smaller, and turned into the type", async () => {
  const crop = { left: 200, top: 0, width: 200, height: 400, of: { width: 400, height: 400 } };
  const out = await fit(await quarters().png().toBuffer(), jpeg({ crop, sizes: [{ width: 100, height: 200 }] }));
  assert.ok("bytes" in out, JSON.stringify(out));
  assert.deepEqual([out.mimeType, out.extension, out.width, out.height], ["image/jpeg", "jpg", 100, 200]);
  assert.ok(isNear(await colourAt(out.bytes, 50, 50), [200, 20, 60]));
  assert.ok(isNear(await colourAt(out.bytes, 50, 150), [200, 200, 60]));
});

test("what is see-through becomes white in a JPEG and stays so in a PNG", async () => {
  const source = await quarters({ isClear: true }).png().toBuffer();
  const out = await fit(source, jpeg());
  assert.ok("bytes" in out && isNear(await colourAt(out.bytes, 50, 50), [255, 255, 255]));
  const kept = await fit(source, jpeg({ types: ["image/png"], sizes: [{ width: 200, height: 200 }] }));
  assert.ok("bytes" in kept && (await sharp(kept.bytes).metadata()).hasAlpha);
});

test("the same bytes and the same change make the same bytes", async () => {
  const source = await quarters({ noise: 60 }).jpeg().toBuffer();
  const change = jpeg({ sizes: [{ width: 300, height: 300 }] });
  const [one, two] = [await fit(source, change), await fit(source, change)];
  assert.ok("bytes" in one && "bytes" in two && one.bytes.equals(two.bytes));
});

test("nothing but the picture is left, in the colours every platform shows", async () => {
  const source = await quarters()
    .withIccProfile("p3")
    .withExif({ IFD0: { Copyright: "PLACE" } })
    .jpeg()
    .toBuffer();
  assert.ok(source.includes("PLACE"));
  const out = await fit(source, jpeg({ sizes: [{ width: 200, height: 200 }] }));
  assert.ok("bytes" in out && !out.bytes.includes("PLACE"));
  const { exif, icc } = await sharp(out.bytes).metadata();
  assert.deepEqual([exif, icc], [undefined, undefined]);
});

test("quality goes down before size does, and bytes end within the limit", async () => {
  const source = await quarters({ noise: 90 }).png().toBuffer();
  const sizes = [
    { width: 400, height: 400 },
    { width: 300, height: 300 },
    { width: 225, height: 225 },
  ];
  const bytesAt = async (maxBytes: number) => {
    const out = await fit(source, jpeg({ sizes, maxBytes }));
    assert.ok("bytes" in out, JSON.stringify(out));
    assert.ok(out.bytes.length <= maxBytes);
    return out;
  };
  const fine = await bytesAt(8_000_000);
  const coarse = await bytesAt(fine.bytes.length - 1);
  assert.deepEqual([coarse.width, coarse.bytes.length < fine.bytes.length], [400, true]);
  const small = await bytesAt(Math.round(coarse.bytes.length / 2));
  assert.ok((small.width ?? 0) < 400);
  const none = await fit(source, jpeg({ sizes, maxBytes: 900 }));
  assert.deepEqual(none, { code: "does_not_fit", maxBytes: 900, width: 225, height: 225 });
});

test("a PNG that is too large exactly becomes lossy at its full size", async () => {
  const source = await quarters({ noise: 90 }).png().toBuffer();
  const change = jpeg({ types: ["image/png", "image/webp"], maxBytes: Math.round(source.length / 2) });
  const out = await fit(source, change);
  assert.ok("bytes" in out, JSON.stringify(out));
  assert.deepEqual([out.mimeType, out.width], ["image/webp", 400]);
});

test("a damaged picture is refused, and a small one is never made larger", async () => {
  const source = await quarters().png().toBuffer();
  const cut = await fit(source.subarray(0, source.length - 200), jpeg());
  assert.equal("code" in cut && cut.code, "damaged");
  const out = await fit(source, jpeg({ sizes: [{ width: 4000, height: 4000 }] }));
  assert.ok("bytes" in out);
  assert.deepEqual([out.width, out.height], [400, 400]);
});
