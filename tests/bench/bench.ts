/**
 * `npm run bench`: how fast POSTD is, next to what its parts could do at most, in one run on one machine and one
 * PostgreSQL with fsync. Ratios are what to compare over time; absolute numbers belong to the machine they are printed
 * with. `--profile=folder` writes a CPU profile of the server.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startSimulatorProcess } from "@postd/testkit/simulator-process";
import pg from "pg";
import { openListener } from "../../apps/server/src/adapters/postgres/listen.ts";
import { openRolePool } from "../../apps/server/src/adapters/postgres/pools.ts";
import { startBundledPostgres } from "../../apps/server/src/adapters/postgres/supervisor/start-bundled-postgres.ts";
import { measureEngineRate } from "../../apps/server/src/adapters/queue/measure-engine-rate.ts";
import { startPgBossQueue } from "../../apps/server/src/adapters/queue/pg-boss.ts";
import { makePrograms, type Program, publish } from "./accounts.ts";
import { cpuMsOf, machineFacts, memoryOf, parentOf, processTree } from "./machine.ts";
import { startMeasured } from "./measured-server.ts";
import { smallCommitRate } from "./small-commits.ts";

/** As `npm start` has it. */
const heap = ["--max-semi-space-size=8", "--heap-growing-percent=30"];
/** As many as the server's pool for tenants' transactions has. */
const connections = 20;
const { values } = parseArgs({
  options: {
    profile: { type: "string" },
    jobs: { type: "string", default: "2000" },
    /** Only the publishing part, for work on it. */
    quick: { type: "boolean", default: false },
  },
});
const jobs = Number(values.jobs);
const folder = mkdtempSync(path.join(tmpdir(), "postd-bench-"));
const closers: (() => Promise<unknown> | unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
const say = (text: string) => process.stdout.write(`${text}\n`);

try {
  await bench();
} finally {
  for (const closer of closers.reverse()) await closer();
}

async function bench(): Promise<void> {
  say(`\n${machineFacts()}`);
  const log = { info() {}, warn: console.warn, error: console.error };
  const database = await startBundledPostgres({ dataDir: folder, log });
  closers.push(() => database.stop());
  const admin = new pg.Pool({ connectionString: database.url(), max: 2 });
  admin.on("error", () => {}); // the server ends what is still connected when it stops
  closers.push(() => admin.end());
  const { rows } = await admin.query(
    "select current_setting('server_version') as version, current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit",
  );
  say(`PostgreSQL ${rows[0].version}, fsync ${rows[0].fsync}, synchronous_commit ${rows[0].commit}\n`);
  const simulators = await startSimulatorProcess();
  closers.push(() => simulators.close());
  const profile = values.profile ? ["--cpu-prof", `--cpu-prof-dir=${path.resolve(values.profile)}`] : [];
  const server = await startMeasured([process.execPath, ...heap, ...profile, "apps/server/src/main.ts"], {
    DATABASE_URL: database.url(),
    POSTD_DATA_DIR: folder,
    POSTD_SIMULATORS: simulators.url,
    POSTD_LOG_LEVEL: "info",
  });
  closers.push(() => server.stop());
  const programs = await makePrograms(server.url, simulators.url, { tenants: 8, perTenant: 4 });

  await pipelineRate(server.url, programs, admin, 200); // warm
  const seconds = values.quick ? 1 : 10;
  const quiet = await openLoop(server.url, programs, { perSecond: 100, seconds, scheduled: true });
  const busy = await openLoop(server.url, programs, { perSecond: 100, seconds, scheduled: false });
  await allSent(admin);
  const postmaster = Number((await admin.query("select pg_backend_pid() as pid")).rows[0].pid);
  const groups = { server: [server.pid], PostgreSQL: processTree(parentOf(postmaster)), simulators: [simulators.pid] };
  const pipeline = await pipelineRate(server.url, programs, admin, jobs, groups);
  await server.stop();

  const commits = await smallCommitRate(database.url(), connections, 5);
  const engine = await engineRate(database.url());
  await simulators.close();

  say(line("accept, 100/s, planned for later", `p50 ${ms(quiet.p50)}  p99 ${ms(quiet.p99)}`, "aim: p99 under 50 ms"));
  say(line("accept, 100/s, published at once", `p50 ${ms(busy.p50)}  p99 ${ms(busy.p99)}`));
  const used = Object.entries(pipeline.cpuMs).map(([name, cpuMs]) => `${name} ${(cpuMs / jobs).toFixed(2)} ms`);
  say(line("pipeline, one step each", `${perSecond(pipeline.rate)} publishes`, `processor each: ${used.join(", ")}`));
  say(line("small commits", `${perSecond(commits)}`, `${connections} connections, a row like an attempt`));
  say(line("queue engine, trivial tasks", `${perSecond(engine)}`, `${connections} connections`));
  say(line("pipeline / (small commits / 3)", (pipeline.rate / (commits / 3)).toFixed(2), "aim: at least 0.50"));
  say(line("pipeline / engine", (pipeline.rate / engine).toFixed(2)));
  if (!values.quick) await idleMemory();
}

/** Requests leave on time whatever became of those before: a slow answer makes no pause that hides it. */
async function openLoop(
  url: string,
  programs: readonly Program[],
  { perSecond: rate, seconds, scheduled }: { perSecond: number; seconds: number; scheduled: boolean },
): Promise<{ readonly p50: number; readonly p99: number }> {
  const begun = performance.now();
  const later = new Date(Date.now() + 86_400_000);
  const running: Promise<number>[] = [];
  for (let sent = 0; sent < rate * seconds; sent += 1) {
    const dueAt = begun + (sent * 1_000) / rate;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const program = programs[sent % programs.length];
    if (program)
      running.push(publish(url, program, scheduled ? later : undefined).then(() => performance.now() - dueAt));
  }
  const took = (await Promise.all(running)).sort((a, b) => a - b);
  const at = (share: number) => took[Math.ceil(took.length * share) - 1] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Publishes per second from the first to the last of `count` posts that fall due in the same moment. */
async function pipelineRate(
  url: string,
  programs: readonly Program[],
  admin: pg.Pool,
  count: number,
  groups: Readonly<Record<string, readonly number[]>> = {},
): Promise<{ readonly rate: number; readonly cpuMs: Readonly<Record<string, number>> }> {
  const due = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_000 + count * 8);
  const waiting = Array.from({ length: count }, (_, index) => programs[index % programs.length]);
  const submit = async () => {
    for (let program = waiting.pop(); program; program = waiting.pop()) await publish(url, program, due);
  };
  await Promise.all(Array.from({ length: 8 }, submit));
  if (Date.now() > due.getTime()) throw new Error("submitting took longer than planned; the rate would be wrong");
  const cpu = () => Object.entries(groups).map(([name, pids]): [string, number] => [name, cpuMsOf(pids)]);
  await sleep(due.getTime() - Date.now());
  const before = cpu();
  await allSent(admin);
  const cpuMs = Object.fromEntries(cpu().map(([name, used], index) => [name, used - (before[index]?.[1] ?? 0)]));
  const { rows } = await admin.query<{ n: number; seconds: number }>(
    "select count(*)::int as n, extract(epoch from max(published_at) - $1)::float8 as seconds from publish_jobs where scheduled_for = $1 and state = 'published'",
    [due],
  );
  const [row] = rows;
  if (row?.n !== count) throw new Error(`${row?.n} of ${count} posts were published`);
  return { rate: count / row.seconds, cpuMs };
}

async function allSent(admin: pg.Pool): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const { rows } = await admin.query(
      "select 1 from publish_jobs where wake_at < now() + interval '1 minute' limit 1",
    );
    if (rows.length === 0) return;
    if (performance.now() > deadline) throw new Error("not everything was sent within two minutes");
    await sleep(100);
  }
}

