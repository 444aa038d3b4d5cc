import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { ebml, mp4Box, sampleMp4, sampleWebm } from "@postd/connector-kit/media-samples";
import type { MediaFacts, MediaRefusal } from "@postd/core";
import { cleanVideo } from "./clean-video.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "postd-videos-"));
});
after(() => rm(folder, { recursive: true }));

const types = { mp4: "video/mp4", mov: "video/quicktime", webm: "video/webm" } as const;
let made = 0;
type Cleaned = { readonly bytes: Buffer; readonly facts: MediaFacts; readonly isSame: boolean };

async function clean(bytes: Uint8Array, extension: keyof typeof types = "mp4"): Promise<Cleaned | MediaRefusal> {
  made += 1;
  const file = path.join(folder, `in-${made}`);
  await writeFile(file, bytes);
  const type = { mimeType: types[extension], extension };
  const answer = await cleanVideo(file, type, path.join(folder, `out-${made}`));
  if (!answer.ok) {
    assert.ok(!(await readdir(folder)).includes(`out-${made}`), "a refusal leaves nothing");
    return answer.error;
  }
  const { facts, file: out } = answer.value;
  return { bytes: await readFile(out), facts, isSame: out === file };
}
async function cleaned(bytes: Uint8Array, extension?: keyof typeof types): Promise<Cleaned> {
  const answer = await clean(bytes, extension);
  assert.ok("facts" in answer, JSON.stringify(answer));
  return answer;
}
async function whyNot(bytes: Uint8Array, extension?: keyof typeof types): Promise<string> {
  const answer = await clean(bytes, extension);
  assert.ok("code" in answer && answer.code === "damaged", "it is taken");
  return answer.message;
}

const place = "+59.9139+010.7522+023.000/";
const text = (value: string) => Buffer.from(value, "latin1");
const u32 = (...values: number[]) => {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) out.writeUInt32BE(value, i * 4);
  return out;
};
const size = { width: 640, height: 360 };
const plain = sampleMp4(size);
/** Everything a player shows: the coded pictures, wherever they stand. */
const picturesOf = (bytes: Buffer) => bytes.subarray(bytes.indexOf("mdat") + 4, bytes.indexOf("mdat") + 4 + 120);

const xyz = mp4Box("\xa9xyz", Buffer.from([0, place.length, 0x15, 0xc7]), text(place));
const loci = mp4Box("loci", u32(0), text(`\x15\xc7${place}\0`));
const keys = mp4Box(
  "meta",
  mp4Box("hdlr", text(`\0\0\0\0\0\0\0\0mdta${"\0".repeat(12)}`)),
  mp4Box("keys", u32(0, 1, 40), text("mdtacom.apple.quicktime.location.ISO6709")),
  mp4Box("ilst", mp4Box("\0\0\0\x01", mp4Box("data", u32(1, 0), text(place)))),
);
const xmp = mp4Box("uuid", Buffer.from("be7acfcb97a942e89c71999491e3afac", "hex"), text(place));

