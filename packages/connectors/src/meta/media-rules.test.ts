import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPost, type MediaInfo, type PublishingPlatform, type VideoFacts } from "@postd/connector-kit";
import { facebook } from "./facebook/platform.ts";
import { instagram } from "./instagram/platform.ts";
import { contextOf, medium, postOf, scriptedGraph } from "./scripted-graph.ts";

const page = contextOf(scriptedGraph({})).account;
const professional = { ...page, externalId: "789", kind: "professional", authKind: "facebook_login" };

const good: VideoFacts = {
  videoCodec: "avc",
  audioCodec: "aac",
  audioHz: 48_000,
  audioChannels: 2,
  framesPerSecond: 30,
  index: "start",
};
const clip = (facts: Partial<VideoFacts>, more: Partial<MediaInfo> = {}) =>
  medium({
    kind: "video",
    mimeType: "video/mp4",
    fileName: "surf.mp4",
    durationMs: 10_000,
    width: 1080,
    height: 1920,
    video: { ...good, ...facts },
    ...more,
  });
const found = (connector: PublishingPlatform, format: string, item: MediaInfo) =>
  checkPost(connector, postOf({ format, text: "", media: [item] }), connector === facebook ? page : professional);

const refused: readonly (readonly [name: string, code: string, item: MediaInfo, words: RegExp])[] = [
  ["VP9", "video_codec", clip({ videoCodec: "vp9" }), /VP9; Instagram takes H\.264 or H\.265/],
  ["AV1", "video_codec", clip({ videoCodec: "av1" }), /AV1/],
  ["ProRes", "video_codec", clip({ videoCodec: "prores" }), /ProRes/],
  ["a codec nobody names", "video_codec", clip({ videoCodec: "mp4v" }), /mp4v/],
  ["Opus sound", "audio_codec", clip({ audioCodec: "opus" }), /Opus sound; Instagram takes AAC/],
  ["96 kHz sound", "audio_rate", clip({ audioHz: 96_000 }), /96 kHz.*48 kHz/],
  ["surround sound", "audio_channels", clip({ audioChannels: 6 }), /6 channels/],
  ["120 frames a second", "video_frame_rate", clip({ framesPerSecond: 120 }), /120 frames.*at most 60/],
  ["15 frames a second", "video_frame_rate", clip({ framesPerSecond: 15 }), /at least 23/],
  ["an index at the end", "video_index", clip({ index: "end" }), /fast start/],
  ["an index in pieces", "video_index", clip({ index: "fragmented" }), /in pieces/],
  ["cuts noted in the file", "video_cuts", clip({ hasCuts: true }), /edit list/],
  ["2160 pixels across", "media_too_wide", clip({}, { width: 2160, height: 3840 }), /2160 x 3840.*1920/],
  ["40 Mbit a second", "video_bit_rate", clip({}, { sizeBytes: 50_000_000 }), /40 Mbit.*25 Mbit/],
];
for (const [name, code, item, words] of refused)
  for (const format of ["reel", "story"])
    test(`an Instagram ${format} with ${name} is refused before sending, naming the file and the way out`, () => {
      const problems = found(instagram, format, item);
      assert.deepEqual(
        problems.map(({ field, code: it, severity }) => [field, it, severity]),
        [["media.0", code, "error"]],
      );
      assert.match(problems[0]?.message ?? "", words);
      assert.match(problems[0]?.message ?? "", /^The video \(surf\.mp4\) .*\. (Export|Upload)/);
    });

test("an Instagram video as its page asks for it, and one nobody could look into, pass", () => {
  for (const framesPerSecond of [23.976, 59.94, 60])
    assert.deepEqual(found(instagram, "reel", clip({ framesPerSecond })), []);
  const { video: _, ...unknown } = clip({});
  assert.deepEqual(found(instagram, "reel", unknown), []);
  assert.deepEqual(found(instagram, "reel", clip({ videoCodec: "hevc", rotation: 90 })), []);
});

test("a Facebook reel takes VP9 and AV1, and neither Opus, 15 frames a second nor VP8", () => {
  for (const videoCodec of ["avc", "hevc", "vp9", "av1"])
    assert.deepEqual(found(facebook, "reel", clip({ videoCodec, framesPerSecond: 23.976, index: "end" })), []);
  const code = (facts: Partial<VideoFacts>) => found(facebook, "reel", clip(facts)).map((problem) => problem.code);
  assert.deepEqual(code({ videoCodec: "vp8" }), ["video_codec"]);
  assert.deepEqual(code({ audioCodec: "opus" }), ["audio_codec"]);
  assert.deepEqual(code({ framesPerSecond: 15 }), ["video_frame_rate"]);
});