async function engineRate(url: string): Promise<number> {
  const system = openRolePool({ url, role: "postd_system", max: connections });
  const listener = openListener({ url });
  const queue = await startPgBossQueue({ pool: system.pool, listener, log: console, maintain: false });
  try {
    return (await measureEngineRate(queue, { tasks: 10_000 })).handledPerSecond;
  } finally {
    await queue.close();
    await listener.close();
    await system.close();
  }
}

/** `npm start` with nothing to do: every process it started, PostgreSQL and simulators included. */
async function idleMemory(): Promise<void> {
  const data = path.join(folder, "idle");
  const started = await startMeasured(["npm", "start"], { POSTD_DATA_DIR: data, POSTD_SIMULATOR_PORT: "0" });
  try {
    await sleep(30_000);
    const shares = memoryOf(processTree(started.pid));
    const total = shares.reduce((sum, { pssMb }) => sum + pssMb, 0);
    say(line("idle memory of npm start (PSS)", `${total.toFixed(0)} MB`, "aim: under 300 MB"));
    for (const [name, group] of Object.entries(Object.groupBy(shares, ({ name }) => name))) {
      const mb = (group ?? []).reduce((sum, { pssMb }) => sum + pssMb, 0);
      say(line(`  ${name}`, `${mb.toFixed(0)} MB`, `${group?.length} processes`));
    }
  } finally {
    await started.stop();
  }
}

function line(name: string, value: string, note = ""): string {
  return `  ${name.padEnd(36)} ${value.padEnd(30)} ${note}`.trimEnd();
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function perSecond(value: number): string {
  return `${Math.round(value)}/s`;
}
