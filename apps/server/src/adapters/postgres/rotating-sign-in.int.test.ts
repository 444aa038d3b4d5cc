import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { asId, type ConnectionId } from "@postd/contracts";
import { newId } from "@postd/core";
import { z } from "zod";
import { openRolePool, type RolePool } from "./pools.ts";
import { startRotatingProvider } from "./testing/rotating-provider.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { openSignInProcess } from "./testing/sign-in-process.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

/** As many as the promise names in CI; at home enough to see them race. */
const processCount = process.env.CI === "true" || process.env.POSTD_KILL === "all" ? 20 : 6;
const hourMs = 60 * 60_000;
const Said = z.object({
  ready: z.boolean().optional(),
  /** Another process renews; the answer comes after it. */
  waiting: z.boolean().optional(),
  token: z.string().optional(),
  failure: z.string().optional(),
});
type Said = z.output<typeof Said>;

let database: TestDatabase;
let admin: RolePool;
let provider: Awaited<ReturnType<typeof startRotatingProvider>>;
let own: Awaited<ReturnType<typeof openSignInProcess>>;
const dataDir = mkdtempSync(path.join(tmpdir(), "postd-rotating-"));
const children: Child[] = [];
/** Processes that stay for all tests. */
const crew: Child[] = [];
const tenantId = newId("tenant");
let ids: readonly ConnectionId[];
let offsetMs = 0;

interface Child {
  readonly process: ChildProcess;
  open(connectionId: string): Promise<Said>;
  next(): Promise<Said>;
  /** The last `open` found that another process renews; rejects where it was answered, or the process ended, without that. */
  isWaiting(): Promise<void>;
}

