import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { SystemUser } from "./system-user.ts";

/** Where everything of the bundled server lives: one private folder inside the data folder, moved and backed up as a whole. */
export type Layout = {
  readonly root: string;
  readonly cluster: string;
  readonly passwordFile: string;
  readonly portFile: string;
  readonly logFile: string;
  readonly lockFile: string;
  readonly members: string;
};

export function layoutOf(dataDir: string): Layout {
  const root = path.join(path.resolve(dataDir), "postgres");
  return {
    root,
    cluster: path.join(root, "cluster"),
    passwordFile: path.join(root, "password"),
    portFile: path.join(root, "port"),
    logFile: path.join(root, "postgres.log"),
    lockFile: path.join(root, "start.lock"),
    members: path.join(root, "members"),
  };
}

/** Makes the private folders (0700) and hands them to the user PostgreSQL runs as. Throws when that is not allowed. */
export function prepareFolders(layout: Layout, user: SystemUser | undefined): void {
  for (const folder of [layout.root, layout.members]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    handOver(folder, user);
  }
}

/** A copied or restored folder may be open to others, and as root not even readable for the user; makes both right. */
export function claimCluster(layout: Layout, user: SystemUser | undefined): void {
  const version = statSync(path.join(layout.cluster, "PG_VERSION"), { throwIfNoEntry: false });
  if (!version) return;
  if ((statSync(layout.cluster).mode & 0o077) !== 0) chmodSync(layout.cluster, 0o700);
  if (!user || version.uid === user.uid) return;
  handOver(layout.cluster, user);
  for (const entry of readdirSync(layout.root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) handOver(path.join(entry.parentPath, entry.name), user);
  }
}

/** Writes a private file (0600) in one step, so that a reader or a crash never sees half of it. */
export function writePrivateFile(file: string, content: string, user: SystemUser | undefined): void {
  const partial = `${file}.${process.pid}.partial`;
  writeFileSync(partial, content, { mode: 0o600 });
  handOver(partial, user);
  renameSync(partial, file);
}

/** Gives a path to the PostgreSQL user; nothing to do when POSTD itself is an ordinary user. */
export function handOver(target: string, user: SystemUser | undefined): void {
  if (!user) return;
  const now = lstatSync(target);
  if (now.isSymbolicLink()) throw new Error(`${target} is a symbolic link; PostgreSQL's files must be real files`);
  if (now.uid !== user.uid || now.gid !== user.gid) chownSync(target, user.uid, user.gid);
}
