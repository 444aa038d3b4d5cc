import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import { z } from "zod";
import { checkMentions } from "./check-parts.ts";
import { checkPost } from "./check-post.ts";
import { barePlatform, barePublishing } from "./conformance/bare-provider.ts";
import type { MediaInfo } from "./context.ts";
import type { Format, OutgoingPost } from "./publish.ts";
import { countUtf16 } from "./text.ts";

const upTo = (max: number) => ({ max, unit: "utf16", count: countUtf16, rule: "utf16", required: false }) as const;
const media: Format["media"] = {
  min: 0,
  max: 2,
  image: { mimeTypes: ["image/png"], maxBytes: 1_000, maxPixels: 100 },
  video: { mimeTypes: ["video/mp4"], maxBytes: 1_000_000, minBytes: 500 },
};
const platform = barePlatform({
  id: "place",
  publishing: barePublishing(
    {
      post: { label: "Post", media, start: () => ({}), steps: [] },
      poll: { label: "Poll", media, start: () => ({}), steps: [] },
    },
    {
      options: z.strictObject({ answers: z.array(z.string()).optional(), title: z.string().optional() }),
      optionFormats: { answers: ["poll"], title: ["post", "poll"] },
      limits: { text: upTo(10), altText: upTo(5) },
      link: { title: upTo(6), description: upTo(7) },
      mentions: { handle: { form: /^urn:/, like: "urn:1" } },
    },
  ),
});
const file = (over: Partial<MediaInfo>): MediaInfo => ({
  id: asId("media", "med_1"),
  kind: "image",
  mimeType: "image/png",
  sizeBytes: 1_000,
  sha256: "a",
  width: 10,
  height: 10,
  ...over,
});
const found = (over: Partial<OutgoingPost>) => {
  const post = { format: "post", text: "hi", media: [], options: {}, ...over };
  const account = { externalId: "1", kind: "page", authKind: "keys", name: "Ida", extras: {} };
  return checkPost(platform, post, account).map(({ field, code }) => `${field} ${code}`);
};

test("words of a card and descriptions of media are counted by limits of their own", () => {
  const url = "https://example.com/";
  assert.deepEqual(found({ link: { url, title: "x".repeat(6), description: "x".repeat(7) } }), []);
  assert.deepEqual(found({ link: { url, title: "x".repeat(7), description: "x".repeat(8) } }), [
    "link.title text_too_long",
    "link.description text_too_long",
  ]);
  assert.deepEqual(found({ media: [file({ altText: "12345" }), file({ altText: "123456" })] }), [
    "media.1.altText text_too_long",
  ]);
});

test("a picture has at most so many pixels in all, a video at least so many bytes", () => {
  assert.deepEqual(found({ media: [file({})] }), []);
  assert.deepEqual(found({ media: [file({ height: 11 })] }), ["media.0 media_too_large"]);
  const film = { kind: "video", mimeType: "video/mp4" } as const;
  assert.deepEqual(found({ media: [file({ ...film, sizeBytes: 500 })] }), []);
  assert.deepEqual(found({ media: [file({ ...film, sizeBytes: 499 })] }), ["media.0 media_too_small"]);
});

test("a handle of another form is none, and the warning says what one is like", () => {
  const named = (handle: string) =>
    checkMentions(platform, { text: "@Ida", mentions: [{ name: "Ida", handles: { place: handle } }] });
  assert.deepEqual(named("urn:1"), []);
  const [problem] = named("ida");
  assert.deepEqual([problem?.code, problem?.severity], ["mention_without_handle", "warning"]);
  assert.match(problem?.message ?? "", /urn:1/);
});

test("an option of another format is refused by name, with the formats that have it", () => {
  const options = { answers: ["a"], title: "t" };
  assert.deepEqual(found({ format: "poll", options }), []);
  assert.deepEqual(found({ options }), ["options.answers not_for_format"]);
});
