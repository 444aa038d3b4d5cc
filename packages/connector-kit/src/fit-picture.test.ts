import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import { checkMedium } from "./check-media.ts";
import type { MediaInfo } from "./context.ts";
import { fitPicture } from "./fit-picture.ts";
import type { PictureCrop } from "./picture-change.ts";
import type { Format, MediaRule } from "./publish.ts";

type Rule = NonNullable<MediaRule["image"]>;

const picture = (width: number, height: number, more: Partial<MediaInfo> = {}): MediaInfo => ({
  id: asId("media", "med_00000001"),
  kind: "image",
  mimeType: "image/jpeg",
  sizeBytes: 500_000,
  sha256: "a",
  width,
  height,
  ...more,
});
const jpeg: Rule = { mimeTypes: ["image/jpeg"], maxBytes: 8_000_000 };
const wide: Rule = { ...jpeg, minAspect: 0.75, maxAspect: 1.91, sure: { minAspect: 0.8 } };
const photo: Rule = { ...jpeg, maxLongSide: 1_920, maxShortSide: 1_080, sure: { maxWidth: 1_080 } };
const any: Rule = { mimeTypes: ["image/jpeg", "image/png", "image/webp"], maxBytes: 2_000_000 };
const png = { mimeType: "image/png" };
const fit = (item: MediaInfo, rule: Rule, crop?: PictureCrop) =>
  fitPicture({ platform: "Fotogram", name: "The image", rule }, item, crop);

/** What becomes of it: box that is left, size, types to try, codes of what is told. */
const cases: readonly [title: string, item: MediaInfo, rule: Rule, expected: string, crop?: PictureCrop][] = [
  ["one that fits stays as it is", picture(1080, 1080), jpeg, "as it is"],
  [
    "3:4 may be taken, and is cut to the shape that is surely taken",
    picture(1500, 2000),
    wide,
    "0,62 1500x1875 jpeg cropped",
  ],
  ["a thousandth is no other shape", picture(1080, 1351), wide, "as it is"],
  ["9:16 is cut around the middle, to the sure shape", picture(1080, 1920), wide, "0,285 1080x1350 jpeg cropped"],
  ["a panorama is cut at its sides", picture(4000, 1000), wide, "1045,0 1910x1000 jpeg cropped"],
  ["PNG becomes JPEG where only that is taken", picture(600, 600, png), jpeg, "600x600 jpeg converted"],
  ["PNG stays where it is taken", picture(600, 600, png), any, "as it is"],
  [
    "a heavy PNG becomes JPEG",
    picture(3000, 2000, { ...png, sizeBytes: 9e6 }),
    any,
    "3000x2000 jpeg converted made_smaller",
  ],
  [
    "a heavy PNG stays one where nothing else is taken",
    picture(3000, 2000, { ...png, sizeBytes: 9e6 }),
    { ...any, mimeTypes: ["image/png"] },
    "3000x2000 png made_smaller",
  ],
  [
    "a heavy WebP stays one",
    picture(900, 900, { mimeType: "image/webp", sizeBytes: 9e6 }),
    any,
    "900x900 webp made_smaller",
  ],
  [
    "a still GIF that is not taken becomes JPEG",
    picture(90, 90, { mimeType: "image/gif" }),
    jpeg,
    "90x90 jpeg converted",
  ],
  [
    "a still GIF that is taken stays",
    picture(90, 90, { mimeType: "image/gif" }),
    { ...jpeg, mimeTypes: ["image/gif"] },
    "as it is",
  ],
  ["sides are counted longer and shorter", picture(3000, 4000), photo, "1080x1440 jpeg scaled"],
  ["wide ones go by what was seen", picture(1920, 1080), photo, "1080x607 jpeg scaled"],
  ["pixels in all", picture(4000, 4000), { ...jpeg, maxPixels: 4_000_000 }, "2000x2000 jpeg scaled"],
  ["width and height", picture(4000, 1000), { ...jpeg, maxWidth: 2000, maxHeight: 400 }, "1600x400 jpeg scaled"],
  [
    "a PNG made smaller may become JPEG if it is too large still",
    picture(3000, 2000, png),
    { ...any, maxWidth: 1500 },
    "1500x1000 png,jpeg scaled",
  ],
  [
    "the part the author chose",
    picture(1000, 1000),
    jpeg,
    "500,0 500x250 jpeg cropped",
    { x: 0.5, y: 0, width: 0.5, height: 0.25 },
  ],
  [
    "of the chosen part the middle",
    picture(1000, 2000),
    wide,
    "500,1187 500x625 jpeg cropped",
    { x: 0.5, y: 0.5, width: 0.5, height: 0.5 },
  ],
  [
    "all of a 3:4 picture, where its author says so",
    picture(1500, 2000),
    wide,
    "as it is",
    { x: 0, y: 0, width: 1, height: 1 },
  ],
  ["a crop of all of it is none", picture(1000, 1000), jpeg, "as it is", { x: 0, y: 0, width: 1, height: 1 }],
  ["too small ones are not made larger", picture(200, 200), { ...jpeg, minWidth: 320, minHeight: 320 }, "as it is"],
  ["animations are left alone", picture(900, 3000, { kind: "gif", mimeType: "image/gif" }), wide, "as it is"],
  [
    "what nobody measured is left alone",
    { ...picture(1, 1, png), width: undefined, height: undefined } as unknown as MediaInfo,
    wide,
    "as it is",
  ],
  [
    "where nothing can be written it is left alone",
    picture(90, 90, png),
    { ...jpeg, mimeTypes: ["image/bmp"] },
    "as it is",
  ],
];

