import type { MovieFacts } from "./movie-header.ts";

const ids = {
  header: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  scale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  track: 0xae,
  codec: 0x86,
  frameNs: 0x23e383,
  picture: 0xe0,
  width: 0xb0,
  height: 0xba,
} as const;

/** What the head of a WebM or Matroska file says. Throws a RangeError where an element points outside of the file. */
export function webmFacts(view: DataView): MovieFacts & { readonly mimeType: string } {
  const whole = { from: 0, to: view.byteLength };
  const docType = textOf(view, childAt(view, whole, ids.header, ids.docType));
  const info = childAt(view, whole, ids.segment, ids.info);
  const tracks = childAt(view, whole, ids.segment, ids.tracks);
  const track = tracks && childrenOf(view, tracks, ids.track).find((one) => childAt(view, one, ids.picture));
  const length = floatOf(view, info && childAt(view, info, ids.duration));
  const scale = numberOf(view, info && childAt(view, info, ids.scale)) ?? 1_000_000;
  const codec = textOf(view, track && childAt(view, track, ids.codec));
  const frameNs = numberOf(view, track && childAt(view, track, ids.frameNs));
  const width = numberOf(view, track && childAt(view, track, ids.picture, ids.width));
  const height = numberOf(view, track && childAt(view, track, ids.picture, ids.height));
  return {
    mimeType: docType === "webm" ? "video/webm" : "video/x-matroska",
    ...(width && height && { width, height }),
    ...(length && { durationMs: Math.round((length * scale) / 1_000_000) }),
    ...(codec && { videoCodec: codec.replace(/^V_/, "").toLowerCase() }),
    ...(frameNs && { framesPerSecond: Math.round(1e12 / frameNs) / 1000 }),
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

const childAt = (view: DataView, span: Span, ...path: readonly number[]): Span | undefined =>
  path.reduce<Span | undefined>((at, id) => at && childrenOf(view, at, id)[0], span);

/** An element of unknown size, as in live recordings, reaches to the end of what it stands in. */
function childrenOf(view: DataView, { from, to }: Span, wanted: number): Span[] {
  const found: Span[] = [];
  for (let at = from; at < to; ) {
    const idBytes = Math.clz32(view.getUint8(at)) - 23;
    const sizeAt = at + idBytes;
    const sizeBytes = Math.clz32(view.getUint8(sizeAt)) - 23;
    if (idBytes > 4 || sizeBytes > 8) break;
    const bits = unsigned(view, sizeAt, sizeBytes) & ((1n << BigInt(7 * sizeBytes)) - 1n);
    const contentAt = sizeAt + sizeBytes;
    const isUnknown = bits === (1n << BigInt(7 * sizeBytes)) - 1n;
    const end = isUnknown ? to : Math.min(contentAt + Number(bits), to);
    if (Number(unsigned(view, at, idBytes)) === wanted) found.push({ from: contentAt, to: end });
    at = end;
  }
  return found;
}

function unsigned(view: DataView, at: number, bytes: number): bigint {
  let value = 0n;
  for (let i = 0; i < bytes; i += 1) value = (value << 8n) | BigInt(view.getUint8(at + i));
  return value;
}

const numberOf = (view: DataView, span: Span | undefined): number | undefined =>
  span && Number(unsigned(view, span.from, Math.min(span.to - span.from, 8)));

function floatOf(view: DataView, span: Span | undefined): number | undefined {
  if (span === undefined) return undefined;
  return span.to - span.from === 8 ? view.getFloat64(span.from) : view.getFloat32(span.from);
}

const textOf = (view: DataView, span: Span | undefined): string | undefined =>
  span &&
  String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + span.from, Math.min(span.to - span.from, 64)));
