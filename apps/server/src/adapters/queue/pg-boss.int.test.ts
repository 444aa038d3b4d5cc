import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { openListener } from "../postgres/listen.ts";
import { openRolePool } from "../postgres/pools.ts";
import { createTestDatabase, type TestDatabase, testServerUrl } from "../postgres/testing/test-database.ts";
import { measureEngineRate } from "./measure-engine-rate.ts";
import { startPgBossQueue } from "./pg-boss.ts";
import { installQueueSchema } from "./pg-boss-schema.ts";
import { describeQueue, type OpenedQueue } from "./queue-contract.ts";

let database: TestDatabase;
let admin: pg.Client;

before(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
after(async () => {
  await admin.end();
  await database.drop();
});

async function open(options: { pollMs?: number; warnings?: unknown[] } = {}): Promise<OpenedQueue> {
  await admin.query("delete from pgboss.job_common");
  const listener = openListener({ url: database.url });
  const system = openRolePool({ url: database.url, role: "postd_system", max: 4 });
  const queue = await startPgBossQueue({
    pool: system.pool,
    listener,
    log: { warn: (fields) => options.warnings?.push(fields) },
    maintain: true,
    ...(options.pollMs !== undefined && { pollMs: options.pollMs }),
  });
  await listener.ready();
  return {
    queue,
    async cut() {
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
    },
    async close() {
      await queue.close();
      await listener.close();
      await system.close();
    },
  };
}

describeQueue("pg-boss", open, { hasConnections: true });

test("a push wakes the consumer, which need not wait for its poll", { timeout: 30_000 }, async () => {
  const { queue, close } = await open({ pollMs: 600_000 });
  let got = Promise.withResolvers<void>();
  const consumer = await queue.consume({ concurrency: 2 }, async () => got.resolve());
  for (let round = 0; round < 20; round += 1) {
    got = Promise.withResolvers();
    await queue.push([{ tenantId: "ten_a", jobId: `job_${round}` }]);
    await got.promise;
  }
  await consumer.stop();
  await close();
});

test("an outage is logged and waited out; work goes on by itself afterwards", { timeout: 30_000 }, async () => {
  const warnings: unknown[] = [];
  const { queue, cut, close } = await open({ pollMs: 20, warnings });
  const got = Promise.withResolvers<string>();
  const consumer = await queue.consume({ concurrency: 2 }, async ({ jobId }) => got.resolve(jobId));
  const server = new pg.Client({ connectionString: testServerUrl() });
  await server.connect();
  await server.query(`alter database ${database.name} with allow_connections false`);
  await cut?.();
  await assert.rejects(async () => {
    for (;;) await queue.depth();
  });
  while (warnings.length < 3) await new Promise((resolve) => setImmediate(resolve));
  await server.query(`alter database ${database.name} with allow_connections true`);
  await server.end();
  await queue.push([{ tenantId: "ten_a", jobId: "job_after" }]);
  assert.equal(await got.promise, "job_after");
  await consumer.stop();
  await close();
});

test("installing is repeatable, and concurrent starts do not disturb each other", async () => {
  await Promise.all([installQueueSchema(database.url), installQueueSchema(database.url)]);
});

test("the engine's schema is closed to the tenant role, and the runtime role cannot change its shape", async () => {
  const app = openRolePool({ url: database.url, role: "postd_app", max: 1 });
  await assert.rejects(app.pool.query("select * from pgboss.job"), /permission denied/);
  await app.close();
  const system = openRolePool({ url: database.url, role: "postd_system", max: 1 });
  await assert.rejects(system.pool.query("create table pgboss.mine (id int)"), /permission denied/);
  await assert.rejects(system.pool.query("delete from pgboss.queue"), /permission denied/);
  await system.close();
  const { rows } = await admin.query(
    "select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = 'pgboss'::regnamespace",
  );
  assert.deepEqual(rows, [{ owner: "postd_migrate" }]);
});

test("payloads in the database hold the two ids and nothing else", async () => {
  const { queue, close } = await open();
  const careless = { tenantId: "ten_a", jobId: "job_a", accessToken: "planted-secret" };
  await queue.push([careless]);
  const { rows } = await admin.query("select data from pgboss.job_common");
  assert.deepEqual(rows, [{ data: { tenantId: "ten_a", jobId: "job_a" } }]);
  await close();
});

test("the runtime role may do the engine's whole maintenance", async () => {
  const warnings: unknown[] = [];
  const { queue, close } = await open({ warnings });
  await queue.push([{ tenantId: "ten_a", jobId: "job_dead" }]);
  // A worker died with it long ago.
  await admin.query(
    "update pgboss.job_common set state = 'active', started_on = now() - interval '1 day', created_on = now() - interval '1 day'",
  );
  await admin.query("update pgboss.queue set monitor_on = null, maintain_on = null");
  const { PgBoss } = await import("pg-boss");
  const system = openRolePool({ url: database.url, role: "postd_system", max: 1 });
  const boss = new PgBoss({
    db: { executeSql: (text, values) => system.pool.query(text, values) },
    schema: "pgboss",
    migrate: false,
    supervise: false,
    schedule: false,
    reindex: false,
    monitorVacuum: false,
  });
  await boss.start();
  await boss.supervise();
  await boss.resolveFlow();
  await boss.stop({ graceful: false, close: false });
  await system.close();
  const { rows } = await admin.query("select state::text from pgboss.job_common");
  assert.deepEqual(rows, [{ state: "failed" }]);
  await close();
  assert.deepEqual(warnings, []);
});

test("the engine's raw pace is measured (printed, judged by eye)", async (t) => {
  const { queue, close } = await open();
  const rate = await measureEngineRate(queue, { tasks: 5_000 });
  t.diagnostic(`pg-boss: ${rate.pushedPerSecond} pushed/s, ${rate.handledPerSecond} handled/s`);
  assert.ok(rate.handledPerSecond > 0);
  assert.equal((await queue.depth()).waiting, 0);
  await close();
});
