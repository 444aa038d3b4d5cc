/** Sizes in pixels as shown, length in milliseconds. */
export interface MovieFacts {
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  /** Names as in `VideoFacts`: avc, hevc, vp8, vp9, av1, or the container's own. */
  readonly videoCodec?: string;
  readonly framesPerSecond?: number;
  /** Where the index of an MP4 or MOV stands; absent: it has none. */
  readonly index?: "start" | "end";
  /** Parts of the film its edit list names; absent: there is no list. */
  readonly editedParts?: number;
}

/** What the index of an MP4 or MOV says. Throws a RangeError where a box points outside of the file. */
export function movieFacts(view: DataView): MovieFacts {
  const whole = { from: 0, to: view.byteLength };
  const movie = boxIn(view, whole, "moov");
  if (movie === undefined) return {};
  const pictures = boxIn(view, whole, "mdat");
  const length = lengthOf(view, boxIn(view, movie, "mvhd"));
  const track = boxesIn(view, movie, "trak").find((trak) => {
    const handler = boxAt(view, trak, "mdia", "hdlr");
    return handler !== undefined && nameAt(view, handler.from + 8) === "vide";
  });
  return {
    index: pictures === undefined || movie.from < pictures.from ? "start" : "end",
    ...(length && { durationMs: Math.round((length.units / length.perSecond) * 1000) }),
    ...(track && pictureFacts(view, track)),
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function pictureFacts(view: DataView, track: Span): MovieFacts {
  const description = boxAt(view, track, "mdia", "minf", "stbl", "stsd");
  const codec = description && nameAt(view, description.from + 12);
  const times = boxAt(view, track, "mdia", "minf", "stbl", "stts");
  const length = lengthOf(view, boxAt(view, track, "mdia", "mdhd"));
  const frames = times && framesOf(view, times);
  const edits = boxAt(view, track, "edts", "elst");
  return {
    ...(edits && { editedParts: view.getUint32(edits.from + 4) }),
    ...sizeOf(view, boxIn(view, track, "tkhd")),
    ...(codec && { videoCodec: commonNames[codec] ?? codec.trim() }),
    ...(frames && length && { framesPerSecond: Math.round((frames * length.perSecond * 1000) / length.units) / 1000 }),
  };
}

const commonNames: Readonly<Record<string, string>> = {
  avc1: "avc",
  avc3: "avc",
  hvc1: "hevc",
  hev1: "hevc",
  vp08: "vp8",
  vp09: "vp9",
  av01: "av1",
};

/** Width and height as shown; a matrix that turns by a quarter swaps them. */
function sizeOf(view: DataView, header: Span | undefined): { width: number; height: number } | undefined {
  if (header === undefined) return undefined;
  const matrixAt = header.from + (view.getUint8(header.from) === 1 ? 52 : 40);
  const [width, height] = [view.getUint16(matrixAt + 36), view.getUint16(matrixAt + 40)];
  return view.getInt32(matrixAt) === 0 ? { width: height, height: width } : { width, height };
}

/** Of mvhd and mdhd alike. */
function lengthOf(view: DataView, header: Span | undefined): { perSecond: number; units: number } | undefined {
  if (header === undefined) return undefined;
  const isLong = view.getUint8(header.from) === 1;
  const perSecond = view.getUint32(header.from + (isLong ? 20 : 12));
  const units = isLong ? Number(view.getBigUint64(header.from + 24)) : view.getUint32(header.from + 16);
  return perSecond === 0 || units === 0 ? undefined : { perSecond, units };
}

function framesOf(view: DataView, { from, to }: Span): number {
  let frames = 0;
  for (let at = from + 8; at + 8 <= to; at += 8) frames += view.getUint32(at);
  return frames;
}

const boxAt = (view: DataView, span: Span, ...names: readonly string[]): Span | undefined =>
  names.reduce<Span | undefined>((at, name) => at && boxIn(view, at, name), span);

const boxIn = (view: DataView, span: Span, name: string): Span | undefined => boxesIn(view, span, name)[0];

/** Contents of the boxes of this name, as far as they can be followed. */
function boxesIn(view: DataView, { from, to }: Span, name: string): Span[] {
  const found: Span[] = [];
  for (let at = from; at + 8 <= to; ) {
    const short = view.getUint32(at);
    const isLong = short === 1 && at + 16 <= to;
    const size = isLong ? Number(view.getBigUint64(at + 8)) : short || to - at;
    if (size < 8) break;
    if (nameAt(view, at + 4) === name) found.push({ from: at + (isLong ? 16 : 8), to: Math.min(at + size, to) });
    at += size;
  }
  return found;
}

const nameAt = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
