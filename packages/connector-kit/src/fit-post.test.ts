import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import { z } from "zod";
import type { MediaInfo } from "./context.ts";
import { fitPost } from "./fit-post.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost } from "./publish.ts";

const image = { mimeTypes: ["image/jpeg"], maxBytes: 8_000_000, minAspect: 0.8, maxAspect: 2 };
const format = (max: number) => ({ label: "Photo", media: { min: 1, max, image }, start: () => ({}), steps: [] });
// Fitting a post reads the name and the formats alone.
const platform = {
  name: "Fotogram",
  publishing: { formats: { photo: format(1), photos: format(4) }, options: z.object({}) },
} as unknown as PublishingPlatform;

const item = (index: number, more: Partial<MediaInfo> = {}): MediaInfo => ({
  id: asId("media", `med_0000000${index}`),
  kind: "image",
  mimeType: "image/jpeg",
  sizeBytes: 500_000,
  sha256: String(index),
  width: 1000,
  height: 2000,
  altText: "Beans",
  ...more,
});
const post = (media: readonly MediaInfo[], more: Partial<OutgoingPost> = {}): OutgoingPost => ({
  format: media.length === 1 ? "photo" : "photos",
  text: "Beans",
  media,
  options: {},
  ...more,
});
const tag = (x: number, y: number) => ({ productId: `${x} ${y}`, position: { x, y } });

test("each picture is fitted by itself, keeps its words, and is told of under its place", () => {
  const fitted = fitPost(platform, post([item(1, { height: 1000 }), item(2)]), new Map());
  assert.deepEqual(
    fitted.post.media.map(({ width, height, altText }) => [width, height, altText]),
    [
      [1000, 1000, "Beans"],
      [1000, 1250, "Beans"],
    ],
  );
  assert.deepEqual(
    fitted.problems.map(({ field, code, severity }) => [field, code, severity]),
    [["media.1", "media_cropped", "warning"]],
  );
});

test("tags stay on what they mark when the picture is cropped, and one that is cut away is refused", () => {
  const fitted = fitPost(platform, post([item(1)], { productTags: [tag(0.5, 0.5), tag(0.1, 0.25)] }), new Map());
  // 1250 of 2000 pixels are left, from 375 on.
  assert.deepEqual(
    fitted.post.productTags?.map(({ position }) => position),
    [
      { x: 0.5, y: 0.5 },
      { x: 0.1, y: 0.1 },
    ],
  );
  const away = fitPost(platform, post([item(1)], { productTags: [tag(0.5, 0.5), tag(0.5, 0.1)] }), new Map());
  assert.deepEqual(
    away.problems.filter(({ severity }) => severity === "error").map(({ field, code }) => `${field} ${code}`),
    ["productTags.1.position tag_cut_away"],
  );
  const shown = fitted.fits[0]?.change;
  assert.ok(shown);
  const made = item(2, { madeFrom: { id: item(1).id, change: shown, notes: [] }, height: 1250 });
  const again = fitPost(platform, post([made], { productTags: [tag(0.1, 0.25)] }), new Map());
  assert.deepEqual([again.fits[0]?.change, again.post.productTags?.[0]?.position], [undefined, { x: 0.1, y: 0.1 }]);
});

test("a crop of what cannot be cropped is refused under its place", () => {
  const crop = { x: 0, y: 0, width: 0.5, height: 0.5 };
  for (const more of [
    { kind: "gif", mimeType: "image/gif" },
    { kind: "video", mimeType: "video/mp4" },
  ] as const) {
    const { problems, post: same } = fitPost(platform, post([item(1, more)]), new Map([[item(1).id, crop]]));
    assert.deepEqual(
      problems.map(({ field, code, severity }) => [field, code, severity]),
      [["media.0.crop", "crop_not_possible", "error"]],
    );
    assert.deepEqual(same.media, [item(1, more)]);
  }
});

test("a format that takes no pictures changes none", () => {
  const odd = post([item(1)], { format: "none" });
  assert.deepEqual(fitPost(platform, odd, new Map()).post, odd);
});
