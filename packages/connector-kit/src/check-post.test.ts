import assert from "node:assert/strict";
import { test } from "node:test";
import { asId, type Json, ok } from "@postd/contracts";
import { z } from "zod";
import { checkPost } from "./check-post.ts";
import { barePlatform, barePublishing } from "./conformance/bare-provider.ts";
import type { AccountRef, MediaInfo } from "./context.ts";
import { defaultFingerprint } from "./fingerprint.ts";
import type { OutgoingPost, Step } from "./publish.ts";
import { countGraphemes } from "./text.ts";

const step: Step<{ done: boolean }> = {
  name: "send",
  effect: "visible",
  repeatable: true,
  done: (state) => state.done,
  run: async () => ok({ state: { done: true } }),
};
const text = { max: 10, unit: "graphemes", maxBytes: 30, count: countGraphemes, rule: "graphemes" } as const;
const image = { mimeTypes: ["image/png"], maxBytes: 2_000_000, minAspect: 0.8, maxAspect: 1.91, minWidth: 320 };
const video = { mimeTypes: ["video/mp4"], maxBytes: 10_000_000, minMs: 1000, maxMs: 60_000 };
const start = () => ({ done: false });

const demo = barePlatform({
  id: "demo",
  accountKinds: [
    { id: "page", label: "Page" },
    { id: "person", label: "Person" },
  ],
  publishing: barePublishing(
    {
      text: { label: "Text", media: { min: 0, max: 0 }, start, steps: [step] },
      photo: { label: "Photo", media: { min: 1, max: 2, image, video }, start, steps: [step] },
      sound: {
        label: "Sound",
        media: { min: 1, max: 1, audio: { mimeTypes: ["audio/mpeg"], maxBytes: 5_000, minMs: 1_000, maxMs: 60_000 } },
        start,
        steps: [step],
      },
      story: { label: "Story", media: { min: 1, max: 1, image }, accountKinds: ["page"], start, steps: [step] },
    },
    {
      options: z.strictObject({ title: z.string().max(5).optional(), tags: z.array(z.string()).optional() }),
      limits: { text },
      validate: (post) =>
        Array.isArray(post.options.tags) && post.options.tags.length > 1
          ? [{ field: "options.tags", code: "too_many", message: "Too many tags. Keep one.", severity: "error" }]
          : [],
    },
  ),
});

const account: AccountRef = { externalId: "1", kind: "person", authKind: "keys", name: "Ida", extras: {} };
const post = (over: Partial<OutgoingPost>): OutgoingPost => ({
  format: "text",
  text: "hello",
  media: [],
  options: {},
  ...over,
});
const medium = (over: Partial<MediaInfo> = {}): MediaInfo => ({
  id: asId("media", "med_00000001"),
  kind: "image",
  mimeType: "image/png",
  sizeBytes: 1000,
  sha256: "aa",
  width: 1000,
  height: 1000,
  ...over,
});
const found = (over: Partial<OutgoingPost>) => checkPost(demo, post(over), account).map((p) => `${p.field} ${p.code}`);

test("a good post has no problem", () => {
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({ format: "photo", text: "", media: [medium()] }), []);
});

test("text at the limit passes and one more is refused with how much to remove", () => {
  assert.deepEqual(found({ text: "é".repeat(10) }), []);
  const [problem] = checkPost(demo, post({ text: "x".repeat(12) }), account);
  assert.equal(problem?.message, "Text is 12 characters; Demo takes 10. Remove 2.");
  assert.deepEqual(found({ text: "👨‍👩‍👧‍👦".repeat(2) }), ["text text_too_large"]);
});

test("an empty post and a missing medium are named", () => {
  assert.deepEqual(found({ text: " \n" }), ["text text_required"]);
  assert.deepEqual(found({ format: "photo" }), ["media too_few_media"]);
});

test("text may be needed beside media, or left to the connector's own rules", () => {
  const codes = (required: boolean, over: Partial<OutgoingPost>) => {
    const limits = { text: { ...text, required } };
    return checkPost({ ...demo, publishing: { ...demo.publishing, limits } }, post({ text: "", ...over }), account).map(
      ({ code }) => code,
    );
  };
  assert.deepEqual(codes(true, { format: "photo", media: [medium()] }), ["text_required"]);
  assert.deepEqual(codes(false, {}), []);
});

