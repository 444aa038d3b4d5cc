import { type Box, boxesIn, find } from "./mp4-boxes.ts";

/** A part of the file, by its places. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Four letters of what a track carries: vide, soun, meta, text, ... */
export function handlerOf(moov: Buffer, track: Box): string {
  const handler = find(moov, track, "mdia", "hdlr");
  return handler && handler.to - handler.body >= 12 ? moov.toString("latin1", handler.body + 8, handler.body + 12) : "";
}

/** Values of a table: a count behind version and flags, then that many numbers; cut at the end of its box. */
function table(moov: Buffer, box: Box | undefined, width: 4 | 8, perRow = 1): number[] {
  if (!box || box.to - box.body < 8) return [];
  const count = moov.readUInt32BE(box.body + 4) * perRow;
  const values: number[] = [];
  for (let at = box.body + 8; values.length < count && at + width <= box.to; at += width)
    values.push(width === 4 ? moov.readUInt32BE(at) : Number(moov.readBigUInt64BE(at)));
  return values;
}

/** A day of notes, one a second. */
const maxRanges = 100_000;

/**
 * Where the samples of all these tracks lie, in order and joined; undefined: their tables do not say it beyond doubt. Sound
 * of one size a sample counts by QuickTime in frames and elsewhere in bytes, and protected tracks keep more beside samples.
 */
export function samplesOfAll(
  moov: Buffer,
  tracks: readonly Box[],
): readonly { from: number; to: number }[] | undefined {
  const all: { from: number; to: number }[] = [];
  for (const track of tracks) {
    const tables = find(moov, track, "mdia", "minf", "stbl");
    const sizes = tables && find(moov, tables, "stsz");
    if (!tables || !sizes || sizes.to - sizes.body < 12 || find(moov, tables, "saio")) return undefined;
    if (moov.readUInt32BE(sizes.body + 4) > 0 && handlerOf(moov, track) !== "vide") return undefined;
    const samples = samplesOf(moov, track);
    if (!samples || countInChunks(moov, tables) !== moov.readUInt32BE(sizes.body + 8)) return undefined;
    for (const range of samples) all.push(range);
  }
  return joined(all);
}

/** In order, and those that meet or overlap as one. */
export function joined(ranges: readonly Range[]): readonly Range[] {
  const out: { from: number; to: number }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else out.push({ from, to });
  }
  return out;
}

/** How many samples these tracks list one by one. */
export function listedSamples(moov: Buffer, tracks: readonly Box[]): number {
  return tracks.reduce((sum, track) => {
    const sizes = find(moov, track, "mdia", "minf", "stbl", "stsz");
    const isListed = sizes && sizes.to - sizes.body >= 12 && moov.readUInt32BE(sizes.body + 4) === 0;
    return sum + (isListed ? Math.floor((sizes.to - sizes.body - 12) / 4) : 0);
  }, 0);
}

/** How many samples its chunks hold together. */
function countInChunks(moov: Buffer, tables: Box): number {
  const runs = table(moov, find(moov, tables, "stsc"), 4, 3);
  const chunks = table(moov, find(moov, tables, "stco"), 4).length + table(moov, find(moov, tables, "co64"), 8).length;
  let count = 0;
  for (let run = 0; run < runs.length; run += 3) {
    const next = Math.min(runs[run + 3] ?? chunks + 1, chunks + 1);
    count += Math.max(0, next - (runs[run] ?? 0)) * (runs[run + 1] ?? 0);
  }
  return count;
}

