/**
 * Installs the real servers into this folder: `node tests/real/install.ts`. The test lane calls it on demand; what is there
 * and complete is left alone. About 600 packages and a minute, once. Nothing is compiled and no install script runs.
 */
import { announced, npm } from "../../tools/setup/npm.mjs";
import { isInstalled } from "../../tools/setup/packages.mjs";

/** Throws with npm's own words where it does not work; the same call again starts anew. */
export async function installRealServers(): Promise<void> {
  const folder = import.meta.dirname;
  if (isInstalled(folder)) return;
  await announced("Installing the real servers, once", () => npm(process.execPath, ["ci", "--ignore-scripts"], folder));
}

if (import.meta.main) await installRealServers();