test("a format that does not exist or is not open to the account says which are", () => {
  const [unknown] = checkPost(demo, post({ format: "poem" }), account);
  assert.equal(unknown?.message, 'Demo has no format "poem". Choose one of: text, photo, sound.');
  assert.deepEqual(found({ format: "story", media: [medium()] }), ["format format_not_for_account"]);
  assert.deepEqual(found({ format: "toString" }), ["format unknown_format"]);
});

test("every medium is judged by its own rule and told apart by number", () => {
  const media = [
    medium({ sizeBytes: 2_400_000 }),
    medium({ width: 1000, height: 2000 }),
    medium({ mimeType: "image/bmp" }),
  ];
  const problems = checkPost(demo, post({ format: "photo", media }), account);
  assert.deepEqual(
    problems.map((p) => [p.field, p.code]),
    [
      ["media", "too_many_media"],
      ["media.0", "media_too_large"],
      ["media.1", "media_aspect"],
      ["media.2", "media_type"],
    ],
  );
  assert.equal(problems[1]?.message, "Image 1 is 2.4 MB; Demo takes 2 MB. Make it smaller.");
  assert.match(problems[2]?.message ?? "", /^Image 2 is 1000 x 2000 \(0\.50:1\); Demo takes at least 0\.80:1/);
});

test("audio files have types, sizes and lengths, and no place where only pictures have one", () => {
  const sound = (over: Partial<MediaInfo>) => [
    medium({ kind: "audio", mimeType: "audio/mpeg", durationMs: 30_000, sizeBytes: 5_000, ...over }),
  ];
  const of = (over: Partial<MediaInfo>) => found({ format: "sound", media: sound(over) });
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ mimeType: "audio/wav" }), ["media.0 media_type"]);
  assert.deepEqual(of({ sizeBytes: 5_001 }), ["media.0 media_too_large"]);
  assert.deepEqual(of({ durationMs: 60_001 }), ["media.0 media_too_long"]);
  assert.deepEqual(of({ durationMs: 999 }), ["media.0 media_too_short"]);
  assert.deepEqual(found({ format: "sound", media: [medium()] }), ["media.0 media_kind"]);
  assert.deepEqual(found({ format: "photo", media: sound({}) }), ["media.0 media_kind"]);
});

test("what the person who connected an account may not do there is said before anything is sent", () => {
  const message = "Ask for the editor's role, then connect again.";
  const permissions = ({ extras }: Pick<AccountRef, "extras">) => ({
    granted: ["read"],
    missing: [
      ...(extras.isEditor === true ? [] : [{ name: "edit", facet: "publishing" as const, message }]),
      { name: "count", facet: "numbers" as const, message: "No numbers." },
    ],
  });
  const strict = { ...demo, permissions };
  const [problem, ...more] = checkPost(strict, post({}), account);
  assert.deepEqual(
    [problem?.field, problem?.code, problem?.message, more],
    ["connectionId", "permission_missing", message, []],
  );
  assert.deepEqual(checkPost(strict, post({}), { ...account, extras: { isEditor: true } }), []);
});

test("videos have lengths, documents have no place, text takes no media", () => {
  const clip = (durationMs: number) => [medium({ kind: "video", mimeType: "video/mp4", durationMs })];
  assert.deepEqual(found({ format: "photo", media: clip(999) }), ["media.0 media_too_short"]);
  assert.deepEqual(found({ format: "photo", media: clip(60_000) }), []);
  assert.deepEqual(found({ format: "photo", media: clip(60_001) }), ["media.0 media_too_long"]);
  assert.deepEqual(found({ format: "photo", media: [medium({ kind: "document" })] }), ["media.0 media_kind"]);
  assert.deepEqual(found({ media: [medium()] }), ["media too_many_media"]);
  assert.deepEqual(found({ format: "photo", media: [medium({ width: 300, height: 300 })] }), [
    "media.0 media_too_narrow",
  ]);
});

test("every problem is told at once: text, media, options and the connector's own rules", () => {
  assert.deepEqual(
    found({
      format: "photo",
      text: "x".repeat(11),
      options: { title: "too long", colour: "red", tags: ["a", "b"] },
    }),
    [
      "text text_too_long",
      "media too_few_media",
      "options.title invalid_option",
      "options.colour unknown_option",
      "options.tags too_many",
    ],
  );
});

