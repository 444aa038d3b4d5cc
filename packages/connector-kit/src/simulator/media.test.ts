import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleGif, sampleJpeg, sampleMp4, samplePng, sampleWebm } from "../media-samples.ts";
import { pullMedia, shownMedia, storeMedia } from "./media.ts";

const text = (words: string) => new TextEncoder().encode(words);
const box = (brand: string) => Uint8Array.from([0, 0, 0, 16, ...text(`ftyp${brand}`), 0, 0, 0, 0]);

test("the bytes say what a medium is, and the declared type is used only where they do not", () => {
  const size = { width: 40, height: 30 };
  for (const [bytes, type, pixels] of [
    [samplePng(size), "image/png", "40x30"],
    [sampleJpeg(size), "image/jpeg", "40x30"],
    [sampleGif({ ...size, frames: 2 }), "image/gif", "40x30"],
    [text("RIFF....WEBPVP8 "), "image/webp", "undefinedxundefined"],
    [box("avif"), "image/avif", "undefinedxundefined"],
    [box("isom"), "video/mp4", "undefinedxundefined"],
    [box("qt  "), "video/quicktime", "undefinedxundefined"],
    [Buffer.from("52494646000000005745425056503820000000000000009d012a28001e00", "hex"), "image/webp", "40x30"],
    [Buffer.from("5249464600000000574542505650384c000000002f27400700", "hex"), "image/webp", "40x30"],
    [Buffer.from("524946460000000057454250565038580a000000000000002700001d0000", "hex"), "image/webp", "40x30"],
    [sampleWebm(), "video/webm", "320x240"],
    [Uint8Array.of(1), "text/declared", "undefinedxundefined"],
    [new Uint8Array(), "text/declared", "undefinedxundefined"],
  ] as const) {
    const { mimeType, width, height } = storeMedia(bytes, "Text/Declared; x=y");
    assert.deepEqual([mimeType, `${width}x${height}`], [type, pixels]);
  }
});

test("a film says how large, how long, how fast and in what codec it is, wherever its index stands", () => {
  for (const indexAtEnd of [false, true]) {
    const film = sampleMp4({
      width: 320,
      height: 240,
      durationMs: 4000,
      framesPerSecond: 25,
      codec: "hvc1",
      indexAtEnd,
    });
    const { width, height, durationMs, framesPerSecond, videoCodec } = storeMedia(film);
    assert.deepEqual([width, height, durationMs, framesPerSecond, videoCodec], [320, 240, 4000, 25, "hevc"]);
  }
  assert.equal(storeMedia(sampleMp4({ width: 2, height: 2 })).videoCodec, "avc");
  assert.equal(storeMedia(sampleWebm()).videoCodec, "vp8");
});

test("a header cut anywhere says less and throws nothing", () => {
  for (const whole of [sampleMp4({ width: 320, height: 240 }), sampleWebm()])
    for (let end = 0; end <= whole.byteLength; end += 1) storeMedia(whole.subarray(0, end));
});

test("a pulled medium is of the wanted kind, from an http address, and not empty", async () => {
  const png = samplePng({ width: 2, height: 2 });
  const env = {
    fetchMedia: async (url: string) => ({
      bytes: url.endsWith("0") ? new Uint8Array() : png,
      contentType: "image/png",
    }),
  };
  assert.equal((await pullMedia(env, "https://a.test/1", "image"))?.sizeBytes, png.byteLength);
  for (const [url, kind] of [["https://a.test/0"], ["ftp://a.test/1"], ["no"], ["https://a.test/1", "video"]] as const)
    assert.equal(await pullMedia(env, url, kind), undefined);
});

test("a post shows a medium by its hash, and nothing for one that never came", () => {
  const media = storeMedia(samplePng({ width: 2, height: 2 }));
  const { sha256, mimeType, sizeBytes } = media;
  assert.deepEqual(shownMedia(media, "A dot"), [{ sha256, mimeType, sizeBytes, altText: "A dot" }]);
  assert.deepEqual(shownMedia(media), [{ sha256, mimeType, sizeBytes }]);
  assert.deepEqual(shownMedia(undefined, "A dot"), []);
});
