import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A process that can be recognised again although its number may be given to another one: `born` is the kernel's start
 * time where it is known (Linux), empty elsewhere.
 */
export type ProcessMark = { readonly pid: number; readonly born: string };

type LinuxStat = { readonly command: string; readonly state: string; readonly born: string };

/** Fields of /proc/<pid>/stat; the command is in brackets and may hold spaces. @source man 5 proc_pid_stat */
function linuxStat(pid: number): LinuxStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const end = text.lastIndexOf(")");
    const rest = text.slice(end + 2).split(" ");
    return { command: text.slice(text.indexOf("(") + 1, end), state: rest[0] ?? "", born: rest[19] ?? "" };
  } catch {
    return undefined; // no such process
  }
}

export function markOf(pid: number): ProcessMark {
  return { pid, born: linuxStat(pid)?.born ?? "" };
}

/** True while the process runs. A zombie nobody reaps (node as process 1 of a container) counts as dead. */
export function isAlive(pid: number): boolean {
  if (process.platform === "linux") {
    const stat = linuxStat(pid);
    return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

export function isSameProcessAlive(mark: ProcessMark): boolean {
  return isAlive(mark.pid) && (mark.born === "" || markOf(mark.pid).born === mark.born);
}

/**
 * Whether `pid` is a PostgreSQL process working in this cluster folder (they all do). `maybe`: it is PostgreSQL, but the
 * system does not show whose; root without CAP_SYS_PTRACE, as in most containers, does not see it.
 */
export function isPostgresOf(cluster: string, pid: number): "yes" | "maybe" | "no" {
  if (!isAlive(pid)) return "no";
  if (process.platform === "win32") return "maybe";
  if (process.platform !== "linux") {
    const shown = spawnSync("/bin/ps", ["-p", String(pid), "-o", "comm="], { encoding: "utf8" });
    return shown.stdout.trim().endsWith("postgres") ? "maybe" : "no";
  }
  if (linuxStat(pid)?.command !== "postgres") return "no";
  try {
    const [here, there] = [statSync(`/proc/${pid}/cwd`), statSync(cluster)];
    return here.dev === there.dev && here.ino === there.ino ? "yes" : "no";
  } catch {
    return isAlive(pid) ? "maybe" : "no";
  }
}

/** Waits until the process is gone. Gives false when it is still there after `timeoutMs`. */
export async function isGoneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() >= end) return false;
    await delay(20);
  }
  return true;
}

/** Sends a signal; a process that is already gone is what the caller wanted. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
