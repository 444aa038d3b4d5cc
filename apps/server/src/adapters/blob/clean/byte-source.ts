import { type FileHandle, open } from "node:fs/promises";

/** Ranges of a file. Short reads are served from a window, so that walking a file by its headers costs few calls. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Fewer bytes than asked for only at the end of the file. What it answers is good until the next read. */
  read(from: number, length: number): Promise<Buffer>;
}

const windowBytes = 64 * 1_024;

export async function withByteSource<T>(file: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const load = async (from: number, length: number) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - from)));
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    };
    let start = 0;
    let window = Buffer.alloc(0);
    return await use({
      sizeBytes: size,
      async read(from, length) {
        if (length > windowBytes) return load(from, length);
        if (from < start || from + length > start + window.length) {
          start = from;
          window = Buffer.from(await load(from, windowBytes));
        }
        return window.subarray(from - start, from - start + length);
      },
    });
  } finally {
    await handle.close();
  }
}

export async function isZero(source: ByteSource, from: number, to: number): Promise<boolean> {
  for (let at = from; at < to; at += windowBytes)
    if ((await source.read(at, Math.min(windowBytes, to - at))).some((byte) => byte !== 0)) return false;
  return true;
}

/** More parts than any real file has: it is made to cost memory. */
export class TooManyParts extends Error {}
const maxParts = 200_000;

/** A part of the new file: a range of the old one, bytes of its own, or a run of zeros. */
export type Piece = { readonly from: number; readonly to: number } | Uint8Array | { readonly zeros: number };

/** Pieces in order; ranges that meet become one. */
export function createPieces() {
  const pieces: Piece[] = [];
  const add = (piece: Piece) => {
    if (pieces.push(piece) > maxParts) throw new TooManyParts();
  };
  return {
    pieces,
    keep(from: number, to: number) {
      const last = pieces.at(-1);
      if (to <= from) return;
      if (last && "from" in last && last.to === from) pieces[pieces.length - 1] = { from: last.from, to };
      else add({ from, to });
    },
    put(bytes: Uint8Array) {
      add(bytes);
    },
    zeros(count: number) {
      if (count > 0) add({ zeros: count });
    },
  };
}

/** Whether the pieces are the old file, byte for byte. */
export function isWhole(pieces: readonly Piece[], sizeBytes: number): boolean {
  const [only, ...more] = pieces;
  return more.length === 0 && only !== undefined && "from" in only && only.from === 0 && only.to === sizeBytes;
}

/** Writes the new file beside the old one. */
export async function writePieces(source: ByteSource, pieces: readonly Piece[], target: string): Promise<void> {
  const file = await open(target, "wx", 0o600);
  try {
    for await (const chunk of chunksOf(source, pieces)) await writeAll(file, chunk);
  } finally {
    await file.close();
  }
}

export async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten;
}

const chunkBytes = 256 * 1_024;

async function* chunksOf(source: ByteSource, pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else if ("zeros" in piece)
      for (let left = piece.zeros; left > 0; left -= chunkBytes) yield new Uint8Array(Math.min(left, chunkBytes));
    else
      for (let at = piece.from; at < piece.to; at += chunkBytes)
        yield await source.read(at, Math.min(chunkBytes, piece.to - at));
  }
}
