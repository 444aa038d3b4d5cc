import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import type { MediaInfo } from "./context.ts";
import { noFormatFits } from "./no-format.ts";
import type { PublishingPlatform } from "./platform.ts";

const image = { mimeTypes: ["image/jpeg"], maxBytes: 1_000 };
const video = { mimeTypes: ["video/mp4"], maxBytes: 1_000 };
const format = (label: string, media: object) => ({ label, media, start: () => ({}), steps: [] });
// What is asked reads the name and the formats, nothing else.
const platform = (formats: object) => ({ name: "Demo", publishing: { formats } }) as unknown as PublishingPlatform;
const demo = platform({
  text: format("Text", { min: 0, max: 0 }),
  photo: format("Photo", { min: 1, max: 4, image }),
  clip: format("Clip", { min: 1, max: 1, video }),
});
const file = (kind: MediaInfo["kind"], mimeType: string): MediaInfo => ({
  id: asId("media", "med_00000001"),
  kind,
  mimeType,
  sizeBytes: 1,
  sha256: "aa",
});
const [photo, clip] = [file("image", "image/jpeg"), file("video", "video/mp4")];
const why = (where: PublishingPlatform, ...media: MediaInfo[]) =>
  noFormatFits(where, media, { kind: "page" }).map(({ field, message }) => [field, message]);

test("files that fit alone and not together say so, and what each format takes", () => {
  assert.deepEqual(why(demo, photo, clip), [
    [
      "format",
      "Demo does not take images and videos together in one post. Send them as separate posts; Photo takes 1 to 4 images, Clip takes 1 video.",
    ],
  ]);
});

test("each file that fits nowhere is named by itself", () => {
  const png = file("image", "image/png");
  assert.deepEqual(why(demo, photo, png, file("document", "application/pdf")), [
    ["media.1", "Image 2 is PNG; Demo takes JPEG here. Convert it."],
    ["media.2", "The document cannot be posted to Demo, which takes JPEG and MP4. Remove it or convert it."],
  ]);
  assert.deepEqual(why(platform({ text: format("Text", { min: 0, max: 0 }) }), photo), [
    ["media.0", "The image cannot be posted: Demo takes no media. Remove it."],
  ]);
});
