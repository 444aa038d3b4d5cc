import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../apps/server/src/main.ts", import.meta.url));
const patienceMs = 60_000;

/** A server of the demo's own, on free ports and a folder that is removed with it. */
export async function startOwnServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "postd-demo-"));
  process.stdout.write("No server is running, so the demo starts one of its own ... ");
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, POSTD_DATA_DIR: dataDir, POSTD_LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGINT");
      await ended;
    }
    rmSync(dataDir, { recursive: true, force: true });
  };
  process.once("SIGINT", () => void stop().then(() => process.exit(130)));
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The demo's server did not start within a minute.")), patienceMs);
    child.once("exit", (code) => reject(new Error(`The demo's server ended with code ${code}.`)));
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const found = /API\s+(http\S+)\/api/.exec(printed)?.[1];
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    });
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  child.removeAllListeners("exit");
  process.stdout.write(`${Math.round(performance.now() - startedAt)} ms\n`);
  return { url, stop };
}
