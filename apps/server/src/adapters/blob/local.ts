import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { ByteRange } from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import type { BlobStore, ReceivedFile } from "@postd/core";
import { writeAll } from "./clean/byte-source.ts";
import { cleanFile, measure } from "./clean-file.ts";
import { createFairPool, createPicturePool, type FairPool } from "./fair-pool.ts";
import { fitPicture } from "./fit-picture.ts";
import { typeOf } from "./type-of.ts";

type Received = Awaited<ReturnType<BlobStore["receive"]>>;

/** Of a video only its index is worked on. */
const othersAtOnce = 2;
const staleMs = 24 * 3_600_000;
const keyPattern = /^[0-9a-z]{2}\/[0-9a-z_]+\.[0-9a-z]{1,8}$/;

/**
 * Media in a folder. A file is streamed to `incoming/`, hashed on the way, synced, and renamed into `files/`, so what
 * has a name is whole even after a power cut. In between it is made as it goes out; see `cleanFile`. What a crash left in `incoming/` is removed a day later, on opening.
 */
export async function openLocalBlobStore(options: {
  readonly folder: string;
  /** Where pictures wait for their turn, with others of the process. */
  readonly pictures?: FairPool;
}): Promise<BlobStore> {
  const incoming = path.join(options.folder, "incoming");
  const files = path.join(options.folder, "files");
  await Promise.all([incoming, files].map((folder) => mkdir(folder, { recursive: true, mode: 0o700 })));
  await removeStale(incoming);
  const { pictures = createPicturePool() } = options;
  const others = createFairPool(othersAtOnce);
  const place = (key: string) => {
    if (!keyPattern.test(key)) throw new Error("a blob key must look like ab/name.ext");
    return path.join(files, key);
  };
  return {
    async receive(stream, { maxBytes, share, keepOriginal = false }): Promise<Received> {
      const draft = path.join(incoming, randomUUID());
      const drafts = new Set([draft]);
      try {
        const written = await writeDraft(draft, stream, maxBytes);
        if (!written.ok) return written;
        const target = path.join(incoming, randomUUID());
        drafts.add(target);
        const type = await typeOf(draft);
        if (!type.ok) return type;
        const pool = type.value.kind === "image" ? pictures : others;
        const clean = await pool.run(share, () => cleanFile(draft, target, type.value, written.value));
        if (!clean.ok) return clean;
        const { file, extension, ...known } = clean.value;
        drafts.delete(file);
        const isKept = keepOriginal && file !== draft;
        if (isKept) drafts.delete(draft);
        const original = isKept ? { file: draft, extension, sizeBytes: written.value.sizeBytes } : undefined;
        return ok(receivedFile({ draft: file, place, ...known, original }));
      } finally {
        await Promise.all([...drafts].map((file) => rm(file, { force: true })));
      }
    },
    async fit(key, change, { share }) {
      const file = place(key);
      if (!(await stat(file).catch(absent))?.isFile()) return undefined;
      const target = path.join(incoming, randomUUID());
      const made = await pictures.run(share, () => fitPicture(file, change, target));
      if (!made.ok) return made;
      const measured = await measure(target);
      return ok(receivedFile({ draft: target, place, original: undefined, facts: made.value.facts, ...measured }));
    },
    async open(key) {
      const file = place(key);
      const found = await stat(file).catch(absent);
      return found?.isFile() ? { sizeBytes: found.size, stream: (range) => readFileInChunks(file, range) } : undefined;
    },
    remove: (key) => rm(place(key), { force: true }),
    list: (written) => listFiles(files, written),
  };
}

function receivedFile({
  draft,
  place,
  original,
  ...known
}: Pick<ReceivedFile, "sizeBytes" | "sha256" | "facts"> & {
  readonly draft: string;
  readonly place: (key: string) => string;
  readonly original: (NonNullable<ReceivedFile["original"]> & { readonly file: string }) | undefined;
}): ReceivedFile {
  const put = async (file: string, key: string) => {
    const to = place(key);
    const folder = path.dirname(to);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(file, to);
    await syncFolder(folder);
  };
  const drop = (file: string | undefined) => (file === undefined ? undefined : rm(file, { force: true }));
  return {
    ...known,
    ...(original && { original: { extension: original.extension, sizeBytes: original.sizeBytes } }),
    async keep(key, originalKey) {
      if (original && originalKey !== undefined) await put(original.file, originalKey);
      else await drop(original?.file);
      await put(draft, key);
    },
    async discard() {
      await Promise.all([drop(draft), drop(original?.file)]);
    },
  };
}

type Written = Result<
  { readonly sizeBytes: number; readonly sha256: string },
  Extract<Received, { ok: false }>["error"]
>;

/** Writes chunk by chunk; the sender is not asked for more before the disk has taken what came. */
async function writeDraft(draft: string, stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Written> {
  const hash = createHash("sha256");
  const chunks = stream[Symbol.asyncIterator]();
  const file = await open(draft, "wx", 0o600);
  let sizeBytes = 0;
  let isSpent = false;
  try {
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await chunks.next();
      } catch (error) {
        isSpent = true;
        return fail({ code: "broken_off", message: error instanceof Error ? error.message : "the sender stopped" });
      }
      if (next.done) {
        isSpent = true;
        break;
      }
      sizeBytes += next.value.length;
      if (sizeBytes > maxBytes) return fail({ code: "too_large" });
      hash.update(next.value);
      await writeAll(file, next.value);
    }
    if (sizeBytes === 0) return fail({ code: "empty" });
    await file.sync();
    return ok({ sizeBytes, sha256: hash.digest("hex") });
  } finally {
    await file.close();
    if (!isSpent) await chunks.return?.();
  }
}

async function* readFileInChunks(name: string, range?: ByteRange): AsyncIterable<Uint8Array> {
  if (range && range.to <= range.from) return;
  const file = await open(name);
  try {
    // Node counts `end` as the last byte that is read.
    const part = range && { start: range.from, end: range.to - 1 };
    yield* file.createReadStream({ autoClose: false, highWaterMark: 256 * 1_024, ...part });
  } finally {
    await file.close();
  }
}

/** Makes the new name itself survive a power cut. Windows cannot open folders and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Folder by folder, so that a store of any size fits into memory. What is no blob of ours is passed over. */
async function* listFiles(
  files: string,
  { writtenAfter, writtenBefore }: Parameters<BlobStore["list"]>[0],
): AsyncIterable<string> {
  for (const folder of await readdir(files, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    for (const name of await readdir(path.join(files, folder.name))) {
      const key = `${folder.name}/${name}`;
      if (!keyPattern.test(key)) continue;
      const found = await stat(path.join(files, key)).catch(absent);
      if (found?.isFile() && found.mtime > writtenAfter && found.mtime < writtenBefore) yield key;
    }
  }
}

async function removeStale(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const draft = path.join(incoming, name);
    const found = await stat(draft).catch(absent);
    if (found && Date.now() - found.mtimeMs > staleMs) await rm(draft, { force: true });
  }
}

function absent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
