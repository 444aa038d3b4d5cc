import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import { z } from "zod";
import { checkPost } from "./check-post.ts";
import { barePlatform, barePublishing } from "./conformance/bare-provider.ts";
import type { Format, OutgoingPost, TextLimit } from "./publish.ts";
import { countUtf16 } from "./text.ts";

const upTo = (max: number): TextLimit => ({ max, unit: "utf16", count: countUtf16, rule: "utf16", required: false });
const video = { mimeTypes: ["video/mp4"], maxBytes: 1_000, maxMs: 1_000 };
const format: Format = { label: "Film", media: { min: 0, max: 1, video }, start: () => ({}), steps: [] };
const platform = barePlatform({
  id: "place",
  publishing: barePublishing(
    { film: format, note: { ...format, label: "Note", text: upTo(5) } },
    {
      options: z.strictObject({ long: z.boolean().optional() }),
      limits: { text: upTo(10) },
      parts: { text: upTo(10) },
      limitsOf: ({ options }, { extras }) =>
        extras.paid || options.long ? { textMax: 20, video: { maxMs: 9_000 } } : {},
    },
  ),
});
const media: OutgoingPost["media"] = [
  {
    ...{ id: asId("media", "med_00000001"), kind: "video", mimeType: "video/mp4", sha256: "a" },
    ...{ sizeBytes: 1_000, durationMs: 2_000 },
  },
];
function codes(over: Partial<OutgoingPost>, paid = false) {
  const account = { externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: { paid } };
  const post = { format: "film", text: "x".repeat(20), media: [], options: {}, ...over };
  return checkPost(platform, post, account).map(({ field, code }) => `${field} ${code}`);
}

test("a post is checked by the limits its account is known to have, or by what a person says of it", () => {
  assert.deepEqual(codes({}), ["text text_too_long"]);
  assert.deepEqual(codes({}, true), []);
  assert.deepEqual(codes({ options: { long: true } }), []);
  assert.deepEqual(codes({ text: "x".repeat(21) }, true), ["text text_too_long"]);
  assert.deepEqual(codes({ format: "note" }), ["text text_too_long"]);
  assert.deepEqual(codes({ format: "note" }, true), []);
});

test("parts of a thread and videos go by the account's own limits too", () => {
  const thread = { text: "", parts: [{ text: "x".repeat(20) }] };
  assert.deepEqual(codes(thread), ["parts.0.text text_too_long"]);
  assert.deepEqual(codes(thread, true), []);
  assert.deepEqual(codes({ text: "", media }), ["media.0 media_too_long"]);
  assert.deepEqual(codes({ text: "", media }, true), []);
});
