import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const unreadableAfterMs = 5_000;

/** Runs `work` while no other command of this checkout installs anything; takes over from one that was killed. */
export async function withSetupLock(root, work) {
  const folder = path.join(root, ".node");
  const file = path.join(folder, "setup.lock");
  mkdirSync(folder, { recursive: true });
  let isTold = false;
  let unreadableSince;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder === undefined) unreadableSince ??= Date.now();
    const isStale = holder === undefined ? Date.now() - unreadableSince > unreadableAfterMs : !isAlive(holder);
    if (isStale) rmSync(file, { force: true });
    else if (!isTold) process.stderr.write("Another command is installing; waiting for it.\n");
    isTold = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function holderOf(file) {
  try {
    return Number(readFileSync(file, "utf8")) || undefined;
  } catch {
    return undefined; // released meanwhile
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
