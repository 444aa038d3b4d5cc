import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { Client } from "pg";
import { isAlive, signal } from "./processes.ts";
import { type BundledPostgres, startBundledPostgres } from "./start-bundled-postgres.ts";
import { publicCopy } from "./testing/public-copy.ts";
import { serverInProcess } from "./testing/server-in-process.ts";

const silent = { info() {}, warn() {}, error() {} };
const isRoot = process.getuid?.() === 0;
const folders: string[] = [];
const running = new Set<BundledPostgres>();

after(async () => {
  for (const server of running) await server.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(mode = 0o755): string {
  const made = mkdtempSync(path.join(tmpdir(), "postd-supervisor-"));
  chmodSync(made, mode);
  folders.push(made);
  return made;
}

async function start(dataDir: string): Promise<BundledPostgres> {
  const server = await startBundledPostgres({ dataDir, log: silent });
  running.add(server);
  return server;
}

async function stop(server: BundledPostgres): Promise<boolean> {
  running.delete(server);
  return server.stop();
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

function recovery(server: BundledPostgres): Promise<number> {
  return new Promise((resolve) => {
    server.onExit((event) => event.kind === "recovered" && resolve(event.recoveredInMs ?? 0));
  });
}

test("a first start is ready soon, durable, private and on loopback only", async (t) => {
  const dataDir = path.join(folder(), "data");
  const begun = performance.now();
  const server = await start(dataDir);
  const tookMs = performance.now() - begun;
  t.diagnostic(`first start took ${Math.round(tookMs)} ms`);
  // A second on an idle machine; a test beside others only tells that nothing waits for a time-out.
  assert.ok(tookMs < 15_000, `took ${tookMs} ms`);
  const shown =
    "select current_setting('fsync'), current_setting('data_checksums'), current_setting('server_encoding')";
  assert.deepEqual(await query(server.url(), shown), ["on", "on", "UTF8"]);
  assert.deepEqual(await query(server.url(), "select current_setting('listen_addresses')"), ["127.0.0.1"]);
  assert.equal(statSync(path.join(dataDir, "postgres")).mode & 0o777, 0o700);
  assert.equal(statSync(path.join(dataDir, "postgres", "password")).mode & 0o777, 0o600);
  const wrong = server.url().replace(/:[^:@]+@/, ":wrong@");
  await assert.rejects(query(wrong, "select 1"), { code: "28P01" });
  await stop(server);
});

test("a second start finds the rows and the port of the first, and stop leaves no process", async () => {
  const dataDir = folder();
  const first = await start(dataDir);
  await query(first.url(), "create table kept as select 7 as n");
  assert.equal(await stop(first), true);
  assert.equal(isAlive(first.pid), false);
  const second = await start(dataDir);
  assert.equal(second.port, first.port);
  assert.deepEqual(await query(second.url(), "select n from kept"), [7]);
  await stop(second);
  assert.equal(isAlive(second.pid), false);
});

test("a postmaster killed under load comes back by itself with every acknowledged row", async (t) => {
  const server = await start(folder());
  await query(server.url(), "create table acknowledged (n int primary key)");
  const port = server.port;
  let written = 0;
  const writer = (async () => {
    const client = new Client({ connectionString: server.url() });
    client.on("error", () => {});
    await client.connect();
    for (;;) {
      await client.query("insert into acknowledged values ($1)", [written]);
      written += 1;
    }
  })();
  const lost = assert.rejects(writer);
  while (written < 50) await new Promise(setImmediate);
  const back = recovery(server);
  const before = server.pid;
  signal(before, "SIGKILL");
  await lost;
  t.diagnostic(`recovered in ${await back} ms`);
  assert.notEqual(server.pid, before);
  assert.equal(server.port, port);
  const [count] = await query(server.url(), "select count(*)::int from acknowledged");
  assert.ok(typeof count === "number" && count >= written, `${count} of ${written} rows`);
  await stop(server);
});

test("a postmaster whose POSTD was killed is adopted by the next start, and stopped by it", async () => {
  const dataDir = folder();
  const killed = await serverInProcess(dataDir);
  await query(killed.url, "create table before_kill ()");
  await killed.kill();
  assert.equal(isAlive(killed.pid), true, "the postmaster survives its parent");
  const adopter = await start(dataDir);
  assert.equal(adopter.pid, killed.pid);
  assert.deepEqual(await query(adopter.url(), "select count(*)::int from before_kill"), [0]);
  const back = recovery(adopter);
  signal(adopter.pid, "SIGKILL");
  await back;
  assert.notEqual(adopter.pid, killed.pid, "an adopted postmaster is watched like an own one");
  assert.equal(await stop(adopter), true);
  assert.equal(isAlive(adopter.pid), false);
});

test("two processes share one server; the last to leave stops it", async () => {
  const dataDir = folder();
  const http = await serverInProcess(dataDir);
  const worker = await start(dataDir);
  assert.equal(worker.pid, http.pid);
  assert.equal(await http.stop(), '{"event":"left","isStopped":false}');
  assert.equal(isAlive(worker.pid), true);
  assert.equal(await stop(worker), true);
  assert.equal(isAlive(worker.pid), false);
});

test("two processes that both lose the server end up on one new one", async () => {
  const dataDir = folder();
  const http = await serverInProcess(dataDir);
  const worker = await start(dataDir);
  const back = recovery(worker);
  signal(http.pid, "SIGKILL");
  await back;
  assert.match(await http.nextLine(), /exited/);
  assert.match(await http.nextLine(), /recovered/);
  assert.deepEqual(await query(http.url, "select 1"), [1]);
  await http.stop();
  await stop(worker);
});

test("a copied data folder gets a server of its own, although it holds the original's process number", async () => {
  const dataDir = folder();
  const original = await start(dataDir);
  const copyDir = folder();
  cpSync(path.join(dataDir, "postgres"), path.join(copyDir, "postgres"), { recursive: true, preserveTimestamps: true });
  const copy = await start(copyDir);
  assert.notEqual(copy.pid, original.pid);
  assert.equal(isAlive(original.pid), true);
  assert.equal(await stop(copy), true);
  assert.deepEqual(await query(original.url(), "select 1"), [1]);
  await stop(original);
});

test("a lock file that names some other living process does not stop the start", async () => {
  const dataDir = folder();
  const server = await start(dataDir);
  const pidFile = path.join(dataDir, "postgres", "cluster", "postmaster.pid");
  const content = readFileSync(pidFile, "utf8");
  await stop(server);
  writeFileSync(pidFile, content.replace(/^\d+/, String(process.ppid)));
  const again = await start(dataDir);
  assert.deepEqual(await query(again.url(), "select 1"), [1]);
  await stop(again);
});

test("a folder in use from another container is refused, and free again once that one is silent", async () => {
  const dataDir = folder();
  await stop(await start(dataDir));
  const members = path.join(dataDir, "postgres", "members");
  const foreign = path.join(members, "1-elsewhere.json");
  const beat = () =>
    writeFileSync(foreign, JSON.stringify({ place: "another-host pid:[1]", folder: "1:1", pid: 1, born: "1" }));
  beat();
  const heart = setInterval(beat, 200);
  await assert.rejects(start(dataDir), /another machine or in another container.*DATABASE_URL/s);
  clearInterval(heart);
  await stop(await start(dataDir));
});

test("restart keeps port, passwords and rows", async () => {
  const server = await start(folder());
  const { pid } = server;
  const url = server.url();
  await query(url, "create table kept as select 1 as n");
  await server.restart();
  assert.notEqual(server.pid, pid);
  assert.equal(server.url(), url);
  assert.deepEqual(await query(url, "select n from kept"), [1]);
  await stop(server);
});

test("data under folders only their owner may pass, with a path longer than a socket may have", async () => {
  const dataDir = path.join(folder(0o700), "private", "x".repeat(120), "data");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const server = await start(dataDir);
  assert.deepEqual(await query(server.url(), "select 1"), [1]);
  assert.ok(statSync(path.join(dataDir, "postgres", "cluster", "PG_VERSION")).isFile());
  await stop(server);
});

test("a process that ends without stopping takes its server along", async () => {
  const dataDir = folder();
  const crashing = await serverInProcess(dataDir);
  assert.equal(isAlive(crashing.pid), true);
  await crashing.crash();
  while (isAlive(crashing.pid)) await new Promise(setImmediate);
});

test("an ordinary user needs nothing but a folder of their own", async (t) => {
  const dataDir = folder(0o700);
  if (!isRoot) {
    const own = await start(dataDir);
    t.diagnostic(`ran as uid ${process.getuid?.()}`);
    return void (await stop(own));
  }
  chownSync(dataDir, 65534, 65534);
  const copy = publicCopy(folder());
  const server = await serverInProcess(dataDir, { ...copy, uid: 65534, gid: 65534 });
  assert.equal(server.uid, 65534);
  assert.equal(statSync(`/proc/${server.pid}`).uid, 65534);
  assert.deepEqual(await query(server.url, "select 1"), [1]);
  assert.equal(await server.stop(), '{"event":"left","isStopped":true}');
});

test("root never runs PostgreSQL as root, and leaves the files to the data folder's owner", {
  skip: !isRoot && "needs root",
}, async () => {
  const byRoot = await start(folder());
  assert.notEqual(statSync(`/proc/${byRoot.pid}`).uid, 0);
  await stop(byRoot);
  const owned = folder(0o700);
  chownSync(owned, 1, 1);
  const byOwner = await start(owned);
  assert.equal(statSync(`/proc/${byOwner.pid}`).uid, 1);
  assert.equal(statSync(path.join(owned, "postgres", "password")).uid, 1);
  await stop(byOwner);
});
