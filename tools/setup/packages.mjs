import { readFileSync } from "node:fs";
import path from "node:path";
import { withSetupLock } from "./lock.mjs";
import { announced, npm } from "./npm.mjs";

/**
 * Installs exactly what package-lock.json says when what is there differs. npm writes its own record of an installation as
 * the last step, so an interrupted one is noticed and done again. Everything is installed at once, tests' packages too: a
 * second installation later would pull the packages from under a running server.
 * Install scripts do not run; nothing POSTD needs has one it depends on.
 */
export async function installPackages(root, node) {
  if (isInstalled(root)) return;
  await withSetupLock(root, async () => {
    if (isInstalled(root)) return;
    await announced("Installing packages, once", () =>
      npm(node, ["ci", "--include=dev", "--include=optional", "--ignore-scripts"], root),
    );
  });
}

/** Whether `node_modules` of that folder is what its package-lock.json says. */
export function isInstalled(root) {
  const wanted = packagesIn(path.join(root, "package-lock.json"));
  const present = packagesIn(path.join(root, "node_modules", ".package-lock.json"));
  return present !== undefined && missing(wanted ?? {}, present).length === 0;
}

/**
 * The installed places (`node_modules/...`) that `present` lacks or has in another version. Optional packages are for other
 * machines as a rule and are passed over.
 */
export function missing(wanted, present) {
  return Object.entries(wanted)
    .filter(
      ([place, { optional, devOptional, peer }]) =>
        place.includes("node_modules/") && !optional && !devOptional && !peer,
    )
    .filter(([place, { version, integrity, link }]) => {
      const there = present[place];
      return !there || (!link && (there.version !== version || there.integrity !== integrity));
    })
    .map(([place]) => place);
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined; // not installed, or half written
  }
}