test("the same content has one fingerprint on every format; other media or text another", () => {
  const one = defaultFingerprint(post({ text: "Cafe\u0301  bar", media: [medium()] }));
  assert.equal(defaultFingerprint(post({ format: "photo", text: "Café bar ", media: [medium()] })), one);
  assert.notEqual(defaultFingerprint(post({ text: "Café bar", media: [medium({ sha256: "bb" })] })), one);
  assert.notEqual(defaultFingerprint(post({ text: "Café", media: [medium()] })), one);
});

test("text that cannot be written down is refused at its field, wherever it stands", () => {
  for (const bad of ["half \ud83d", "\udc00", "nul \u0000"]) {
    assert.deepEqual(found({ text: bad }), ["text text_broken"]);
    assert.deepEqual(found({ options: { tags: ["fine", bad] } }), ["options.tags.1 text_broken"]);
    assert.deepEqual(found({ format: "photo", media: [medium({ altText: bad })] }), ["media.0.altText text_broken"]);
  }
});

test("an option of several shapes tells what is wrong with the one that was meant", () => {
  const options = z.strictObject({
    card: z.union([z.literal(false), z.strictObject({ uri: z.url(), title: z.string() })]).optional(),
  });
  const codes = (card: Json) =>
    checkPost({ ...demo, publishing: { ...demo.publishing, options } }, post({ options: { card } }), account).map(
      ({ field }) => field,
    );
  assert.deepEqual(codes(false), []);
  assert.deepEqual(codes({ uri: "nowhere" }), ["options.card.uri", "options.card.title"]);
  assert.deepEqual(codes(5), ["options.card"]);
});

test("parts of a post that a platform does not know are refused by name, and those it knows are counted", () => {
  const tag = { productId: "p1", position: { x: 0.5, y: 0.5 } };
  const whole: Partial<OutgoingPost> = {
    parts: [{ text: "two" }],
    link: { url: "https://a.example" },
    mentions: [{ name: "Ida", handles: { demo: "@ida" } }],
    hashtags: ["a", "b"],
    productTags: [tag],
    firstComment: "more",
  };
  assert.deepEqual(
    found(whole).sort(),
    Object.keys(whole)
      .map((part) => `${part} not_supported`)
      .sort(),
  );
  assert.deepEqual(found({ parts: [], hashtags: [] }), [], "an empty list is nothing to refuse");
  const publishing = {
    ...demo.publishing,
    hashtags: { max: 1 },
    productTags: { formats: ["photo"] },
    firstComment: {},
  };
  const codes = (over: Partial<OutgoingPost>) =>
    checkPost({ ...demo, publishing }, post(over), account).map(({ field, code }) => `${field} ${code}`);
  assert.deepEqual(codes({ hashtags: ["a"], firstComment: "more" }), []);
  assert.deepEqual(codes({ hashtags: ["a", "b"] }), ["hashtags too_many"]);
  assert.deepEqual(codes({ productTags: [tag] }), ["productTags not_for_format"]);
  assert.deepEqual(found({ firstComment: "half \ud83d" }), ["firstComment text_broken"]);
});

test("a place below the account is refused where there is none, and asked for where one is needed", () => {
  const places = (required: boolean) => ({
    ...demo,
    publishing: { ...demo.publishing, destinations: { label: "Board", required, list: async () => ok([]) } },
  });
  const codes = (platform: typeof demo, destination?: string) =>
    checkPost(platform, post(destination === undefined ? {} : { destination }), account).map(
      ({ field, code }) => `${field} ${code}`,
    );
  assert.deepEqual(codes(demo, "b1"), ["destination not_supported"]);
  assert.deepEqual(codes(places(true)), ["destination destination_required"]);
  assert.deepEqual(codes(places(true), "b1"), []);
  assert.deepEqual(codes(places(false)), []);
});

test("the same words in two places, or with another part behind them, are two posts", () => {
  const one = defaultFingerprint(post({}));
  assert.notEqual(defaultFingerprint(post({ destination: "b1" })), one);
  assert.notEqual(defaultFingerprint(post({ destination: "b1" })), defaultFingerprint(post({ destination: "b2" })));
  assert.notEqual(defaultFingerprint(post({ parts: [{ text: "two" }] })), one);
  assert.equal(defaultFingerprint(post({ parts: [] })), one);
});

test("a post without the new parts has the print it had before there were any", () => {
  assert.equal(
    defaultFingerprint(post({ text: "Café  bar", media: [medium()] })),
    "0becce416dbf6a6c96c41ca86a275a695717d1bde1c09da24a2cd7487a0f9138",
  );
});
