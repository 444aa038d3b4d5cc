import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { place } from "./members.ts";
import { isSameProcessAlive, markOf } from "./processes.ts";

const Holder = z.object({ place: z.string(), pid: z.number(), born: z.string() });
/** No start or stop takes this long; a lock of another place (its processes cannot be seen) is left behind after it. */
const abandonedAfterMs = 120_000;

/**
 * Runs `work` while no other process of this data folder starts or stops the server. A lock left by a killed process is
 * taken over. Throws when it is not free within `timeoutMs`.
 */
export async function withStartLock<T>(lockFile: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const end = performance.now() + timeoutMs;
  const mine = `${lockFile}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, JSON.stringify({ place, ...markOf(process.pid) }), { mode: 0o600 });
  try {
    while (!isTaken(mine, lockFile)) {
      if (performance.now() >= end) throw new Error(`Another process is still starting PostgreSQL (${lockFile}).`);
      dropAbandoned(lockFile);
      await delay(50);
    }
    try {
      return await work();
    } finally {
      rmSync(lockFile, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A hard link appears complete or not at all. */
function isTaken(mine: string, lockFile: string): boolean {
  try {
    linkSync(mine, lockFile);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function dropAbandoned(lockFile: string): void {
  const seen = readLock(lockFile);
  if (!seen || seen.isHeld) return;
  const aside = `${lockFile}.abandoned.${process.pid}`;
  try {
    renameSync(lockFile, aside);
  } catch {
    return; // another waiter was quicker
  }
  if (readLock(aside)?.text !== seen.text) restore(aside, lockFile);
  rmSync(aside, { force: true });
}

/** Between reading and moving, another waiter had taken the lock: give it back. */
function restore(aside: string, lockFile: string): void {
  try {
    linkSync(aside, lockFile);
  } catch {
    // a third one holds it now; both then only see a running or a missing server, which PostgreSQL's own lock arbitrates
  }
}

function readLock(file: string): { text: string; isHeld: boolean } | undefined {
  try {
    const text = readFileSync(file, "utf8");
    const holder = Holder.safeParse(JSON.parse(text));
    if (!holder.success) return { text, isHeld: false };
    const isLocal = holder.data.place === place;
    const ageMs = Date.now() - statSync(file).mtimeMs;
    return { text, isHeld: isLocal ? isSameProcessAlive(holder.data) : ageMs < abandonedAfterMs };
  } catch {
    return undefined; // released meanwhile
  }
}
