import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { z } from "zod";
import { superuser } from "../../../apps/server/src/adapters/postgres/supervisor/cluster.ts";
import { layoutOf } from "../../../apps/server/src/adapters/postgres/supervisor/layout.ts";
import { databaseName } from "../../../apps/server/src/adapters/postgres/supervisor/login.ts";
import { readPidFile } from "../../../apps/server/src/adapters/postgres/supervisor/postmaster.ts";
import { setClockOffset } from "../../../apps/server/src/adapters/postgres/testing/set-clock-offset.ts";
import { freePort } from "./free-port.ts";

/** One process of the system under test, ended by its own id and by nothing else. */
export interface Part {
  readonly name: string;
  readonly pid: number;
  /** What it said so far, the last 200,000 characters. */
  said(): string;
  /** Sends a signal and returns at once. */
  signal(name: NodeJS.Signals): void;
  /** Sends a signal, SIGKILL unless another is named, and waits until the process is gone. */
  end(name?: NodeJS.Signals): Promise<void>;
}

/** POSTD as it runs in production, in processes of its own, on a data folder that is removed afterwards. */
export interface ProcessSystem {
  readonly url: string;
  readonly simulatorUrl: string;
  /** Where the processes keep what is not in the database. */
  readonly dataDir: string;
  startHttp(version?: Version): Promise<Part>;
  /** Another http process on the same data, at an address of its own. */
  startHttpBeside(version?: Version): Promise<{ readonly part: Part; readonly url: string }>;
  startWorker(version?: Version): Promise<Part>;
  /** Both roles in one process, as on a single machine. */
  startAll(): Promise<Part>;
  /** Kills the postmaster with SIGKILL. It is for POSTD to start another; `isBack` waits until that one is ready. */
  killDatabase(): { isBack(): Promise<void> };
  /** Moves the domain clock of all processes, and the platforms' clock with it. */
  advance(ms: number): Promise<void>;
  /** Rows as the administrator sees them. A database that is away is waited for, half a minute at most. */
  query<T extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly T[]>;
  /** A control operation of the simulators: `sim("POST", "meta/release")`. Throws what it refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read control answers freely, as they do the API's.
  sim(method: string, operation: string, body?: unknown): Promise<any>;
  /** Ends everything that was started and removes the data folder. */
  close(): Promise<void>;
}

/** Which sources a process runs; without `folder` those of this repository. */
export interface Version {
  /** Root of another version's checkout, its packages installed. */
  readonly folder?: string;
}

export interface ProcessSystemOptions {
  /** Jobs a worker works on at once; held requests keep their place. Default 24. */
  readonly workerConcurrency?: number;
}

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const startPatienceMs = 90_000;
const endPatienceMs = 45_000;
const keptChars = 200_000;

/** Starts the simulators; http and worker are started by the caller, in any order and number. */
export async function createProcessSystem(options: ProcessSystemOptions = {}): Promise<ProcessSystem> {
  const folder = mkdtempSync(path.join(tmpdir(), "postd-processes-"));
  const dataDir = path.join(folder, "data");
  const parts = new Set<Part>();
  const endDatabase = () => {
    const left = readPidFile(layoutOf(dataDir));
    if (left) endQuietly(left.pid, "SIGKILL");
  };
  process.once("exit", endDatabase);
  const simulators = await startPart(
    "simulators",
    ["apps/simulators/src/main.ts", "--port=0"],
    {},
    /platforms on (http:\/\/[\d.]+:\d+)/,
  );
  parts.add(simulators.part);
  const simulatorUrl = simulators.told;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    POSTD_DATA_DIR: dataDir,
    POSTD_PORT: String(port),
    POSTD_PUBLIC_URL: url,
    POSTD_SIMULATORS: simulatorUrl,
    POSTD_LOG_LEVEL: "warn",
    // Calls nobody in a test asked for would stand among those it holds.
    POSTD_UPKEEP: "off",
    POSTD_NUMBERS: "off",
    POSTD_INBOX: "off",
    POSTD_WORKERS_PUBLISH: String(options.workerConcurrency ?? 24),
    // Far more is tried here than platforms take in a minute or a day.
    POSTD_BUDGETS: [
      "google_business_profile.edits_minute",
      "instagram.posts_day",
      "facebook.reels_day",
      "threads.posts_day",
      "tiktok.inits_minute",
      "x.posts_quarter_hour",
    ]
      .map((name) => `${name}=none`)
      .join(),
  };
  // The heap is bounded as `npm start` does it.
  const startRole = async (
    role: "http" | "worker" | "all",
    { folder = repository }: Version = {},
    more: Readonly<Record<string, string>> = {},
  ): Promise<Part> => {
    const args = ["--max-semi-space-size=8", "--heap-growing-percent=30", "apps/server/src/main.ts", `--role=${role}`];
    const { part } = await startPart(role, args, { ...env, ...more }, /is (running) \(/, folder);
    parts.add(part);
    return part;
  };
  let pool: pg.Pool | undefined;
  let offsetMs = 0;
  const database = () => {
    pool ??= openPool(dataDir);
    return pool;
  };
  const sim: ProcessSystem["sim"] = async (method, operation, body) => {
    const answer = await fetch(`${simulatorUrl}/__sim/${operation}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} /__sim/${operation} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };

  return {
    url,
    simulatorUrl,
    dataDir,
    sim,
    startHttp: (version) => startRole("http", version),
    async startHttpBeside(version) {
      const ownPort = await freePort();
      const part = await startRole("http", version, { POSTD_PORT: String(ownPort) });
      return { part, url: `http://127.0.0.1:${ownPort}` };
    },
    startWorker: (version) => startRole("worker", version),
    startAll: () => startRole("all"),
    killDatabase() {
      const running = readPidFile(layoutOf(dataDir));
      if (!running) throw new Error("no PostgreSQL runs in the data folder");
      process.kill(running.pid, "SIGKILL");
      return {
        async isBack() {
          const deadline = performance.now() + startPatienceMs;
          for (;;) {
            const now = readPidFile(layoutOf(dataDir));
            if (now?.isReady && now.pid !== running.pid) return;
            if (performance.now() > deadline) throw new Error("nobody started the killed database again");
            await delay(20);
          }
        },
      };
    },
    async advance(ms) {
      offsetMs += Math.ceil(ms);
      // The platforms first: nothing they stamp may look older than the call that made it.
      await sim("POST", "clock", { offsetMs });
      await whileAway(() => setClockOffset(database(), offsetMs));
    },
    query: async <T extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await whileAway(() => database().query<T>(text, [...values]))).rows,
    async close() {
      // Asked politely first, so that the last one stops the database with it.
      const servers = [...parts].filter(({ name }) => name !== "simulators");
      for (const part of servers) part.signal("SIGCONT");
      await pool?.end();
      await Promise.all(servers.map((part) => part.end("SIGTERM")));
      await simulators.part.end();
      endDatabase();
      process.off("exit", endDatabase);
      await removeFolder(folder);
    },
  };
}

