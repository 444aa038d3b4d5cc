import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import path from "node:path";

/** The account PostgreSQL runs under when POSTD itself is root. */
export type SystemUser = { readonly uid: number; readonly gid: number };

/** `nobody` first; the others are for containers that map only a few ids. */
const spareUsers: readonly SystemUser[] = [
  { uid: 65534, gid: 65534 },
  { uid: 1000, gid: 1000 },
  { uid: 1, gid: 1 },
];

/**
 * PostgreSQL refuses to run as root, so as root its processes (and only those) drop to another user: whoever already owns
 * the cluster, else whoever owns the data folder or the folder it is in, else `nobody`. Undefined when POSTD is an
 * ordinary user: nothing is dropped then. Throws when no user can be switched to.
 */
export function chooseSystemUser(layout: { readonly root: string; readonly cluster: string }): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const dataDir = path.dirname(layout.root);
  const owner = firstOrdinaryOwner([layout.cluster, layout.root, dataDir, path.dirname(dataDir)]);
  const usable = (owner ? [owner, ...spareUsers] : spareUsers).find(canSwitchTo);
  if (usable) return usable;
  throw new Error(
    "The bundled PostgreSQL cannot run as root and no other user can be switched to here. Start POSTD as an ordinary user, or set DATABASE_URL.",
  );
}

function canSwitchTo(user: SystemUser): boolean {
  return spawnSync("/bin/sh", ["-c", ":"], { ...user, cwd: "/", stdio: "ignore", env: {} }).status === 0;
}

/** The first owner that is not root among the given paths; paths that do not exist are passed over. */
function firstOrdinaryOwner(paths: readonly string[]): SystemUser | undefined {
  for (const candidate of paths) {
    const found = statSync(candidate, { throwIfNoEntry: false });
    if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid };
  }
  return undefined;
}
