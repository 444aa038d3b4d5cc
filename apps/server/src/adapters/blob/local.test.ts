import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { sampleGif, sampleJpeg, sampleMp4, samplePng } from "@postd/connector-kit/media-samples";
import type { BlobStore } from "@postd/core";
import { openLocalBlobStore } from "./local.ts";

let folder: string;
let blobs: BlobStore;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "postd-blobs-"));
  blobs = await openLocalBlobStore({ folder });
});
after(() => rm(folder, { recursive: true }));

async function* inPieces(bytes: Uint8Array, size = 100): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const receive = (bytes: Uint8Array | string, maxBytes = 1_000_000) =>
  blobs.receive(inPieces(typeof bytes === "string" ? Buffer.from(bytes) : bytes), { maxBytes, share: "ida" });
const drafts = () => readdir(path.join(folder, "incoming"));

/** One second of silence; of the other kinds only as much as tells what they are. */
function wav(): Uint8Array {
  const rate = 8_000;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + rate, 4);
  head.write("WAVEfmt ", 8);
  for (const [at, size, value] of [
    [16, 4, 16],
    [20, 2, 1],
    [22, 2, 1],
    [24, 4, rate],
    [28, 4, rate],
    [32, 2, 1],
    [34, 2, 8],
  ] as const)
    head.writeUIntLE(value, at, size);
  head.write("data", 36);
  head.writeUInt32LE(rate, 40);
  return Buffer.concat([head, Buffer.alloc(rate, 128)]);
}
const mpegFrame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(413)]);
const oggPage = Buffer.concat([
  Buffer.from("OggS"),
  Buffer.from([0, 2]),
  Buffer.alloc(20),
  Buffer.from([1, 19]),
  Buffer.from("OpusHead"),
  Buffer.alloc(64),
]);
const sounds: readonly (readonly [string, string, Uint8Array, object])[] = [
  ["wav", "audio/wav", wav(), { durationMs: 1_000 }],
  ["mp3", "audio/mpeg", Buffer.concat([mpegFrame, mpegFrame, mpegFrame]), { durationMs: 78 }],
  ["m4a", "audio/mp4", Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypM4A "), Buffer.alloc(64)]), {}],
  ["ogg", "audio/ogg", oggPage, {}],
  ["flac", "audio/flac", Buffer.concat([Buffer.from("fLaC"), Buffer.alloc(64)]), {}],
  ["aac", "audio/aac", Buffer.concat([Buffer.from([0xff, 0xf1, 0x50, 0x80]), Buffer.alloc(64)]), {}],
];

test("files are typed and measured by their bytes, and one that carries nothing to take out stays as it is", async () => {
  const video = { rotation: 0, index: "start", hasCuts: false, videoCodec: "avc", framesPerSecond: 30 };
  const cases: [string, Uint8Array, object][] = [
    [
      "jpeg",
      sampleJpeg({ width: 320, height: 200 }),
      { kind: "image", mimeType: "image/jpeg", extension: "jpg", width: 320, height: 200 },
    ],
    [
      "png",
      samplePng({ width: 64, height: 48 }),
      { kind: "image", mimeType: "image/png", extension: "png", width: 64, height: 48 },
    ],
    [
      "still gif",
      sampleGif({ width: 30, height: 20 }),
      { kind: "image", mimeType: "image/gif", extension: "gif", width: 30, height: 20 },
    ],
    [
      "moving gif",
      sampleGif({ width: 300, height: 200, frames: 2 }),
      { kind: "gif", mimeType: "image/gif", extension: "gif", width: 300, height: 200 },
    ],
    [
      "mp4",
      sampleMp4({ width: 640, height: 360, durationMs: 2_500 }),
      { kind: "video", mimeType: "video/mp4", extension: "mp4", width: 640, height: 360, durationMs: 2_500, video },
    ],
    ["pdf", Buffer.from("%PDF-1.7\n%%EOF"), { kind: "document", mimeType: "application/pdf", extension: "pdf" }],
    ...sounds.map(([extension, mimeType, bytes, more]): [string, Uint8Array, object] => [
      extension,
      bytes,
      { kind: "audio", mimeType, extension, ...more },
    ]),
  ];
  for (const [name, bytes, facts] of cases) {
    const received = await receive(bytes);
    assert.ok(received.ok, name);
    assert.deepEqual(received.value.facts, facts, name);
    assert.equal(received.value.sizeBytes, bytes.length);
    assert.equal(received.value.sha256, createHash("sha256").update(bytes).digest("hex"));
    await received.value.discard();
  }
  assert.deepEqual(await drafts(), []);
});

test("programs, web pages and drawings with scripts are refused in plain words, leaving nothing", async () => {
  const cases: [Uint8Array | string, RegExp][] = [
    [Buffer.concat([Buffer.from("MZ"), Buffer.alloc(200)]), /program/],
    [Buffer.concat([Buffer.from("7f454c46", "hex"), Buffer.alloc(200)]), /program/],
    ["#!/bin/sh\necho", /program/],
    ["  <!DOCTYPE html><script>alert(1)</script>", /web page/],
    ["<html><body>", /web page/],
    ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', /SVG/],
    ['<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', /SVG/],
    ["just words", /could not be told/],
    [Buffer.from("504b0304140000000000", "hex"), /application\/zip/],
  ];
  for (const [bytes, words] of cases) {
    const received = await receive(bytes);
    assert.ok(!received.ok && received.error.code === "unsupported", words.source);
    assert.match(received.error.message, words);
  }
  assert.deepEqual(await drafts(), []);
});

test("a file over the limit, an empty one and one whose sender stops are refused, and the sender is let go", async () => {
  let isClosed = false;
  async function* endless() {
    try {
      for (;;) yield new Uint8Array(10_000);
    } finally {
      isClosed = true;
    }
  }
  assert.deepEqual(await blobs.receive(endless(), { maxBytes: 100_000, share: "ida" }), {
    ok: false,
    error: { code: "too_large" },
  });
  assert.equal(isClosed, true);
  assert.deepEqual(await receive(""), { ok: false, error: { code: "empty" } });
  async function* stopping() {
    yield samplePng({ width: 8, height: 8 });
    throw new Error("connection reset");
  }
  const broken = await blobs.receive(stopping(), { maxBytes: 100_000, share: "ida" });
  assert.deepEqual(broken, { ok: false, error: { code: "broken_off", message: "connection reset" } });
  const exact = samplePng({ width: 8, height: 8 });
  assert.equal((await receive(exact, exact.length - 1)).ok, false);
  const fitting = await receive(exact, exact.length);
  assert.ok(fitting.ok);
  await fitting.value.discard();
  assert.deepEqual(await drafts(), []);
});

test("what is kept reads back byte for byte, as often as asked, until it is removed", async () => {
  const bytes = sampleJpeg({ width: 320, height: 320, seed: 7 });
  const received = await receive(bytes);
  assert.ok(received.ok);
  await received.value.keep("ab/med_one.jpg");
  const blob = await blobs.open("ab/med_one.jpg");
  assert.equal(blob?.sizeBytes, bytes.length);
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(Buffer.concat(await Array.fromAsync(blob?.stream() ?? [])), Buffer.from(bytes));
  }
  for (const [from, to] of [
    [0, 1],
    [5, 9],
    [bytes.length - 3, bytes.length],
    [4, 4],
  ] as const) {
    const part: Uint8Array[] = await Array.fromAsync(blob?.stream({ from, to }) ?? []);
    assert.deepEqual(Buffer.concat(part), Buffer.from(bytes.subarray(from, to)), `${from} to ${to}`);
  }
  await blobs.remove("ab/med_one.jpg");
  await blobs.remove("ab/med_one.jpg");
  assert.equal(await blobs.open("ab/med_one.jpg"), undefined);
});

