import type { VideoFacts } from "@postd/connector-kit";
import { type ByteSource, createPieces, isZero, type Piece } from "./byte-source.ts";
import { type Box, boxesIn, fileBoxes } from "./mp4-boxes.ts";
import {
  handlerOf,
  isCut,
  joined,
  listedSamples,
  moveChunks,
  type Range,
  samplesOf,
  samplesOfAll,
} from "./mp4-tracks.ts";

export type CleanedVideo =
  | {
      readonly ok: true;
      readonly pieces: readonly Piece[];
      readonly facts: Required<Pick<VideoFacts, "index" | "hasCuts">>;
    }
  | { readonly ok: false; readonly why: string };

const set = (types: string) => new Set(types.split(" "));
/** What a player needs, level by level; everything else is neutralised. */
const inFile = set("ftyp styp moov moof mdat mfra sidx ssix prft");
const inside: Readonly<Record<string, ReadonlySet<string>>> = {
  moov: set("mvhd trak mvex pssh"),
  trak: set("tkhd tref edts mdia tapt"),
  mdia: set("mdhd hdlr minf elng"),
  minf: set("vmhd smhd gmhd nmhd hdlr dinf stbl"),
  stbl: set("stsd stts ctts cslg stss stsh stsc stsz stz2 stco co64 sdtp stdp padb sbgp sgpd subs saiz saio"),
  moof: set("mfhd traf pssh"),
  traf: set("tfhd tfdt trun sdtp sbgp sgpd subs saiz saio senc"),
};
/** Pictures, sound and time codes; other tracks (places, motion, faces, captions) are wiped with their samples. */
const shownTracks = set("vide soun tmcd");
/** Longer than the index of any video that fits the size limit: two hours at 60 frames a second take about 10 MB. */
const maxIndexBytes = 24 * 1_024 ** 2;
/** Whoever reads the index holds every frame and piece of sound in memory; two hours at 60 frames a second have a third of this. */
const maxSamples = 2_500_000;

/**
 * An MP4 or MOV without anything a player does not show: places, makers' notes, tags, thumbnails, data tracks. Boxes of
 * that kind become `free` boxes of the same size filled with zeros, so that every offset stays true and nothing is coded
 * anew; what lies between the samples of pictures and sound becomes zeros too, where the tables tell it apart. An index behind the pictures is moved before them, as platforms that read from the start need it. What is
 * written into the coded pictures themselves is left as it is.
 * @source ISO/IEC 14496-12; QuickTime File Format (2016-09-13), User Data and Timed Metadata
 */
export async function cleanMp4(source: ByteSource): Promise<CleanedVideo> {
  const boxes = await fileBoxes(source);
  if (!boxes) return { ok: false, why: "it ends before its end, as if it was cut off while it was recorded or sent" };
  const index = boxes.find(({ type }) => type === "moov");
  if (!index) return { ok: false, why: "it has no index, as if it was cut off while it was recorded" };
  if (index.to - index.from > maxIndexBytes) return { ok: false, why: "its index is larger than that of any video" };
  const moov = Buffer.from(await source.read(index.from, index.to - index.from));
  const root: Box = { ...index, from: 0, body: index.body - index.from, to: moov.length };
  const tracks = boxesIn(moov, root.body, root.to).filter(({ type }) => type === "trak");
  if (tracks.length === 0) return { ok: false, why: "its index names no video" };
  if (listedSamples(moov, tracks) > maxSamples)
    return { ok: false, why: "its index names more frames than any video has" };
  const isFragmented = boxes.some(({ type }) => type === "moof");
  const shown = tracks.filter((track) => shownTracks.has(handlerOf(moov, track)));
  const hasCuts = shown.some((track) => isCut(moov, root, track));
  const samples = isFragmented ? undefined : samplesOfAll(moov, shown);
  const wiped: Range[] = [];
  for (const track of tracks) {
    if (shownTracks.has(handlerOf(moov, track))) continue;
    const data = isFragmented ? undefined : samplesOf(moov, track);
    if (!data) return { ok: false, why: "it carries data beside pictures and sound that cannot be taken out" };
    for (const range of data) wiped.push(range);
    free(moov, track);
  }
  if (samples) for (const gap of await unshown(source, boxes, samples)) wiped.push(gap);
  const before = Buffer.from(await source.read(index.from, moov.length));
  neutralise(moov, root, "moov");
  const firstPixels = boxes.find(({ type }) => type === "mdat");
  const isBehind = !isFragmented && firstPixels !== undefined && firstPixels.from < index.from;
  const moved = Buffer.from(moov);
  const isMoved = isBehind && moveChunks(moved, root, moov.length);
  const { pieces, keep, put, zeros } = createPieces();
  const keepPictures = keeperWithout(joined(wiped));
  const putIndex = () => (isMoved ? put(moved) : moov.equals(before) ? keep(index.from, index.to) : put(moov));
  for (const box of boxes) {
    if (isMoved && box === firstPixels) putIndex();
    if (box === index) {
      if (!isMoved) putIndex();
    } else if (box.type === "mdat") keepPictures(box, { keep, zeros });
    else if (box.type === "moof") await keepFragment(source, box, { keep, put });
    else if (inFile.has(box.type) && box.type !== "moov") keep(box.from, box.to);
    else await keepEmptied(source, box, { keep, put, zeros });
  }
  const place = isFragmented ? "fragmented" : isBehind && !isMoved ? "end" : "start";
  return { ok: true, pieces, facts: { index: place, hasCuts } };
}

