import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { Binaries } from "./binaries.ts";
import { handOver, type Layout, writePrivateFile } from "./layout.ts";
import { clusterArgument, spawnInCluster } from "./server-program.ts";
import type { SystemUser } from "./system-user.ts";

export const superuser = "postgres";
const supportedMajor = "18";

/**
 * Small on purpose: the whole of POSTD has to fit beside other things on a small machine. They are written to
 * postgresql.conf once, where an operator may change them. `log` keeps statements, and with them tenants' content, out of
 * the log: errors of queries belong to the caller.
 */
const settings: Record<string, string> = {
  shared_buffers: "32MB",
  // Two workers beside an http process, as while one takes over from another, with room for tools.
  max_connections: "120",
  work_mem: "4MB",
  maintenance_work_mem: "32MB",
  effective_cache_size: "256MB",
  min_wal_size: "32MB",
  max_wal_size: "256MB",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  io_method: "sync",
  jit: "off",
  max_worker_processes: "4",
  max_parallel_workers_per_gather: "0",
  autovacuum_max_workers: "2",
  password_encryption: "scram-sha-256",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  log_min_messages: "log",
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
};

/**
 * Gives the superuser's password, making the cluster first where there is none. The cluster is made beside its final
 * place and renamed, so an interrupted first start leaves nothing half made.
 * Throws when the folder holds a cluster of another PostgreSQL version or its password file is gone.
 */
export async function ensureCluster(layout: Layout, binaries: Binaries, user: SystemUser | undefined): Promise<string> {
  const versionFile = path.join(layout.cluster, "PG_VERSION");
  if (!existsSync(versionFile)) return makeCluster(layout, binaries, user);
  const major = readFileSync(versionFile, "utf8").trim();
  if (major !== supportedMajor) {
    throw new Error(
      `${layout.cluster} was made by PostgreSQL ${major}; this POSTD brings PostgreSQL ${supportedMajor}. Restore a backup into an empty data folder.`,
    );
  }
  if (!existsSync(layout.passwordFile)) {
    throw new Error(`${layout.passwordFile} is missing, and without it nobody can log in. Restore it from a backup.`);
  }
  return readFileSync(layout.passwordFile, "utf8").trim();
}

async function makeCluster(layout: Layout, binaries: Binaries, user: SystemUser | undefined): Promise<string> {
  const fresh = `${layout.cluster}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  handOver(fresh, user);
  const password = randomBytes(32).toString("base64url");
  writePrivateFile(layout.passwordFile, `${password}\n`, user);
  const { code, output } = await run(binaries.initdb, initdbArguments(layout, fresh), fresh, user);
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`PostgreSQL could not make its data folder ${layout.cluster}: ${output.trim().slice(-600)}`);
  }
  renameSync(fresh, layout.cluster);
  return password;
}

function initdbArguments(layout: Layout, folder: string): string[] {
  // The folder the password file is in may be one the PostgreSQL user can reach from inside only.
  const passwordFile =
    process.platform === "linux" ? path.join("..", path.basename(layout.passwordFile)) : layout.passwordFile;
  return [
    `--pgdata=${clusterArgument(folder)}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // Built into PostgreSQL: the order of texts never changes with the machine's libraries.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
    ...Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
  ];
}

function run(program: string, args: string[], cluster: string, user: SystemUser | undefined) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawnInCluster(program, args, { cluster, user, output: "pipe" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
