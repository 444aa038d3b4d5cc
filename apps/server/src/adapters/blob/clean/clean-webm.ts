import { type ByteSource, createPieces, isZero, type Piece, TooManyParts } from "./byte-source.ts";

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const VOID = 0xec;
/** SeekHead, Info, Tracks, Cluster, Cues: what a player needs. Tags, chapters and attachments are not among them. */
const needed = new Set([0x114d9b74, 0x1549a966, 0x1654ae6b, 0x1f43b675, 0x1c53bb6b, VOID]);
const levelOne = new Set([...needed, 0x1254c367, 0x1043a770, 0x1941a469]);

/**
 * A WebM without tags, chapters and attachments: each becomes a Void element of the same size filled with zeros, so that
 * every offset stays true. Names inside the kept parts (a title, a track's name) stay. undefined: it is damaged.
 * @source RFC 9559 sections 5.1 and 6; RFC 8794 section 11.3.2 (2024)
 */
export async function cleanWebm(source: ByteSource): Promise<readonly Piece[] | undefined> {
  const { pieces, keep, put, zeros } = createPieces();
  const head = await elementAt(source, 0);
  if (head?.id !== EBML || head.to === undefined) return undefined;
  keep(0, head.to);
  let at = head.to;
  for (let parts = 0; at < source.sizeBytes; parts += 1) {
    if (parts > maxParts) throw new TooManyParts();
    const element = await elementAt(source, at);
    if (!element) break;
    const { id, body } = element;
    if (id === SEGMENT) {
      keep(at, body);
      at = body;
      continue;
    }
    // A recording that was never closed has clusters without a size: they end where the next such part begins.
    const to = Math.min(element.to ?? (await nextPart(source, body)), source.sizeBytes);
    if (needed.has(id) && (id !== VOID || (await isZero(source, body, to)))) keep(at, to);
    else {
      const header = voidHeader(to - at);
      put(header);
      zeros(to - at - header.length);
    }
    at = to;
  }
  // What follows is no element, and nothing a player reads.
  return pieces;
}

/** A recording of a day has a part a second. */
const maxParts = 200_000;
/** Frames and sound of such a part; one that was never closed may be the whole recording. */
const maxBlocks = 5_000_000;

/** The header of a Void element of this many bytes altogether. */
function voidHeader(total: number): Uint8Array {
  if (total < 9) return Buffer.from([VOID, 0x80 | (total - 2)]);
  const header = Buffer.alloc(9);
  header[0] = VOID;
  header[1] = 1;
  header.writeUIntBE(total - 9, 3, 6);
  return header;
}

async function nextPart(source: ByteSource, start: number): Promise<number> {
  for (let at = start, blocks = 0; at < source.sizeBytes; blocks += 1) {
    if (blocks > maxBlocks) throw new TooManyParts();
    const element = await elementAt(source, at);
    if (!element || levelOne.has(element.id) || element.id === SEGMENT || element.id === EBML) return at;
    if (element.to === undefined) return source.sizeBytes;
    at = element.to;
  }
  return source.sizeBytes;
}

/** `to` undefined: of unknown size. The leading zeros of the first byte tell how long id and size are. */
async function elementAt(source: ByteSource, from: number) {
  const bytes = Buffer.from(await source.read(from, 12));
  const idBytes = Math.clz32(bytes[0] ?? 0) - 23;
  const sizeBytes = Math.clz32(bytes[idBytes] ?? 0) - 23;
  if (idBytes > 4 || sizeBytes > 8 || bytes.length < idBytes + sizeBytes) return undefined;
  const id = bytes.readUIntBE(0, idBytes);
  let size = BigInt(bytes[idBytes] ?? 0) & ((1n << BigInt(8 - sizeBytes)) - 1n);
  for (let i = 1; i < sizeBytes; i += 1) size = (size << 8n) | BigInt(bytes[idBytes + i] ?? 0);
  const body = from + idBytes + sizeBytes;
  const isUnknown = size === (1n << BigInt(7 * sizeBytes)) - 1n;
  return { id, body, to: isUnknown ? undefined : body + Number(size) };
}
