import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type KeyProvider, type SealingCipher, Tampered } from "@postd/core";
import { z } from "zod";
import { frameOf, framesIn } from "./frames.ts";

/** How a segment is named while its writer may add to it, and when nobody may any more. */
export const openEnd = ".open";
export const takenEnd = ".taken";

export interface SegmentDeps {
  readonly keys: KeyProvider;
  readonly cipher: SealingCipher;
}

/** The first record of a file: how its key is wrapped. */
const Head = z.object({ version: z.literal(1), keyId: z.string(), wrapped: z.base64() });

/** Each record is bound to its file and its place in it. */
const placeBytes = (name: string, index: number): Uint8Array => Buffer.from(JSON.stringify(["spool", 1, name, index]));
const keyPlace = (name: string): Uint8Array => Buffer.from(JSON.stringify(["spool key", 1, name]));
const nonceBytes = 12;

/** A file that one process adds to. */
export interface Segment {
  readonly file: string;
  readonly sizeBytes: number;
  /** On the disk when it resolves. False: somebody took the file meanwhile, so it must be written elsewhere. */
  append(records: readonly Uint8Array[]): Promise<boolean>;
  close(): Promise<void>;
}

/** Makes a segment with a key of its own, wrapped by the master key. Names sort by time. */
export async function createSegment({ keys, cipher }: SegmentDeps, folder: string, now: Date): Promise<Segment> {
  const name = `${String(now.getTime()).padStart(15, "0")}-${randomBytes(6).toString("hex")}`;
  const file = path.join(folder, name + openEnd);
  const key = cipher.newKey();
  const { keyId, wrapped } = await keys.wrap(key, keyPlace(name));
  const head = { version: 1, keyId, wrapped: Buffer.from(wrapped).toString("base64") };
  const handle = await open(file, "ax", 0o600);
  let sizeBytes = 0;
  let index = 0;
  const write = async (bytes: Buffer): Promise<void> => {
    await handle.appendFile(bytes);
    await handle.datasync();
    sizeBytes += bytes.byteLength;
  };
  try {
    await write(frameOf(Buffer.from(JSON.stringify(head))));
    await syncFolder(folder);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    file,
    get sizeBytes() {
      return sizeBytes;
    },
    async append(records) {
      const frames = records.map((record) => {
        const { nonce, ciphertext } = cipher.seal(key, record, placeBytes(name, index));
        index += 1;
        return frameOf(Buffer.concat([nonce, ciphertext]));
      });
      await write(Buffer.concat(frames));
      return isStill(handle, file);
    },
    close: () => handle.close(),
  };
}

/** Whoever takes a file renames it before reading: what was written under the old name until then is read. */
async function isStill(handle: FileHandle, file: string): Promise<boolean> {
  const [mine, there] = await Promise.all([handle.stat(), stat(file).catch(() => undefined)]);
  return there !== undefined && mine.ino === there.ino;
}

/** A new name is only kept for good when its folder is written too. Windows does it by itself and offers no way. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The master key that a segment is opened with; undefined: it holds nothing. */
export async function masterKeyOf(file: string): Promise<string | undefined> {
  const [first] = framesIn(await readFile(file));
  const head = first && Head.safeParse(parseJson(first.toString("utf8")));
  return head?.success ? head.data.keyId : undefined;
}

/** What a segment holds, in the order it came. Throws `Tampered` or `MasterKeyMissing`; a file without a head holds nothing. */
export async function readSegment({ keys, cipher }: SegmentDeps, file: string): Promise<readonly Uint8Array[]> {
  const name = path.basename(file).replace(/\.[a-z]+$/, "");
  const [first, ...sealed] = framesIn(await readFile(file));
  if (!first) return [];
  const head = Head.safeParse(parseJson(first.toString("utf8")));
  if (!head.success) throw new Tampered("a file of what platforms sent has an unknown head");
  const key = await keys.unwrap(Buffer.from(head.data.wrapped, "base64"), head.data.keyId, keyPlace(name));
  return sealed.map((record, index) =>
    cipher.open(
      key,
      { nonce: record.subarray(0, nonceBytes), ciphertext: record.subarray(nonceBytes) },
      placeBytes(name, index),
    ),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON is no head like any other wrong content; the schema says so.
  }
}