type Sink = ReturnType<typeof createPieces>;

/** A box nobody plays: its type becomes `free` and its content zeros, in place. */
function free(bytes: Buffer, box: Box): void {
  bytes.write("free", box.from + 4, "latin1");
  bytes.fill(0, box.body, box.to);
}

/** Frees everything below `parent` that is not needed there. Bytes that are no box are wiped too. */
function neutralise(bytes: Buffer, parent: Box, level: string): void {
  const needed = inside[level];
  if (!needed) return;
  const boxes = boxesIn(bytes, parent.body, parent.to);
  for (const box of boxes) {
    if (needed.has(box.type)) neutralise(bytes, box, box.type);
    else free(bytes, box);
  }
  bytes.fill(0, boxes.at(-1)?.to ?? parent.body, parent.to);
}

async function keepFragment(source: ByteSource, box: Box, { keep, put }: Pick<Sink, "keep" | "put">): Promise<void> {
  if (box.to - box.from > maxIndexBytes) return keep(box.from, box.to);
  const before = Buffer.from(await source.read(box.from, box.to - box.from));
  const bytes = Buffer.from(before);
  neutralise(bytes, { ...box, from: 0, body: box.body - box.from, to: bytes.length }, "moof");
  if (bytes.equals(before)) keep(box.from, box.to);
  else put(bytes);
}

/** A box with zeros in place of its content; one that is empty or all zeros already stays as it is. */
async function keepEmptied(source: ByteSource, box: Box, { keep, put, zeros }: Omit<Sink, "pieces">): Promise<void> {
  const header = Buffer.from(await source.read(box.from, box.body - box.from));
  const isSpace = ["free", "skip", "wide"].includes(box.type);
  if (isSpace && (await isZero(source, box.body, box.to))) return keep(box.from, box.to);
  header.write("free", 4, "latin1");
  put(header);
  zeros(box.to - box.body);
}

/**
 * What lies between the samples: no track shows it, and cameras in cars write places there. Space that is empty stays.
 */
async function unshown(
  source: ByteSource,
  boxes: readonly Box[],
  samples: readonly Range[],
): Promise<readonly Range[]> {
  const gaps: Range[] = [];
  let next = 0;
  for (const box of boxes.filter(({ type }) => type === "mdat"))
    for (let at = box.body; at < box.to; ) {
      for (let sample = samples[next]; sample && sample.to <= at; sample = samples[next]) next += 1;
      const sample = samples[next];
      const to = Math.min(sample?.from ?? box.to, box.to);
      if (to > at && !(await isZero(source, at, to))) gaps.push({ from: at, to });
      at = to < box.to && sample ? Math.max(to, sample.to) : to;
    }
  return gaps;
}

/** Keeps boxes with zeros where something is wiped; both come in their order in the file, so each is looked at once. */
function keeperWithout(wiped: readonly Range[]) {
  let next = 0;
  return (box: Box, { keep, zeros }: Pick<Sink, "keep" | "zeros">): void => {
    let at = box.from;
    for (let range = wiped[next]; range && range.from < box.to; range = wiped[next]) {
      const from = Math.max(range.from, box.body);
      const to = Math.min(range.to, box.to);
      if (to > from) {
        keep(at, from);
        zeros(to - from);
        at = to;
      }
      // What reaches into the next box is seen there again.
      if (range.to > box.to) break;
      next += 1;
    }
    keep(at, box.to);
  };
}
