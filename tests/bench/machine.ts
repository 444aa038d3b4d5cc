import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";

/** What the numbers were measured on. */
export function machineFacts(): string {
  const gib = (totalmem() / 2 ** 30).toFixed(1);
  return `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? "unknown"}, ${gib} GiB, Linux ${release()}, Node ${process.version}`;
}

/** A process and everything it started, by /proc. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOrEmpty(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

export function parentOf(pid: number): number {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

export interface Share {
  readonly name: string;
  readonly pssMb: number;
}

/** Proportional memory of each process: shared pages are divided among those who share them, so the sum is real. */
export function memoryOf(pids: readonly number[]): Share[] {
  return pids.map((pid) => {
    const kb = Number(/^Pss:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
    const command = readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    return { name: shortName(command), pssMb: kb / 1024 };
  });
}

function shortName(command: string): string {
  if (/postgres/.test(command)) return "PostgreSQL";
  return /(npm|sh|tools\/run\.mjs|apps\/\w+\/src\/\w+\.ts)/.exec(command)?.[1] ?? command.slice(0, 40);
}

/** Processor time used so far by these processes, in milliseconds; Linux counts in hundredths of a second. */
export function cpuMsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readOrEmpty(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
  }, 0);
}

/** A process may end while we look. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
