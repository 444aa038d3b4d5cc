import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import { checkMedium } from "./check-media.ts";
import type { MediaInfo } from "./context.ts";
import type { Format, MediaRule } from "./publish.ts";

const sides = { maxWidth: 4_000, maxHeight: 3_000, maxLongSide: 3_500, maxShortSide: 1_080 };
const format = (rule: Partial<MediaRule>): Format => ({
  label: "Post",
  media: { min: 1, max: 1, ...rule },
  start: () => ({}),
  steps: [],
});
const still = format({ image: { mimeTypes: ["image/jpeg"], maxBytes: 1e7, ...sides, sure: { maxWidth: 10 } } });
const film = format({ video: { mimeTypes: ["video/mp4"], maxBytes: 1e9, maxHeight: 3_000 } });

const item = (kind: "image" | "video", width: number, height: number): MediaInfo => ({
  id: asId("media", "med_00000001"),
  kind,
  mimeType: kind === "image" ? "image/jpeg" : "video/mp4",
  sizeBytes: 1_000,
  sha256: "a",
  width,
  height,
});
const codes = (kind: "image" | "video", width: number, height: number) =>
  checkMedium("Fotogram", item(kind, width, height), kind === "image" ? still : film, "It").map(([code]) => code);

const cases: readonly ["image" | "video", width: number, height: number, code?: string][] = [
  ["image", 3_500, 1_080],
  ["image", 1_080, 3_000],
  ["image", 3_501, 1_000, "media_too_large"],
  ["image", 3_500, 1_081, "media_too_large"],
  ["image", 1_081, 2_000, "media_too_large"],
  ["image", 1_000, 3_001, "media_too_tall"],
  ["image", 4_001, 1_000, "media_too_wide"],
  ["video", 9_000, 3_000],
  ["video", 1_000, 3_001, "media_too_tall"],
];
for (const [kind, width, height, code] of cases)
  test(`${kind} of ${width} x ${height}: ${code ?? "taken"}`, () =>
    assert.deepEqual(codes(kind, width, height), code ? [code] : []));