/** Starts a program of a checkout and waits for the line that says it works; `told` is what the line names. */
async function startPart(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: RegExp,
  folder = repository,
): Promise<{ readonly part: Part; readonly told: string }> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...inherited(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const hear = (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-keptChars);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started`);
  endWithThisProcess(child, pid);
  const part = partOf({ name, pid, child, said: () => said });
  const deadline = performance.now() + startPatienceMs;
  for (;;) {
    const told = ready.exec(said)?.[1];
    if (told !== undefined) return { part, told };
    if (isOver(child) || performance.now() > deadline) {
      await part.end();
      throw new Error(`${name} did not start. It said:\n${said.slice(-3_000)}`);
    }
    await delay(20);
  }
}

function partOf(input: {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  readonly said: () => string;
}): Part {
  const { name, pid, child } = input;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    name,
    pid,
    said: input.said,
    signal: (signal) => {
      if (!isOver(child)) endQuietly(pid, signal);
    },
    async end(signal = "SIGKILL") {
      if (isOver(child)) return;
      endQuietly(pid, signal);
      const patience = setTimeout(() => endQuietly(pid, "SIGKILL"), endPatienceMs);
      await gone;
      clearTimeout(patience);
    },
  };
}

/** A test that breaks off leaves nothing running. */
function endWithThisProcess(child: ChildProcess, pid: number): void {
  const end = () => endQuietly(pid, "SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** A process that has just gone by itself is as good as ended. */
function endQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** The machine's own settings, none of POSTD's and none of the test runner's. */
function inherited(): Record<string, string | undefined> {
  const foreign = /^(POSTD_|DATABASE_URL$|NODE_ENV$|NODE_OPTIONS$|NODE_TEST|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

const PortText = z.coerce.number().int().min(1);

function openPool(dataDir: string): pg.Pool {
  const layout = layoutOf(dataDir);
  const pool = new pg.Pool({
    host: "127.0.0.1",
    port: PortText.parse(readFileSync(layout.portFile, "utf8").trim()),
    user: superuser,
    password: readFileSync(layout.passwordFile, "utf8").trim(),
    database: databaseName,
    max: 3,
    connectionTimeoutMillis: 5_000,
  });
  pool.on("error", () => {}); // a killed server ends idle connections; the next query makes a new one
  return pool;
}

/** Repeats a query while the server is away or recovering; anything else is the test's own mistake. */
async function whileAway<T>(run: () => Promise<T>): Promise<T> {
  const away = /^(08...|57P0[1235]|53300|ECONN.*|EPIPE)$|terminated|timeout exceeded/i;
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      const said = error instanceof Error ? ("code" in error ? String(error.code) : error.message) : "";
      if (!away.test(said) || performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}
/** The last children of a killed database may still be writing. */
async function removeFolder(folder: string): Promise<void> {
  for (let left = 50; ; left -= 1) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (left === 0) throw error;
      await delay(100);
    }
  }
}