before(async () => {
  database = await createTestDatabase();
  admin = openRolePool({ url: database.url, role: "postd_migrate", max: 2 });
  provider = await startRotatingProvider();
  await admin.pool.query("insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now())", [tenantId]);
  own = await openSignInProcess({ databaseUrl: database.url, dataDir, providerUrl: provider.url });
  ids = await connect();
});
after(async () => {
  for (const child of children) child.process.kill("SIGKILL");
  await own?.close();
  await admin?.close();
  await provider?.close();
  await database?.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function connect(): Promise<readonly ConnectionId[]> {
  const caller = { tenantId, actorId: asId("user", "usr_00000001"), role: "owner", sessionHash: "s" } as const;
  const done = await own.service.connectWithKeys(caller, { platform: "rotating", keys: {} });
  assert.ok(done.ok);
  return done.value.connections.map(({ id }) => asId("connection", id));
}

function startChild(options: { readonly diesAfterAnswer: boolean }): Child {
  const start = { databaseUrl: database.url, dataDir, providerUrl: provider.url, ...options };
  const program = fileURLToPath(new URL("testing/sign-in-child.ts", import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(start)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let waits = Promise.withResolvers<void>();
  const next = async (): Promise<Said> => {
    const line = await lines.next();
    const said: Said = line.done ? { failure: "the process is gone" } : Said.parse(JSON.parse(line.value));
    if (said.waiting) {
      waits.resolve();
      return next();
    }
    waits.promise.catch(() => {}); // Most opens are never asked whether they waited.
    waits.reject(new Error(`it did not wait: ${said.failure ?? "answered"}`));
    return said;
  };
  const made: Child = {
    process: child,
    next,
    isWaiting: () => waits.promise,
    open(connectionId) {
      waits = Promise.withResolvers();
      child.stdin.write(`${JSON.stringify({ tenantId, connectionId })}\n`);
      return next();
    },
  };
  children.push(made);
  return made;
}

async function advance(ms: number): Promise<void> {
  offsetMs += ms;
  await setClockOffset(admin.pool, offsetMs);
}

const signIn = async () =>
  (await admin.pool.query("select * from platform_sign_ins where tenant_id = $1", [tenantId])).rows[0];

/** Every process of the crew at once, each for one of the three accounts; answers what each was told, without repetitions. */
async function openAll(): Promise<readonly string[]> {
  const opened = await Promise.all(crew.map((child, i) => child.open(ids[i % ids.length] ?? "")));
  return [...new Set(opened.map(({ token, failure }) => token ?? failure ?? ""))];
}

test(`three accounts of one rotating sign-in, opened by ${processCount} processes at once: one refresh each time`, async () => {
  while (crew.length < processCount) {
    // A few at a time: what is to happen at once is the opening.
    const few = Array.from({ length: Math.min(4, processCount - crew.length) }, () =>
      startChild({ diesAfterAnswer: false }),
    );
    for (const child of few) assert.ok((await child.next()).ready);
    crew.push(...few);
  }
  assert.equal(new Set(crew.map(({ process: { pid } }) => pid)).size, processCount);
  for (let round = 1; round <= 3; round += 1) {
    await advance(hourMs);
    const [token = "", ...others] = await openAll();
    assert.deepEqual(others, [], "all have the same token");
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.equal(provider.calls.length, round);
    assert.equal((await signIn()).credential_version, 1 + round);
  }
  assert.equal(new Set(provider.calls).size, 3, "no refresh token was given twice");
});

/** Kills a process for good after the platform answered and before anything was stored. */
async function killBetweenAnswerAndStoring(connectionId = ids[0] ?? ""): Promise<void> {
  const calls = provider.calls.length;
  const doomed = startChild({ diesAfterAnswer: true });
  assert.ok((await doomed.next()).ready);
  const exit = once(doomed.process, "exit");
  assert.deepEqual(await doomed.open(connectionId), { failure: "the process is gone" });
  assert.equal((await exit)[1], "SIGKILL");
  assert.equal(provider.calls.length, calls + 1);
  assert.ok((await signIn()).refresh_intent_at, "the intent stays");
}

/** They come while the dead one's lease holds, and it runs out under them. */
async function openAllAfterIt(): Promise<readonly string[]> {
  const calls = provider.calls.length;
  const opened = openAll();
  for (const child of crew) await child.isWaiting();
  assert.equal(provider.calls.length, calls, "nobody asks while the lease holds");
  await advance(61_000);
  const said = await opened;
  assert.equal(provider.calls.length, calls + 1, "one of them takes over");
  return said;
}

test(`killed between answer and storing, at a platform that forgives: one of ${processCount} recovers it, and the history says so`, async () => {
  provider.beLenient(true);
  await advance(hourMs);
  await killBetweenAnswerAndStoring();
  const [token = "", ...others] = await openAllAfterIt();
  assert.deepEqual(others, [], "all have the same token");
  assert.match(token, /^[0-9a-f]{64}$/);
  const { rows } = await admin.pool.query(
    "select detail from connection_audit where tenant_id = $1 and action = 'refreshed' and detail ? 'afterCutOffAt'",
    [tenantId],
  );
  assert.equal(rows.length, 3, "all three accounts are told");
  const row = await signIn();
  assert.deepEqual([row.status, row.refresh_intent_at], ["healthy", null]);
});

test("killed between answer and storing, at a platform that does not: all ask for a new sign-in and say why", async () => {
  provider.beLenient(false);
  await advance(hourMs);
  await killBetweenAnswerAndStoring();
  for (const said of await openAllAfterIt()) assert.match(said, /cut off before its answer was stored/);
  const { rows } = await admin.pool.query(
    "select status, status_reason ->> 'message' as message from connections where tenant_id = $1",
    [tenantId],
  );
  assert.deepEqual(
    rows.map(({ status }) => status),
    ["attention", "attention", "attention"],
  );
  assert.ok(rows.every(({ message }) => /cut off before its answer was stored/.test(message)));
  assert.equal((await signIn()).status, "attention");
  // One new sign-in heals all.
  assert.deepEqual([...(await connect())].sort(), [...ids].sort());
  const [token = "", ...others] = await openAll();
  assert.deepEqual([token.length, others], [64, []]);
  for (const child of crew) child.process.stdin?.end();
  await Promise.all(crew.map(({ process: child }) => child.exitCode ?? once(child, "exit")));
});
