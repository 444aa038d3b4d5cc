import { type ByteSource, TooManyParts } from "./byte-source.ts";

export interface Box {
  readonly type: string;
  readonly from: number;
  /** Where its content begins. */
  readonly body: number;
  readonly to: number;
}

/** A film in fragments of a second has about 20,000. */
const maxBoxes = 100_000;

/** Below one box; tracks and tables are counted in tens. */
const maxInside = 10_000;

/** Boxes of a file, one after the other, read by their headers only; undefined: one reaches beyond the end. */
export async function fileBoxes(source: ByteSource): Promise<readonly Box[] | undefined> {
  const boxes: Box[] = [];
  for (let from = 0; from < source.sizeBytes; ) {
    if (boxes.length > maxBoxes) throw new TooManyParts();
    const box = boxAt(await source.read(from, 16), 0, source.sizeBytes - from);
    if (!box) return undefined;
    boxes.push({ type: box.type, from, body: from + box.body, to: from + box.to });
    from += box.to;
  }
  return boxes;
}

/** Boxes inside a part of `bytes`; where one does not fit, the list ends. Throws where there are more than any video has. */
export function boxesIn(bytes: Buffer, start: number, end: number): readonly Box[] {
  const boxes: Box[] = [];
  for (let from = start; from < end; ) {
    const box = boxAt(bytes, from, end);
    if (!box) break;
    if (boxes.push(box) > maxInside) throw new TooManyParts();
    from = box.to;
  }
  return boxes;
}

/** @source ISO/IEC 14496-12 section 4.2: 32-bit size, 1 for a 64-bit one behind the type, 0 for "to the end" */
function boxAt(bytes: Buffer, from: number, end: number): Box | undefined {
  if (from + 8 > Math.min(end, bytes.length)) return undefined;
  const size = bytes.readUInt32BE(from);
  const type = bytes.toString("latin1", from + 4, from + 8);
  if (size === 1 && from + 16 > bytes.length) return undefined;
  const body = from + (size === 1 ? 16 : 8);
  const to = size === 0 ? end : from + (size === 1 ? Number(bytes.readBigUInt64BE(from + 8)) : size);
  return to < body || to > end ? undefined : { type, from, body, to };
}

/** The first box along a path of types below `parent`. */
export function find(bytes: Buffer, parent: Box, ...path: readonly string[]): Box | undefined {
  let at: Box | undefined = parent;
  for (const type of path) at = at && boxesIn(bytes, at.body, at.to).find((box) => box.type === type);
  return at;
}