/** Where a track's samples lie in the file, chunk by chunk; undefined: its tables cannot be followed. */
export function samplesOf(moov: Buffer, track: Box): readonly Range[] | undefined {
  const tables = find(moov, track, "mdia", "minf", "stbl");
  const sizes = tables && find(moov, tables, "stsz");
  if (!tables || !sizes || sizes.to - sizes.body < 12) return undefined;
  const same = moov.readUInt32BE(sizes.body + 4);
  const each = same === 0 ? table(moov, { ...sizes, body: sizes.body + 4 }, 4) : [];
  const chunks = [...table(moov, find(moov, tables, "stco"), 4), ...table(moov, find(moov, tables, "co64"), 8)];
  const runs = table(moov, find(moov, tables, "stsc"), 4, 3);
  const ranges: { from: number; to: number }[] = [];
  let sample = 0;
  let run = 0;
  for (const [index, from] of chunks.entries()) {
    // Rows are: first chunk (from 1), samples in each chunk, description.
    while ((runs[run + 3] ?? Number.POSITIVE_INFINITY) <= index + 1) run += 3;
    const count = runs[run + 1] ?? 0;
    const bytes = same > 0 ? same * count : each.slice(sample, sample + count).reduce((sum, size) => sum + size, 0);
    sample += count;
    const last = ranges.at(-1);
    if (bytes > 0 && last?.to === from) last.to = from + bytes;
    else if (bytes > 0) ranges.push({ from, to: from + bytes });
    if (ranges.length > maxRanges) return undefined;
  }
  return ranges;
}

/** Moves every chunk by `delta` bytes, in place; false: a 32-bit table cannot say it. */
export function moveChunks(moov: Buffer, root: Box, delta: number): boolean {
  for (const track of boxesIn(moov, root.body, root.to).filter(({ type }) => type === "trak")) {
    const tables = find(moov, track, "mdia", "minf", "stbl");
    const short = tables && find(moov, tables, "stco");
    const long = tables && find(moov, tables, "co64");
    for (const [index, value] of table(moov, short, 4).entries()) {
      if (value + delta > 0xffff_ffff) return false;
      moov.writeUInt32BE(value + delta, (short?.body ?? 0) + 8 + index * 4);
    }
    for (const [index, value] of table(moov, long, 8).entries())
      moov.writeBigUInt64BE(BigInt(value + delta), (long?.body ?? 0) + 8 + index * 8);
  }
  return true;
}

/**
 * Whether an edit list leaves out or repeats parts: more than one part, or more than a second cut from its start or end.
 * A short offset is how encoders line up sound and pictures, and is no cut.
 */
export function isCut(moov: Buffer, root: Box, track: Box): boolean {
  const list = find(moov, track, "edts", "elst");
  const movieScale = scaleOf(moov, find(moov, root, "mvhd"));
  const media = find(moov, track, "mdia", "mdhd");
  const mediaScale = scaleOf(moov, media);
  if (!list || list.to - list.body < 8 || !movieScale || !mediaScale || !media) return false;
  const isLong = moov[list.body] === 1;
  const rowBytes = isLong ? 20 : 12;
  const parts: { seconds: number; start: number }[] = [];
  for (let at = list.body + 8; at + rowBytes <= list.to; at += rowBytes) {
    const duration = isLong ? Number(moov.readBigUInt64BE(at)) : moov.readUInt32BE(at);
    const start = isLong ? Number(moov.readBigInt64BE(at + 8)) : moov.readInt32BE(at + 4);
    if (start >= 0) parts.push({ seconds: duration / movieScale, start: start / mediaScale });
  }
  const [only, ...more] = parts;
  if (!only) return false;
  const left = durationOf(moov, media) / mediaScale - only.start - only.seconds;
  return more.length > 0 || only.start > 1 || (only.seconds > 0 && left > 1);
}

/** Units a second of a movie or media header; versions differ in the width of the two times before it. */
function scaleOf(moov: Buffer, header: Box | undefined): number {
  if (!header) return 0;
  const at = header.body + (moov[header.body] === 1 ? 20 : 12);
  return at + 4 <= header.to ? moov.readUInt32BE(at) : 0;
}

function durationOf(moov: Buffer, header: Box): number {
  const isLong = moov[header.body] === 1;
  const at = header.body + (isLong ? 24 : 16);
  if (at + (isLong ? 8 : 4) > header.to) return 0;
  return isLong ? Number(moov.readBigUInt64BE(at)) : moov.readUInt32BE(at);
}
