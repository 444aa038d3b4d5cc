import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Binaries } from "./binaries.ts";
import { handOver, type Layout } from "./layout.ts";
import { isAlive, isGoneWithin, isPostgresOf, signal } from "./processes.ts";
import { clusterArgument, spawnInCluster } from "./server-program.ts";
import type { SystemUser } from "./system-user.ts";

export const host = "127.0.0.1";
export type Postmaster = { readonly pid: number; readonly port: number; readonly child?: ChildProcess };

const staleLockPatienceMs = 15_000;
const readyPatienceMs = 120_000;
const logRotateBytes = 5 * 1024 * 1024;

/** What postmaster.pid says: line 1 the process, line 4 the port, line 8 the state. @source PostgreSQL 18 miscadmin.h */
export function readPidFile(layout: Layout): { pid: number; port: number; isReady: boolean } | undefined {
  try {
    const lines = readFileSync(path.join(layout.cluster, "postmaster.pid"), "utf8").split("\n");
    const [pid, port] = [Number(lines[0]), Number(lines[3])];
    return Number.isInteger(pid) && pid > 0 ? { pid, port, isReady: lines[7]?.trim() === "ready" } : undefined;
  } catch {
    return undefined;
  }
}

/** The postmaster that seems to run on this cluster already, whoever started it; only logging in makes it sure. */
export function runningPostmaster(layout: Layout): Postmaster | undefined {
  const found = readPidFile(layout);
  return found && isPostgresOf(layout.cluster, found.pid) !== "no" ? { pid: found.pid, port: found.port } : undefined;
}

/** Forgets what a postmaster that is gone wrote about itself. PostgreSQL still refuses while its children are attached. */
export function dropPidFile(layout: Layout): void {
  rmSync(path.join(layout.cluster, "postmaster.pid"), { force: true });
}

/**
 * Starts a postmaster and waits until it takes connections. What a killed one left behind clears within a second or two, so
 * a refused start is tried again for a while; stragglers are then ended. Throws with the end of the log.
 */
export async function startPostmaster(
  layout: Layout,
  binaries: Binaries,
  user: SystemUser | undefined,
  port: number,
): Promise<Postmaster> {
  const begun = performance.now();
  for (;;) {
    dropStalePidFile(layout);
    const logBegin = rotateLog(layout, user);
    const child = launch(layout, binaries, user, port);
    const pid = child.pid;
    if (pid !== undefined && (await becomesReady(layout, child, pid))) return { pid, port, child };
    const said = readFileSync(layout.logFile, "utf8").slice(logBegin).trim();
    const elapsedMs = performance.now() - begun;
    if (!/still in use|already exists|is another postmaster/.test(said) || elapsedMs > staleLockPatienceMs) {
      throw new Error(`PostgreSQL did not start. Its log (${layout.logFile}) ends with: ${said.slice(-600)}`);
    }
    if (elapsedMs > 3_000) endStragglers(layout, elapsedMs > 6_000 ? "SIGKILL" : "SIGQUIT");
    await delay(250);
  }
}

/**
 * Fast shutdown: open transactions are rolled back, everything is on disk. Harder ways follow when it does not end.
 * Windows has no signals, there it is ended at once; that is safe too, the next start replays the log.
 */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const [name, patienceMs] of [
    ["SIGINT", 60_000],
    ["SIGQUIT", 10_000],
    ["SIGKILL", 10_000],
  ] as const) {
    signal(pid, name);
    if (await isGoneWithin(pid, patienceMs)) return;
  }
  throw new Error(`PostgreSQL (process ${pid}) cannot be stopped.`);
}

function launch(layout: Layout, binaries: Binaries, user: SystemUser | undefined, port: number): ChildProcess {
  const output = openSync(layout.logFile, "a", 0o600);
  handOver(layout.logFile, user);
  const options = { port, listen_addresses: host, unix_socket_directories: "", cluster_name: "postd" };
  const args = ["-D", clusterArgument(layout.cluster)];
  for (const [name, value] of Object.entries(options)) args.push("-c", `${name}=${value}`);
  const child = spawnInCluster(binaries.postgres, args, { cluster: layout.cluster, user, output });
  child.on("error", () => {}); // reported by becomesReady: the child then has no process number
  child.unref();
  closeSync(output);
  return child;
}

async function becomesReady(layout: Layout, child: ChildProcess, pid: number): Promise<boolean> {
  const end = performance.now() + readyPatienceMs;
  while (child.exitCode === null && child.signalCode === null && isAlive(pid)) {
    const state = readPidFile(layout);
    if (state?.pid === pid && state.isReady) return true;
    if (performance.now() > end) {
      await stopPostmaster(pid);
      return false;
    }
    await delay(10);
  }
  return false;
}

/** PostgreSQL takes any living process with the written number for its predecessor; in containers that is often wrong. */
function dropStalePidFile(layout: Layout): void {
  const left = readPidFile(layout);
  if (left && isPostgresOf(layout.cluster, left.pid) === "no") dropPidFile(layout);
}

/** Children of a killed postmaster that did not notice yet; a new one is refused while they are attached. */
function endStragglers(layout: Layout, name: NodeJS.Signals): void {
  if (process.platform !== "linux") return;
  for (const entry of readdirSync("/proc")) {
    if (/^\d+$/.test(entry) && isPostgresOf(layout.cluster, Number(entry)) === "yes") signal(Number(entry), name);
  }
}

function rotateLog(layout: Layout, user: SystemUser | undefined): number {
  const sizeBytes = statSync(layout.logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes < logRotateBytes) return sizeBytes;
  renameSync(layout.logFile, `${layout.logFile}.1`);
  handOver(`${layout.logFile}.1`, user);
  return 0;
}
