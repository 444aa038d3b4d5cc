import { mkdirSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { InboundSpool, InboxItem } from "@postd/core";
import { itemIn, recordOf } from "./record.ts";
import {
  createSegment,
  masterKeyOf,
  openEnd,
  readSegment,
  type Segment,
  type SegmentDeps,
  takenEnd,
} from "./segment.ts";

export interface SpoolOptions extends SegmentDeps {
  readonly folder: string;
  readonly clock: { now(): Date };
  /** All files together, of all processes on this machine. Default 64 MB. */
  readonly maxBytes?: number;
  /** While the oldest file is older than this nothing is taken: somebody must look. Default a day. */
  readonly maxAgeMs?: number;
  /** A file of this size is followed by another. Default 4 MB. */
  readonly segmentBytes?: number;
}

interface Waiting {
  readonly record: Uint8Array;
  readonly done: (kept: "kept" | "full") => void;
  readonly failed: (error: unknown) => void;
}

export interface LocalSpool extends InboundSpool {
  /** Finishes what is being written. Files stay, for whoever comes next. */
  close(): Promise<void>;
}

const dayMs = 24 * 3_600_000;

/**
 * Requests of platforms in sealed, append-only files, one writer each. Many requests share one write to the disk. Any
 * process may empty any file: it renames it first, and a writer that finds its file renamed writes again elsewhere, so no
 * lock is needed and nothing is lost when a process ends at any point. A request may be there twice; its id tells.
 */
export function openInboundSpool(options: SpoolOptions): LocalSpool {
  const { folder, clock, maxBytes = 64_000_000, maxAgeMs = dayMs, segmentBytes = 4_000_000 } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let segment: Segment | undefined;
  let queue: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let known = { items: 0, bytes: 0 };

  const files = async (): Promise<readonly string[]> =>
    (await readdir(folder)).filter((name) => name.endsWith(openEnd) || name.endsWith(takenEnd)).sort();

  async function isFull(moreBytes: number): Promise<boolean> {
    const names = await files();
    const [oldest] = names;
    if (oldest && clock.now().getTime() - Number.parseInt(oldest, 10) > maxAgeMs) return true;
    const sizes = await Promise.all(names.map((name) => sizeOf(path.join(folder, name))));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    known = { ...known, bytes };
    return bytes + moreBytes > maxBytes;
  }

  async function leave(): Promise<void> {
    const left = segment;
    segment = undefined;
    await left?.close();
  }

  async function write(records: readonly Uint8Array[]): Promise<void> {
    for (;;) {
      if (segment && segment.sizeBytes >= segmentBytes) await leave();
      segment ??= await createSegment(options, folder, clock.now());
      if (await segment.append(records)) return;
      await leave();
    }
  }

  async function writeAll(): Promise<void> {
    while (queue.length > 0) {
      const turn = queue;
      queue = [];
      try {
        const bytes = turn.reduce((sum, { record }) => sum + record.byteLength, 0);
        const full = await isFull(bytes);
        if (!full) {
          await write(turn.map(({ record }) => record));
          known = { items: known.items + turn.length, bytes: known.bytes + bytes };
        }
        for (const { done } of turn) done(full ? "full" : "kept");
      } catch (error) {
        // What was written of it nobody was told is kept, and the file may be damaged behind it.
        await leave().catch(() => {});
        for (const { failed } of turn) failed(error);
      }
    }
    // In the same breath as the last look at the queue: what comes next begins anew.
    writing = undefined;
  }

  async function emptied(name: string, store: (item: InboxItem) => Promise<"stored" | "left">): Promise<number> {
    const taken = path.join(folder, name.replace(openEnd, takenEnd));
    if (name.endsWith(openEnd) && !(await isRenamed(path.join(folder, name), taken))) return 0;
    const records = await readSegment(options, taken).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!records) return 0; // Another process was first.
    let isLeft = false;
    let stored = 0;
    for (const record of records)
      if ((await store(itemIn(record))) === "stored") stored += 1;
      else isLeft = true;
    if (isLeft) return stored;
    await rm(taken, { force: true });
    return stored;
  }

  return {
    put: (item) =>
      new Promise((done, failed) => {
        queue.push({ record: recordOf(item), done, failed });
        writing ??= writeAll();
      }),
    async drain(store) {
      let stored = 0;
      let failure: { readonly error: unknown } | undefined;
      // What is taken already first: while nothing can be stored no further file is taken.
      const names = [...(await files())].sort((a, b) => Number(a.endsWith(openEnd)) - Number(b.endsWith(openEnd)));
      for (const name of names)
        try {
          stored += await emptied(name, store);
        } catch (error) {
          if (!isUnreadable(error)) throw error;
          // A file nobody can open keeps the others waiting for nothing; it stays where it is.
          failure ??= { error };
        }
      if (failure) throw failure.error;
      if ((await files()).length === 0) known = { items: 0, bytes: 0 };
      return stored;
    },
    standing: () => known,
    async close() {
      await writing;
      await leave();
    },
  };
}

/** Where a data folder keeps it. */
export const spoolFolder = (dataDir: string): string => path.join(dataDir, "inbound-spool");

/** Master keys that files there still need, so that none of them is removed before. */
export async function masterKeysOfSpool(dataDir: string): Promise<readonly string[]> {
  const folder = spoolFolder(dataDir);
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const ids = await Promise.all(names.map((name) => masterKeyOf(path.join(folder, name))));
  return ids.filter((id) => id !== undefined);
}

async function isRenamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    // Emptied this very moment.
    () => 0,
  );
const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && (error.name === "Tampered" || error.name === "MasterKeyMissing");
