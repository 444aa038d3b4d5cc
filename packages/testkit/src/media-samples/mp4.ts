import type { PictureSize } from "./png.ts";

export interface VideoSample extends PictureSize {
  readonly durationMs?: number;
  readonly seed?: number;
  /** Bytes of pictures that follow; default 64. They are counted but not part of `head`. */
  readonly payloadBytes?: number;
}

/** A valid MP4 with one H.264 track of one frame that nobody can decode; duration and size can be read. */
export function sampleMp4(sample: VideoSample): Uint8Array {
  const payload = Buffer.alloc(sample.payloadBytes ?? 64, (sample.seed ?? 1) % 256);
  return Buffer.concat([mp4Head(sample), payload]);
}

/** Everything of a sample before its payload, for files that are streamed and never whole in memory. */
export function mp4Head({ width, height, durationMs = 1_000, payloadBytes = 64 }: VideoSample): Uint8Array {
  const ftyp = box("ftyp", Buffer.from("isom\0\0\0\x01isomavc1mp42", "latin1"));
  const moov = (dataAt: number) =>
    box(
      "moov",
      full(
        "mvhd",
        u32(0, 0, 1_000, durationMs, 0x10000),
        u16(0x100, 0),
        u32(0, 0, ...matrix),
        u32(0, 0, 0, 0, 0, 0, 2),
      ),
      box(
        "trak",
        full("tkhd", u32(0, 0, 1, 0, durationMs, 0, 0), u16(0, 0, 0, 0), u32(...matrix, width << 16, height << 16)),
        box(
          "mdia",
          full("mdhd", u32(0, 0, 1_000, durationMs), u16(0x55c4, 0)),
          full("hdlr", Buffer.from("\0\0\0\0vide\0\0\0\0\0\0\0\0\0\0\0\0sample\0", "latin1")),
          box(
            "minf",
            box("vmhd", u32(1), u16(0, 0, 0, 0)),
            box("dinf", full("dref", u32(1), box("url ", u32(1)))),
            box(
              "stbl",
              full("stsd", u32(1), avc1(width, height)),
              full("stts", u32(1, 1, durationMs)),
              full("stsc", u32(1, 1, 1, 1)),
              full("stsz", u32(payloadBytes, 1)),
              full("stco", u32(1, dataAt)),
            ),
          ),
        ),
      ),
    );
  const dataAt = ftyp.length + moov(0).length + 8;
  return Buffer.concat([ftyp, moov(dataAt), u32(payloadBytes + 8), Buffer.from("mdat", "latin1")]);
}

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