const carriers: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["©xyz", sampleMp4({ ...size, boxes: { movie: mp4Box("udta", xyz) } })],
  ["loci", sampleMp4({ ...size, boxes: { movie: mp4Box("udta", loci) } })],
  ["Apple's location key", sampleMp4({ ...size, boxes: { movie: keys } })],
  ["Apple's location key inside user data", sampleMp4({ ...size, boxes: { movie: mp4Box("udta", keys) } })],
  ["a place in its track", sampleMp4({ ...size, boxes: { track: mp4Box("udta", xyz) } })],
  ["a meta box in its track", sampleMp4({ ...size, boxes: { track: keys } })],
  ["XMP in its movie", sampleMp4({ ...size, boxes: { movie: xmp } })],
  ["XMP beside its movie", sampleMp4({ ...size, boxes: { file: xmp } })],
  ["a meta box beside its movie", sampleMp4({ ...size, boxes: { file: keys } })],
  ["a box nobody knows", sampleMp4({ ...size, boxes: { file: mp4Box("GPS ", text(place)) } })],
  ["old data in free space", sampleMp4({ ...size, boxes: { file: mp4Box("free", text(place)) } })],
  ["old data in free space of its movie", sampleMp4({ ...size, boxes: { movie: mp4Box("skip", text(place)) } })],
  ["a second index", Buffer.concat([plain, mp4Box("moov", mp4Box("udta", xyz))])],
  ["user data behind the pictures", Buffer.concat([plain, mp4Box("udta", xyz)])],
];
for (const [name, bytes] of carriers)
  for (const extension of ["mp4", "mov"] as const)
    test(`${extension} with ${name} goes out without it, at the same size and with every offset true`, async () => {
      assert.ok(Buffer.from(bytes).includes(place));
      const out = await cleaned(bytes, extension);
      assert.equal(out.bytes.includes(place), false);
      assert.equal(out.bytes.length, bytes.length);
      assert.equal(out.bytes.indexOf("mdat"), Buffer.from(bytes).indexOf("mdat"));
      assert.deepEqual(picturesOf(out.bytes), picturesOf(Buffer.from(bytes)));
      const { kind, mimeType, ...facts } = out.facts;
      assert.deepEqual([kind, mimeType], ["video", types[extension]]);
      assert.deepEqual(facts, {
        extension,
        ...size,
        durationMs: 1_000,
        video: { videoCodec: "avc", framesPerSecond: 30, rotation: 0, index: "start", hasCuts: false },
      });
    });

test("a data track is wiped with its samples, which lie between the pictures", async () => {
  const samples = Buffer.concat([text(place), text(place)]);
  const track = (dataAt: number) =>
    mp4Box(
      "trak",
      mp4Box("tkhd", u32(7, 0, 0, 2, 0, 1_000, 0, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000, 0, 0)),
      mp4Box(
        "mdia",
        mp4Box("mdhd", u32(0, 0, 0, 1_000, 1_000, 0x55c40000)),
        mp4Box("hdlr", text(`\0\0\0\0\0\0\0\0meta${"\0".repeat(12)}`)),
        mp4Box(
          "minf",
          mp4Box(
            "stbl",
            mp4Box("stsd", u32(0, 1), mp4Box("gpmd", u32(0, 1))),
            mp4Box("stts", u32(0, 1, 2, 500)),
            mp4Box("stsc", u32(0, 1, 1, 1, 1)),
            mp4Box("stsz", u32(0, 0, 2, place.length, place.length)),
            mp4Box("stco", u32(0, 2, dataAt, dataAt + place.length)),
          ),
        ),
      ),
    );
  const build = (dataAt: number) =>
    Buffer.concat([sampleMp4({ ...size, boxes: { movie: track(dataAt) } }), mp4Box("mdat", samples)]);
  const bytes = build(build(0).length - samples.length);
  assert.ok(bytes.includes(place));
  const out = await cleaned(bytes);
  assert.equal(out.bytes.includes(place), false);
  assert.equal(out.bytes.includes("gpmd"), false);
  assert.deepEqual(picturesOf(out.bytes), picturesOf(bytes));
  assert.equal(out.facts.video?.videoCodec, "avc");
});

test("what lies between the pictures and is shown by no track goes too, and the pictures stay", async () => {
  const note = text(`freeGPS ${place}`);
  // Pictures, a note, an index that knows of the pictures alone; and a note in a part of its own.
  const late = Buffer.from(sampleMp4({ ...size, indexAtEnd: true }));
  const data = late.indexOf("mdat") - 4;
  const end = data + late.readUInt32BE(data);
  for (const bytes of [
    Buffer.concat([late.subarray(0, data), mp4Box("mdat", late.subarray(data + 8, end), note), late.subarray(end)]),
    Buffer.concat([plain, mp4Box("mdat", note)]),
  ]) {
    const out = await cleaned(bytes);
    assert.equal(out.bytes.includes(place), false);
    assert.equal(out.bytes.length, bytes.length);
    assert.deepEqual(picturesOf(out.bytes), picturesOf(bytes));
    assert.equal((await cleaned(out.bytes)).isSame, true);
  }
});

