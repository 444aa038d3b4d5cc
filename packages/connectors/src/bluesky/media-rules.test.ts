import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOptionMedia, checkPost, type MediaInfo, noFormatFits } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import { bluesky } from "./platform.ts";

const account = { externalId: "did:plc:a", kind: "profile", authKind: "app_password", name: "Ida", extras: {} };
const file = (more: Partial<MediaInfo> = {}): MediaInfo => ({
  id: asId("media", "med_00000001"),
  kind: "image",
  mimeType: "image/jpeg",
  sizeBytes: 1_000,
  sha256: "aa",
  altText: "A bear",
  ...more,
});
const gif = file({ kind: "gif", mimeType: "image/gif", fileName: "wave.gif" });
const clip = file({ kind: "video", mimeType: "video/mp4", fileName: "surf.mp4" });
const why = (...media: MediaInfo[]) =>
  noFormatFits(bluesky, media, account).map(({ field, code, message }) => [field, code, message]);

test("an animated picture is named with its file, and so is what Bluesky takes instead", () => {
  assert.equal(bluesky.publishing.defaultFormat({ text: "", media: [gif], options: {} }, account), undefined);
  const [problem, ...more] = why(file(), gif);
  assert.deepEqual(more, []);
  assert.deepEqual(problem?.slice(0, 2), ["media.1", "media_animated"]);
  assert.match(
    problem?.[2] ?? "",
    /^The animation \(wave\.gif\) is an animated GIF; .* takes still JPEG, PNG and WebP pictures\. Use a still/,
  );
  const moving = file({ kind: "gif", mimeType: "image/webp" });
  const named = checkPost(bluesky, { format: "image", text: "", media: [moving], options: {} }, account);
  assert.deepEqual(
    named.map(({ code }) => code),
    ["media_animated"],
  );
});

test("a video beside pictures is named with its file and the way out", () => {
  const [problem, ...more] = why(file(), clip);
  assert.deepEqual(more, []);
  assert.deepEqual(problem, [
    "media.1",
    "media_kind",
    "The video (surf.mp4) cannot be posted to Bluesky, which takes JPEG, PNG and WebP. Remove it or convert it.",
  ]);
});

test("the picture of a link card must be there, a picture, and at most 1,000,000 bytes", () => {
  const id = asId("media", "med_00000009");
  const check = (...known: MediaInfo[]) =>
    checkOptionMedia(
      bluesky,
      { linkCard: { uri: "https://a.example", title: "A", thumbMediaId: id } },
      new Map(known.map((item) => [id as string, item])),
    ).map(({ field, code }) => `${field} ${code}`);
  const field = "options.linkCard.thumbMediaId";
  assert.deepEqual(check(file({ sizeBytes: 1_000_000 })), []);
  assert.deepEqual(check(file({ sizeBytes: 1_000_001 })), [`${field} media_too_large`]);
  assert.deepEqual(check(clip), [`${field} media_type`]);
  assert.deepEqual(check(), [`${field} media_missing`]);
});
