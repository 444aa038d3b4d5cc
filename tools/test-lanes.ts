/**
 * `npm test`: every lane this machine can run, a line per lane, and `N passed, N failed` at the end.
 * `npm test -- unit story` runs these lanes, `npm test -- --file path` one file (any number of times). The kill lane runs
 * a sample of its points, drawn by a printed seed; `npm test -- kill --all` runs every one. In CI each integration file runs on
 * the bundled server or on the given one, drawn likewise; with `--all` on both.
 */
import { createHash, randomInt } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import {
  type BundledPostgres,
  startBundledPostgres,
} from "../apps/server/src/adapters/postgres/supervisor/start-bundled-postgres.ts";
import { installRealServers } from "../tests/real/install.ts";
import { chromiumPath, type Lane, laneOf, lanes, type Machine, testFiles } from "./lanes.ts";
import { endRunningFiles } from "./run-file.ts";
import { type LaneRun, runLane } from "./run-lane.ts";

const root = path.resolve(import.meta.dirname, "..");
const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    file: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: process.env.POSTD_KILL === "all" },
  },
});
const fromEnv = (process.env.POSTD_LANES ?? "").split(",").filter((name) => name !== "");
const asked = [...positionals, ...fromEnv];
const machine: Machine = { root, env: process.env, isCi: process.env.CI === "true", asked };

const unknown = asked.filter((name) => !lanes.some((lane) => lane.name === name));
if (unknown.length > 0) {
  console.error(`No such lane: ${unknown.join(", ")}. Lanes: ${lanes.map((lane) => lane.name).join(", ")}.`);
  process.exit(2);
}

const files =
  values.file.length > 0 ? values.file.map((file) => path.relative(root, path.resolve(file))) : testFiles(root);
let database: { server: BundledPostgres; folder: string } | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    endRunningFiles();
    await stopDatabase();
    process.exit(130);
  });
}

/** Lines of a failure that are said again at the end. */
const shownLines = 6;
const seed = Number(process.env.POSTD_LANE_SEED ?? randomInt(1_000_000));
const runs: LaneRun[] = [];
const lines: string[] = [];
for (const lane of lanes) {
  const own = files.filter((file) => laneOf(file) === lane.name);
  const isWanted = asked.length === 0 || asked.includes(lane.name);
  if (!isWanted || (own.length === 0 && values.file.length > 0)) continue;
  const lacking = own.length === 0 ? undefined : lane.lacks?.(machine);
  if (own.length === 0) lines.push(row(lane.name, "no files"));
  else if (lacking !== undefined) runs.push(skipped(lane, lacking));
  else await run(lane, own);
}
await stopDatabase();
finish();

async function run(lane: Lane, own: readonly string[]): Promise<void> {
  if (lane.name === "real") await installRealServers();
  const bundled = lane.needsDatabase ? await databaseUrl() : undefined;
  const given = process.env.POSTD_TEST_DATABASE_URL;
  if (lane.name !== "integration" || !given || !machine.isCi) return runWith(lane, lane.name, own, bundled);
  const portable = own.filter((file) => !bringsItsOwnServer(file));
  const onGiven = values.all || own.length === 1 ? portable : portable.filter((file) => isDrawn(file, seed));
  const onBundled = values.all || own.length === 1 ? own : own.filter((file) => !onGiven.includes(file));
  if (onBundled.length < own.length)
    console.log(`integration files drawn by seed ${seed}; --all runs all on both servers`);
  await runWith(lane, lane.name, onBundled, bundled);
  if (onGiven.length > 0) await runWith(lane, "integration, given PostgreSQL", onGiven, given);
}

/** Every other file, by chance. */
function isDrawn(file: string, drawnBy: number): boolean {
  return createHash("sha256").update(`${drawnBy} ${file}`).digest().readUInt8() % 2 === 0;
}

function bringsItsOwnServer(file: string): boolean {
  return readFileSync(path.join(root, file), "utf8").includes("startBundledPostgres");
}

async function runWith(lane: Lane, name: string, own: readonly string[], pgUrl: string | undefined): Promise<void> {
  const chromium = chromiumPath(process.env);
  const env = {
    ...process.env,
    ...(pgUrl ? { POSTD_TEST_PG_URL: pgUrl } : {}),
    ...(chromium ? { POSTD_TEST_CHROMIUM: chromium } : {}),
    ...(values.all ? { POSTD_KILL: "all" } : {}),
  };
  console.log(`${name} ...`);
  const timeoutMs = lane.timeoutMs * (values.all ? (lane.completeFactor ?? 1) : 1);
  const result = await runLane({ ...lane, timeoutMs, name, files: own }, { root, env, isCi: machine.isCi });
  runs.push(result);
  const count = `${result.passed} passed, ${result.failed} failed`;
  lines.push(row(name, `ran ${result.passed + result.failed}: ${count} in ${seconds(result.durationMs)}`));
}

/** At home the given server is used where there is one; else, and in CI first, one bundled server serves all lanes. */
async function databaseUrl(): Promise<string> {
  const given = process.env.POSTD_TEST_DATABASE_URL;
  if (given && !machine.isCi) return given;
  if (!database) {
    const folder = mkdtempSync(path.join(tmpdir(), "postd-lanes-"));
    const log = { info() {}, warn: console.warn, error: console.error };
    database = { server: await startBundledPostgres({ dataDir: folder, log }), folder };
  }
  return database.server.url();
}

async function stopDatabase(): Promise<void> {
  const stopping = database;
  database = undefined;
  if (!stopping) return;
  await stopping.server.stop();
  rmSync(stopping.folder, { recursive: true, force: true });
}

function skipped(lane: Lane, why: string): LaneRun {
  lines.push(row(lane.name, machine.isCi ? `FAILED, cannot run: ${why}` : `skipped: ${why}`));
  return { name: lane.name, files: [], passed: 0, failed: machine.isCi ? 1 : 0, durationMs: 0 };
}

function finish(): void {
  const slowest = runs.flatMap((lane) => lane.files).sort((a, b) => b.durationMs - a.durationMs);
  console.log("\nslowest files");
  for (const file of slowest.slice(0, 5)) console.log(`  ${seconds(file.durationMs).padStart(7)}  ${file.file}`);
  console.log(`\nlanes\n${lines.join("\n")}`);
  // Once more at the end: of a long log often only the end is kept.
  for (const lane of runs) for (const line of failedIn(lane)) console.log(line);
  const sum = (count: (lane: LaneRun) => number) => runs.reduce((total, lane) => total + count(lane), 0);
  console.log(`\n${sum((lane) => lane.passed)} passed, ${sum((lane) => lane.failed)} failed`);
  process.exitCode = sum((lane) => lane.failed) > 0 ? 1 : 0;
}

function* failedIn({ name: lane, files }: LaneRun): Generator<string> {
  for (const { file, failures } of files)
    for (const { name, why } of failures)
      yield `\n  x ${lane}: ${name}\n    ${file}\n    ${why.split("\n").slice(0, shownLines).join("\n    ")}`;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(30)} ${text}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
