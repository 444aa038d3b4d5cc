import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface PostdProcess {
  readonly url: string;
  /** As a crash ends it: nothing is written, finished or released. */
  kill(): Promise<void>;
  /** As an operator ends it. */
  stop(): Promise<void>;
}

export interface PostdSettings {
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** The same port every time, so that a session outlives a restart. */
  readonly port: number;
  /** Real host names and where calls to them go. */
  readonly hostMap: Readonly<Record<string, string>>;
  /** Gets what the process says; the tests print it when something fails. */
  readonly logFile: string;
}

const root = path.resolve(import.meta.dirname, "../..");
const startMs = 60_000;

/** Starts the server as an operator would, Bluesky real and the others simulated, and waits until it serves. */
export async function startPostd(settings: PostdSettings): Promise<PostdProcess> {
  const log = createWriteStream(settings.logFile, { flags: "a" });
  const child = spawn(process.execPath, ["apps/server/src/main.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: settings.databaseUrl,
      POSTD_DATA_DIR: settings.dataDir,
      POSTD_PORT: String(settings.port),
      POSTD_SIMULATOR_PORT: String(await freePort()),
      POSTD_SIMULATORS: "on,-bluesky",
      POSTD_SIGN_UP: "open",
      POSTD_HOST_MAP: Object.entries(settings.hostMap)
        .map(([host, url]) => `${host}=${url}`)
        .join(","),
    },
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const url = `http://127.0.0.1:${settings.port}`;
  await untilReady(child, url, settings.logFile);
  const end = (signal: NodeJS.Signals) => async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    log.end();
  };
  return { url, kill: end("SIGKILL"), stop: end("SIGTERM") };
}

async function untilReady(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = performance.now() + startMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}; it said why in ${logFile}`);
    const answer = await fetch(`${url}/api/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error(`the server was not ready within ${startMs / 1000} s; see ${logFile}`);
}

/** A loopback port nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = net.createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(probe, "listening");
  const address = probe.address();
  const closed = once(probe, "close");
  probe.close();
  await closed;
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
