import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import { z } from "zod";
import { barePublishing } from "./conformance/bare-provider.ts";
import { checkOptionMedia, mediaIdOption, optionMedia, unmarkedMediaIds } from "./option-media.ts";

const rule = { label: "The cover", mimeTypes: ["image/jpeg"], maxBytes: 1_000 };
const id = (nth: number) => asId("media", `med_0000000${nth}`);
const options = z.strictObject({
  cover: z.strictObject({ coverMediaId: mediaIdOption(rule).optional().meta({ title: "Cover" }) }).optional(),
  slides: z.array(z.object({ slideMediaId: mediaIdOption(rule).nullable() })).default([]),
  subtitleMediaIds: z.record(z.string(), mediaIdOption(rule)).optional(),
  either: z.union([z.string(), z.object({ logoMediaId: mediaIdOption(rule) })]).optional(),
  title: z.string().optional(),
});

test("files that options name are found wherever they stand: in objects, lists, maps and choices", () => {
  const found = optionMedia(options, {
    cover: { coverMediaId: id(1) },
    slides: [{ slideMediaId: id(2) }, { slideMediaId: null }, { slideMediaId: id(3) }],
    subtitleMediaIds: { en: id(4) },
    either: { logoMediaId: id(5) },
    title: id(6),
  });
  assert.deepEqual(
    found.map(({ field, id: named }) => [field, named]),
    [
      ["options.cover.coverMediaId", id(1)],
      ["options.slides.0.slideMediaId", id(2)],
      ["options.slides.2.slideMediaId", id(3)],
      ["options.subtitleMediaIds.en", id(4)],
      ["options.either.logoMediaId", id(5)],
    ],
  );
  for (const odd of [undefined, null, 7, "text", [], { cover: 7, slides: "x" }])
    assert.deepEqual(optionMedia(options, odd), []);
});

test("an option that names a file and is not marked so is told, and a marked one is not", () => {
  assert.deepEqual(unmarkedMediaIds(options), []);
  const careless = z.object({ card: z.object({ thumbMediaId: z.string().optional() }), mediaIds: z.array(z.string()) });
  assert.deepEqual(unmarkedMediaIds(careless), ["options.card.thumbMediaId", "options.mediaIds"]);
});

test("a file in an option must be the author's, of a type the platform takes there and small enough", () => {
  const demo = { name: "Demo", publishing: barePublishing({}, { options }) };
  const file = { id: id(1), kind: "image", mimeType: "image/jpeg", sizeBytes: 1_000, sha256: "aa" } as const;
  const check = (change: object) =>
    checkOptionMedia(demo, { cover: { coverMediaId: id(1) } }, new Map([[id(1), { ...file, ...change }]])).map(
      ({ field, code, message, severity }) => [field, code, severity, message],
    );
  assert.deepEqual(check({}), []);
  const field = "options.cover.coverMediaId";
  assert.deepEqual(check({ sizeBytes: 1_001, fileName: "beach.jpg" }), [
    [
      field,
      "media_too_large",
      "error",
      "The cover (beach.jpg) is 1,001 bytes; Demo takes 1,000 bytes there. Make it smaller.",
    ],
  ]);
  assert.deepEqual(check({ kind: "video", mimeType: "video/mp4" }), [
    [field, "media_type", "error", "The cover is a video; Demo takes JPEG there. Choose another file."],
  ]);
  const gone = checkOptionMedia(demo, { cover: { coverMediaId: id(1) } }, new Map());
  assert.deepEqual(
    gone.map((problem) => [problem.field, problem.code]),
    [[field, "media_missing"]],
  );
  assert.match(gone[0]?.message ?? "", /no media med_00000001\. Upload/);
});