for (const [title, item, rule, expected, crop] of cases)
  test(title, () => {
    const { change, as, notes } = fit(item, rule, crop);
    if (!change) return assert.deepEqual([expected, as, notes], ["as it is", item, []]);
    const box = change.crop ? `${change.crop.left},${change.crop.top} ` : "";
    const types = change.types.map((type) => type.slice(6)).join(",");
    const told = notes.map(([code]) => code.slice(6)).join(" ");
    const [size] = change.sizes;
    assert.equal(`${box}${size?.width}x${size?.height} ${types} ${told}`, expected);
    assert.deepEqual([as.width, as.height, as.mimeType], [size?.width, size?.height, change.types[0]]);
    const format: Format = { label: "Photo", media: { min: 1, max: 1, image: rule }, start: () => ({}), steps: [] };
    assert.deepEqual(checkMedium("Fotogram", as, format, "The image"), [], "what it becomes is taken");
  });

test("smaller sizes keep the shape's bounds, go down to a floor and never below what is asked for", () => {
  const sizes = (rule: Rule, item = picture(3001, 2003)) => fit({ ...item, ...png }, rule).change?.sizes ?? [];
  const all = sizes({ ...jpeg, minAspect: 0.75, maxAspect: 1.5 });
  assert.ok(all.length > 3);
  for (const { width, height } of all) assert.ok(width / height <= 1.501 && width >= 640, `${width} x ${height}`);
  assert.ok(sizes({ ...jpeg, minWidth: 2000 }).every(({ width }) => width >= 2000));
  assert.deepEqual(sizes(jpeg, picture(300, 200)), [{ width: 300, height: 200 }]);
});

test("people are told what is done to which file, why, and how to have it otherwise", () => {
  const item = picture(3000, 6000, { ...png, sizeBytes: 12_300_000 });
  assert.deepEqual(
    fit(item, { ...wide, maxWidth: 1_440 }).notes.map(([, message]) => message),
    [
      "The image is cropped to 4:5 for Fotogram, around the middle: 3000 x 3750 of 3000 x 6000 pixels. Choose another part with media[].crop.",
      "The image is converted from PNG to JPEG for Fotogram, which takes JPEG. What is see-through in it becomes white.",
      "The image is made smaller for Fotogram: 1440 x 1800 pixels.",
      "The image is made smaller for Fotogram: 12.3 MB to at most 8 MB.",
    ],
  );
});