test("where the tables do not tell every sample, nothing between them is touched", async () => {
  const bytes = Buffer.from(plain);
  // One frame more than the chunks hold.
  const sizes = bytes.indexOf("stsz");
  bytes.writeUInt32BE(bytes.readUInt32BE(sizes + 12) + 1, sizes + 12);
  const odd = Buffer.concat([bytes, mp4Box("mdat", text("pictures, perhaps"))]);
  assert.equal((await cleaned(odd)).bytes.includes("pictures, perhaps"), true);
});

test("a video that carries nothing stays as it is, byte for byte", async () => {
  for (const [bytes, extension] of [
    [plain, "mp4"],
    [sampleMp4({ ...size, boxes: { file: mp4Box("free", Buffer.alloc(9)) } }), "mov"],
    [sampleWebm(), "webm"],
  ] as const) {
    const out = await cleaned(bytes, extension);
    assert.equal(out.isSame, true, extension);
  }
});

test("an index behind the pictures is moved before them, and still points at them", async () => {
  const late = sampleMp4({ ...size, indexAtEnd: true, seed: 9, boxes: { movie: mp4Box("udta", xyz) } });
  const out = await cleaned(late);
  assert.equal(out.facts.video?.index, "start");
  assert.ok(out.bytes.indexOf("moov") < out.bytes.indexOf("mdat"));
  assert.equal(out.bytes.length, late.length);
  assert.deepEqual(picturesOf(out.bytes), picturesOf(Buffer.from(late)));
  const chunk = out.bytes.readUInt32BE(out.bytes.indexOf("stco") + 12);
  assert.equal(chunk, out.bytes.indexOf("mdat") + 4);
  assert.deepEqual([out.facts.durationMs, out.facts.video?.framesPerSecond], [1_000, 30]);
});

test("codecs are named as they are, whoever knows them", async () => {
  const codecOf = async (codec: string) => (await cleaned(sampleMp4({ ...size, codec }))).facts.video?.videoCodec;
  for (const [box, name] of [
    ["vp09", "vp9"],
    ["av01", "av1"],
    ["hvc1", "hevc"],
    ["apcn", "prores"],
    ["mp4v", "mp4v"],
  ] as const)
    assert.equal(await codecOf(box), name);
});

test("a video that an edit list cuts is told from one that an encoder lined up", async () => {
  const edit = (...rows: [duration: number, start: number][]) =>
    mp4Box(
      "edts",
      mp4Box("elst", u32(0, rows.length, ...rows.flatMap(([length, start]) => [length, start >>> 0, 0x10000]))),
    );
  const isCut = async (track: Uint8Array) =>
    (await cleaned(sampleMp4({ ...size, durationMs: 10_000, boxes: { track } }))).facts.video?.hasCuts;
  assert.equal(await isCut(edit([10_000, 1_001])), false, "two frames of lead");
  assert.equal(await isCut(edit([500, -1], [9_500, 0])), false, "a late start");
  assert.equal(await isCut(edit([5_000, 0])), true, "half of it is left out at the end");
  assert.equal(await isCut(edit([5_000, 150_000])), true, "half of it is left out at the start");
  assert.equal(await isCut(edit([2_000, 0], [2_000, 240_000])), true, "a part in the middle is left out");
});

test("videos without an index, and videos cut off anywhere, are refused with what happened to them", async () => {
  const head = plain.subarray(0, Buffer.from(plain).indexOf("moov") - 4);
  const rest = plain.subarray(Buffer.from(plain).indexOf("mdat") - 4);
  assert.match(await whyNot(Buffer.concat([head, rest])), /no index/);
  for (const share of [0.1, 0.5, 0.99])
    assert.match(await whyNot(plain.subarray(0, plain.length * share)), /cut off|no index/);
  const late = sampleMp4({ ...size, indexAtEnd: true });
  assert.match(await whyNot(late.subarray(0, late.length - 50)), /cut off/);
  assert.match(await whyNot(Buffer.concat([head, mp4Box("moov"), rest])), /names no video/);
  const many = Buffer.concat([plain, ...Array.from({ length: 100_001 }, () => mp4Box("free"))]);
  assert.match(await whyNot(many), /more parts/);
});