test("keys cannot lead out of the folder", async () => {
  for (const key of ["../../etc/passwd", "ab/../../x.jpg", "/etc/passwd", "ab/.hidden", "ab/x"]) {
    await assert.rejects(blobs.open(key), /blob key/);
  }
});

test("files are listed by when they were written, and what is not a blob of ours is passed over", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "postd-blobs-"));
  const store = await openLocalBlobStore({ folder: other });
  await mkdir(path.join(other, "files", "ab"));
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  for (const [name, hours] of [
    ["ab/med_old.jpg", 50],
    ["ab/med_older.jpg", 100],
    ["ab/med_young.jpg", 1],
    ["ab/README", 50],
    ["stray", 50],
  ] as const) {
    const file = path.join(other, "files", name);
    await writeFile(file, "x");
    await utimes(file, hoursAgo(hours), hoursAgo(hours));
  }
  const between = (writtenAfter: Date, writtenBefore: Date) =>
    Array.fromAsync(store.list({ writtenAfter, writtenBefore }));
  assert.deepEqual(await between(hoursAgo(72), hoursAgo(24)), ["ab/med_old.jpg"]);
  assert.deepEqual((await between(new Date(0), hoursAgo(0))).sort(), [
    "ab/med_old.jpg",
    "ab/med_older.jpg",
    "ab/med_young.jpg",
  ]);
  await rm(other, { recursive: true });
});

test("what a crash left unfinished is removed a day later, and nothing younger", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "postd-blobs-"));
  await openLocalBlobStore({ folder: other });
  const [old, young] = ["old", "young"].map((name) => path.join(other, "incoming", name));
  assert.ok(old && young);
  await Promise.all([old, young].map((file) => writeFile(file, "part")));
  const twoDaysAgo = new Date(Date.now() - 48 * 3_600_000);
  await utimes(old, twoDaysAgo, twoDaysAgo);
  await openLocalBlobStore({ folder: other });
  assert.deepEqual(await readdir(path.join(other, "incoming")), ["young"]);
  assert.equal(await readFile(young, "utf8"), "part");
  await rm(other, { recursive: true });
});
