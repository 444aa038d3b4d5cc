import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type JpegSample,
  mp4Box,
  sampleGif,
  sampleJpeg,
  sampleMp4,
  samplePng,
  sampleWebm,
  type VideoSample,
} from "../media-samples.ts";
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

test("a film says where its index stands and of how many parts its edit list is", () => {
  const film = (sample: Partial<VideoSample>) => {
    const { index, editedParts } = storeMedia(sampleMp4({ width: 320, height: 240, ...sample }));
    return [index, editedParts];
  };
  const row = [0, 0, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0];
  const edits = mp4Box("edts", mp4Box("elst", Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 2, ...row, ...row])));
  assert.deepEqual(film({}), ["start", undefined]);
  assert.deepEqual(film({ indexAtEnd: true }), ["end", undefined]);
  assert.deepEqual(film({ withoutIndex: true }), [undefined, undefined]);
  assert.deepEqual(film({ boxes: { track: edits } }), ["start", 2]);
});

test("a JPEG says how many channels it has and how it is turned", () => {
  const size = { width: 40, height: 30 };
  const facts = (sample: Partial<JpegSample>) => {
    const { width, height, channels, orientation } = storeMedia(sampleJpeg({ ...size, ...sample }));
    return [`${width}x${height}`, channels, orientation];
  };
  assert.deepEqual(facts({}), ["40x30", 1, undefined]);
  assert.deepEqual(facts({ channels: 3 }), ["40x30", 3, undefined]);
  assert.deepEqual(facts({ channels: 4, orientation: 6 }), ["40x30", 4, 6]);
});

test("a header cut anywhere says less and throws nothing", () => {
  const turned = sampleJpeg({ width: 40, height: 30, channels: 4, orientation: 6 });
  for (const whole of [sampleMp4({ width: 320, height: 240 }), sampleWebm(), turned])
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
