import type { PictureSize } from "./png.ts";

export interface VideoSample extends PictureSize {
  readonly durationMs?: number;
  /** Default 30. */
  readonly framesPerSecond?: number;
  readonly seed?: number;
  /** Bytes of pictures that follow; default 4 a frame. They are counted but not part of `head`. */
  readonly payloadBytes?: number;
  /** Four letters of the codec; default avc1. Others are named and not described. */
  readonly codec?: string;
  /** Boxes that go into the movie, into its track, or stand in the file before the pictures. */
  readonly boxes?: { readonly movie?: Uint8Array; readonly track?: Uint8Array; readonly file?: Uint8Array };
  /** The index stands behind the pictures, as cameras write it. */
  readonly indexAtEnd?: boolean;
  /** There is no index, as when a recording was cut off. */
  readonly withoutIndex?: boolean;
}

const framesOf = ({ durationMs = 1_000, framesPerSecond = 30 }: VideoSample) =>
  Math.max(1, Math.round((durationMs * framesPerSecond) / 1_000));
const payloadOf = (sample: VideoSample) => sample.payloadBytes ?? 4 * framesOf(sample);

/** A valid MP4 with one track that nobody can decode; what its tables say can be read. */
export function sampleMp4(sample: VideoSample): Uint8Array {
  const { before, after } = partsOf(sample);
  // What is left when it is shared out among the frames belongs to none, and stays empty.
  const frames = framesOf(sample);
  const rest = payloadOf(sample) % frames;
  const pictures = Buffer.alloc(payloadOf(sample) - rest, (sample.seed ?? 1) % 256);
  return Buffer.concat([before, pictures, Buffer.alloc(rest), after]);
}

/** Everything of a sample before its payload, for files that are streamed and never whole in memory. */
export const mp4Head = (sample: VideoSample): Uint8Array => partsOf(sample).before;

function partsOf(sample: VideoSample): { readonly before: Buffer; readonly after: Buffer } {
  const payloadBytes = payloadOf(sample);
  const ftyp = Buffer.concat([
    box("ftyp", Buffer.from("isom\0\0\0\x01isomavc1mp42", "latin1")),
    sample.boxes?.file ?? Buffer.alloc(0),
  ]);
  const data = Buffer.concat([u32(payloadBytes + 8), Buffer.from("mdat", "latin1")]);
  if (sample.indexAtEnd || sample.withoutIndex) {
    const before = Buffer.concat([ftyp, data]);
    return { before, after: sample.withoutIndex ? Buffer.alloc(0) : movie(sample, before.length) };
  }
  const dataAt = ftyp.length + movie(sample, 0).length + data.length;
  return { before: Buffer.concat([ftyp, movie(sample, dataAt), data]), after: Buffer.alloc(0) };
}

function movie(sample: VideoSample, dataAt: number): Buffer {
  const { width, height, durationMs = 1_000, framesPerSecond = 30, codec = "avc1", boxes = {} } = sample;
  const frames = framesOf(sample);
  return box(
    "moov",
    full("mvhd", u32(0, 0, 1_000, durationMs, 0x10000), u16(0x100, 0), u32(0, 0, ...matrix), u32(0, 0, 0, 0, 0, 0, 2)),
    box(
      "trak",
      full("tkhd", u32(0, 0, 1, 0, durationMs, 0, 0), u16(0, 0, 0, 0), u32(...matrix, width << 16, height << 16)),
      box(
        "mdia",
        full("mdhd", u32(0, 0, framesPerSecond * 1_000, durationMs * framesPerSecond), u16(0x55c4, 0)),
        full("hdlr", Buffer.from("\0\0\0\0vide\0\0\0\0\0\0\0\0\0\0\0\0sample\0", "latin1")),
        box(
          "minf",
          box("vmhd", u32(1), u16(0, 0, 0, 0)),
          box("dinf", full("dref", u32(1), box("url ", u32(1)))),
          box(
            "stbl",
            full("stsd", u32(1), pictureEntry(codec, width, height)),
            full("stts", u32(1, frames, 1_000)),
            full("stsc", u32(1, 1, frames, 1)),
            full("stsz", u32(Math.max(1, Math.floor(payloadOf(sample) / frames)), frames)),
            full("stco", u32(1, dataAt)),
          ),
        ),
      ),
      Buffer.from(boxes.track ?? []),
    ),
    Buffer.from(boxes.movie ?? []),
  );
}

function pictureEntry(codec: string, width: number, height: number): Buffer {
  if (codec === "avc1") return avc1(width, height);
  return box(
    codec,
    Buffer.concat([Buffer.alloc(6), u16(1), Buffer.alloc(16), u16(width, height), u32(0x480000, 0x480000, 0), u16(1)]),
    Buffer.concat([Buffer.alloc(32), u16(0x18, 0xffff)]),
  );
}

/** A box of its own, to put into a sample. */
export const mp4Box = (type: string, ...parts: readonly Uint8Array[]): Uint8Array =>
  box(type, ...parts.map((part) => Buffer.from(part)));

function avc1(width: number, height: number): Buffer {
  // Baseline level 3.0, one sequence and one picture parameter set, as an encoder writes them for a small picture.
  const avcc = Buffer.from("0142001effe1000a6742001ef40a0fd0800001000468ce3c80", "hex");
  return box(
    "avc1",
    Buffer.concat([Buffer.alloc(6), u16(1), Buffer.alloc(16), u16(width, height), u32(0x480000, 0x480000, 0), u16(1)]),
    Buffer.concat([Buffer.alloc(32), u16(0x18, 0xffff)]),
    box("avcC", avcc),
  );
}

const matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, "latin1"), body]);
}

/** A box with version 0 and flags; a track header is enabled, in the movie and in previews. */
function full(type: string, ...parts: readonly Buffer[]): Buffer {
  return box(type, u32(type === "tkhd" ? 7 : 0), ...parts);
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * i);
  return bytes;
}

function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}
