import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { newId } from "@postd/core";
import { PgDialect } from "drizzle-orm/pg-core";
import pg from "pg";
import { openRolePool, type RolePool } from "./pools.ts";
import { createDueJobs, handOver } from "./system.ts";
import { letRecordsGo } from "./testing/let-records-go.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const caps = { perTenant: 40, perConnection: 20 };
let database: TestDatabase;
let admin: pg.Pool;
let system: RolePool;

before(async () => {
  database = await createTestDatabase();
  admin = new pg.Pool({ connectionString: database.url, max: 2 });
  system = openRolePool({ url: database.url, role: "postd_system", max: 6 });
});
after(async () => {
  await Promise.all([admin.end(), system.close()]);
  await database.drop();
});
beforeEach(() => admin.query(`${letRecordsGo}; truncate tenants cascade`));

async function account(tenantId: string): Promise<string> {
  const id = newId("connection");
  await admin.query(
    `insert into tenants (id, name, slug, created_at) values ($1, 'T', $1, now()) on conflict do nothing`,
    [tenantId],
  );
  await admin.query(
    `insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
     values ('post_' || $1, $1, 'approved', '{}', '[]', '{}', 'usr_1', now(), now()) on conflict do nothing`,
    [tenantId],
  );
  await admin.query(
    `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
     values ($1, $2, 'bluesky', 'keys', $1, 'page', 'N', '{}', '{}', '{}', 'healthy', true, 'usr_1', now(), now())`,
    [id, tenantId],
  );
  return id;
}

/** Jobs due since `dueMs` before now, the first longest. */
async function jobs(tenantId: string, connectionId: string, count: number, dueMs: number): Promise<void> {
  await admin.query(
    `insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, simulated, created_at, updated_at)
     select 'job_' || substr(md5($2 || $4 || i), 1, 24), $1, 'post_' || $1, $2, 'bluesky', 'scheduled', now(), domain_now() - ($4::int - i) * interval '1 millisecond', true, now(), now()
     from generate_series(0, $3::int - 1) as i`,
    [tenantId, connectionId, count, dueMs],
  );
}

const handedOf = (rows: readonly { readonly tenantId: string }[], tenantId: string) =>
  rows.filter((row) => row.tenantId === tenantId).length;

test("an account and a tenant have no more handed and unfinished than they may, whatever is due", async () => {
  const [one, two, three] = [await account("a"), await account("a"), await account("a")];
  for (const id of [one, two, three]) await jobs("a", id, 100, 60_000);
  const due = createDueJobs(system.db, caps);
  const all = [...(await due.takeDue(200)), ...(await due.takeDue(200)), ...(await due.takeDue(200))];
  assert.equal(all.length, caps.perTenant);
  for (const id of [one, two, three])
    assert.ok(all.filter(({ connectionId }) => connectionId === id).length <= caps.perConnection);
});

test("a newcomer's job behind 20,000 of another tenant is handed at the first turn", async () => {
  await jobs("a", await account("a"), 20_000, 3_600_000);
  await jobs("b", await account("b"), 1, 10);
  const handed = await createDueJobs(system.db, caps).takeDue(200);
  assert.equal(handedOf(handed, "b"), 1);
  assert.equal(handedOf(handed, "a"), caps.perConnection);
});

test("several dispatchers at once hand no job twice and stay within what a tenant may have", async () => {
  for (let i = 0; i < 4; i += 1) await jobs("a", await account("a"), 50, 60_000);
  const dispatchers = Array.from({ length: 5 }, () => createDueJobs(system.db, caps));
  const all = (await Promise.all(dispatchers.map((due) => due.takeDue(200)))).flat();
  assert.equal(all.length, caps.perTenant);
  assert.equal(new Set(all.map(({ jobId }) => jobId)).size, caps.perTenant);
});

test("a claimed job counts while its lease runs and no longer, a finished one not at all", async () => {
  const id = await account("a");
  await jobs("a", id, 60, 60_000);
  const due = createDueJobs(system.db, caps);
  const handed = (await due.takeDue(200)).map(({ jobId }) => jobId);
  assert.equal(handed.length, caps.perConnection);
  const claim = "lease_until = domain_now() + interval '1 minute', wake_at = domain_now() + interval '1 minute'";
  await admin.query(`update publish_jobs set state = 'publishing', ${claim} where id = any($1)`, [handed]);
  assert.equal((await due.takeDue(200)).length, 0, "all of them run");
  const done = "state = 'published', lease_until = null, wake_at = null";
  await admin.query(`update publish_jobs set ${done} where id = any($1)`, [handed.slice(0, 5)]);
  const waits = "state = 'retrying', lease_until = null, wake_at = domain_now() + interval '1 hour'";
  await admin.query(`update publish_jobs set ${waits} where id = any($1)`, [handed.slice(5, 8)]);
  const held = "state = 'held', wake_at = null";
  await admin.query(`update publish_jobs set ${held} where id = any($1)`, [handed.slice(8, 9)]);
  assert.equal((await due.takeDue(200)).length, 9);
  const dead =
    "handed_at = domain_now() - interval '1 minute', lease_until = domain_now() - interval '1 second', wake_at = domain_now() - interval '1 second'";
  await admin.query(`update publish_jobs set ${dead} where id = any($1)`, [handed.slice(9, 11)]);
  const again = await due.takeDue(200);
  assert.equal(again.length, 2, "a dead worker's jobs make room for two");
});

test("a lost hint is given again, and one that was given back at once", async () => {
  await jobs("a", await account("a"), 5, 60_000);
  const due = createDueJobs(system.db, caps);
  const handed = (await due.takeDue(200)).map(({ jobId }) => jobId);
  assert.deepEqual(await due.takeDue(200), []);
  await due.giveBack(handed.slice(0, 2));
  assert.equal((await due.takeDue(200)).length, 2);
  await admin.query(`update publish_jobs set handed_at = handed_at - interval '31 seconds' where id = $1`, [handed[4]]);
  assert.deepEqual(
    (await due.takeDue(200)).map(({ jobId }) => jobId),
    [handed[4]],
  );
});

test("the longest due go first", async () => {
  const [a, b] = [await account("a"), await account("b")];
  await jobs("a", a, 3, 5_000);
  await jobs("b", b, 3, 60_000);
  const due = createDueJobs(system.db, caps);
  assert.deepEqual(
    (await due.takeDue(4)).map(({ tenantId }) => tenantId),
    ["b", "b", "b", "a"],
  );
});

test("over 20,000 due rows a turn reads by indexes only", async (t) => {
  await jobs("a", await account("a"), 20_000, 3_600_000);
  await admin.query("vacuum analyze publish_jobs");
  const due = createDueJobs(system.db, { perTenant: 10_000, perConnection: 10_000 });
  const begun = performance.now();
  for (let i = 0; i < 10; i += 1) assert.equal((await due.takeDue(200)).length, 200);
  const question = new PgDialect().sqlToQuery(
    handOver({ perTenant: 10_000, perConnection: 10_000, limit: 200, lookAt: 800 }),
  );
  const { rows } = await system.pool.query(`explain ${question.sql}`, [...question.params]);
  const plan = rows.map((row) => String(row["QUERY PLAN"]));
  assert.deepEqual(
    plan.filter((line) => line.includes("Seq Scan on publish_jobs")),
    [],
  );
  assert.ok(plan.some((line) => line.includes("Index Scan using publish_jobs_wake")));
  t.diagnostic(`a turn over 20,000 due rows: ${((performance.now() - begun) / 10).toFixed(1)} ms`);
});