test("a fragmented video is known as such and loses the notes in its fragments", async () => {
  const fragment = mp4Box(
    "moof",
    mp4Box("mfhd", u32(0, 1)),
    mp4Box("traf", mp4Box("tfhd", u32(0x20000, 1)), mp4Box("udta", xyz)),
  );
  const bytes = Buffer.concat([sampleMp4({ ...size, boxes: { movie: mp4Box("mvex") } }), fragment, mp4Box("mdat")]);
  const out = await cleaned(bytes);
  assert.equal(out.bytes.includes(place), false);
  assert.equal(out.bytes.length, bytes.length);
  assert.equal(out.facts.video?.index, "fragmented");
});

test("a WebM goes out without tags, chapters and attachments, at the same size", async () => {
  const tags = ebml("1254c367", ebml("7373", ebml("67c8", ebml("45a3", text("LOCATION")), ebml("4487", text(place)))));
  const extra = [tags, ebml("1941a469", text(place)), ebml("1043a770", text(place)), ebml("ec", text(place))];
  const bytes = sampleWebm({ extra });
  const out = await cleaned(bytes, "webm");
  assert.equal(out.bytes.includes(place), false);
  assert.equal(out.bytes.length, bytes.length);
  assert.deepEqual([out.facts.width, out.facts.height, out.facts.video?.videoCodec], [320, 240, "vp8"]);
  assert.deepEqual((await cleaned(out.bytes, "webm")).isSame, true);
});

test("what stands behind the last part of a WebM is left out", async () => {
  for (const behind of [`\0${place}`, "PK"])
    assert.deepEqual(
      (await cleaned(Buffer.concat([sampleWebm(), text(behind)]), "webm")).bytes,
      Buffer.from(sampleWebm()),
    );
});

test("files made of more parts than any video are refused before the work is done, and never hold up the process", async () => {
  const tiny = (part: Uint8Array, count: number) => Buffer.alloc(part.length * count, part);
  const manyFrames = mp4Box("stsz", u32(0, 0, 3_000_000), Buffer.alloc(12_000_000));
  const inTables = (box: Uint8Array) => mp4Box("trak", mp4Box("mdia", mp4Box("minf", mp4Box("stbl", box))));
  for (const movie of [tiny(mp4Box("free"), 20_000), tiny(mp4Box("trak"), 20_000), inTables(manyFrames)])
    assert.match(await whyNot(sampleMp4({ ...size, boxes: { movie } })), /more (parts|frames) than any video/);
  assert.match(await whyNot(Buffer.concat([sampleWebm(), tiny(ebml("ec"), 300_000)]), "webm"), /more parts/);
});

test("a hundred thousand notes and as many places for pictures are gone through once", async () => {
  const count = 99_000;
  const chunks = Buffer.alloc(count * 4);
  for (let i = 0; i < count; i += 1) chunks.writeUInt32BE(2 * i, i * 4);
  const notes = mp4Box(
    "trak",
    mp4Box(
      "mdia",
      mp4Box("hdlr", text(`\0\0\0\0\0\0\0\0meta${"\0".repeat(12)}`)),
      mp4Box(
        "minf",
        mp4Box(
          "stbl",
          mp4Box("stsc", u32(0, 1, 1, 1, 1)),
          mp4Box("stsz", u32(0, 1, count)),
          mp4Box("stco", u32(0, count), chunks),
        ),
      ),
    ),
  );
  const places = Buffer.alloc(8 * count, mp4Box("mdat"));
  // Every note for every place would be ten thousand million looks, half a minute in which nobody else is served.
  const began = performance.now();
  await cleaned(Buffer.concat([sampleMp4({ ...size, boxes: { movie: notes } }), places]));
  assert.ok(performance.now() - began < 10_000);
});

test("a WebM recorded live, whose parts have no size, is walked to its end", async () => {
  const bytes = Buffer.from(sampleWebm({ extra: [] }));
  const unknown = Buffer.from("01ffffffffffffff", "hex");
  for (const id of ["18538067", "1f43b675"]) unknown.copy(bytes, bytes.indexOf(Buffer.from(id, "hex")) + 4);
  const tags = ebml("1254c367", text(place));
  const out = await cleaned(Buffer.concat([bytes, tags]), "webm");
  assert.equal(out.bytes.includes(place), false);
  assert.equal(out.bytes.length, bytes.length + tags.length);
});
