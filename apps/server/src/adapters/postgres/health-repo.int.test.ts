import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asId } from "@postd/contracts";
import pg from "pg";
import { createHealthReader } from "./health-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const [ada, bob] = [asId("tenant", "ten_ada"), asId("tenant", "ten_bob")];
let database: TestDatabase;
let admin: pg.Client;
let system: RolePool;
let app: RolePool;

before(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  system = openRolePool({ url: database.url, role: "postd_system", max: 2 });
  app = openRolePool({ url: database.url, role: "postd_app", max: 2 });
  for (const tenant of [ada, bob]) {
    await admin.query("insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now())", [tenant]);
    await admin.query(
      `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
       values ($1, $2, 'bluesky', 'oauth', 'did', 'profile', 'n', '{}', '{}', '{}', 'healthy', true, 'usr_a', now(), now())`,
      [`con_${tenant}`, tenant],
    );
    await admin.query(
      `insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
       values ($1, $2, 'approved', '{}', '[]', '{}', 'usr_a', now(), now())`,
      [`post_${tenant}`, tenant],
    );
  }
});
after(async () => {
  await Promise.all([system.close(), app.close(), admin.end()]);
  await database.drop();
});

let jobs = 0;
async function job(tenant: string, columns: Record<string, string>): Promise<void> {
  jobs += 1;
  const names = Object.keys(columns);
  await admin.query(
    `insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, scheduled_for, simulated, created_at, updated_at${names.map((name) => `, ${name}`).join("")})
     values ('job_${jobs}', '${tenant}', 'post_${tenant}', 'con_${tenant}', 'bluesky', now(), true, now(), now()${names.map((name) => `, ${columns[name]}`).join("")})`,
  );
}

test("on an empty instance nothing is due and no canary has run", async () => {
  const flow = await createHealthReader({ system: system.db, app: app.db }).flow();
  assert.deepEqual(
    { ...flow, now: undefined },
    {
      now: undefined,
      canaryRanAt: undefined,
      canaryLatencyMs: undefined,
      pausedAt: undefined,
      oldestDueMs: 0,
      trouble: [],
      outages: [],
      inbound: { oldestMs: 0, waiting: 0, dead: 0 },
    },
  );
});

test("readings show the canary, the oldest due job of all tenants and what a platform keeps from moving", async () => {
  const reader = createHealthReader({ system: system.db, app: app.db });
  await job(ada, { state: "'scheduled'", wake_at: "now() + interval '1 hour'" });
  await job(bob, { state: "'scheduled'", wake_at: "now() - interval '90 seconds'" });
  await job(ada, { state: "'held'", held_reason: "'outage'" });
  await job(ada, { state: "'held'", held_reason: "'attention'" });
  await job(bob, { state: "'retrying'", wake_at: "now() + interval '3 seconds'" });
  await reader.recordCanary(41.6);
  const flow = await reader.flow();
  assert.equal(flow.canaryLatencyMs, 42);
  assert.ok(flow.canaryRanAt && flow.now.getTime() - flow.canaryRanAt.getTime() < 60_000);
  assert.ok(flow.oldestDueMs >= 90_000 && flow.oldestDueMs < 150_000, `${flow.oldestDueMs}`);
  const [trouble] = flow.trouble;
  assert.equal(trouble?.heldForOutage, 1);
  assert.equal(trouble?.retrying, 1);
  assert.ok(trouble?.lastHeldAt instanceof Date);
});

test("a tenant counts its own jobs and nobody else's", async () => {
  const reader = createHealthReader({ system: system.db, app: app.db });
  const own = await reader.tenantJobs(ada);
  assert.deepEqual(own, { due: 0, oldestDueMs: 0, states: { scheduled: 1, held: 2 } });
  const other = await reader.tenantJobs(bob);
  assert.equal(other.due, 1);
  assert.ok(other.oldestDueMs >= 90_000);
});

test("figures count what went out and what failed since the given time, with how long it took", async () => {
  const reader = createHealthReader({ system: system.db, app: app.db });
  const published = (tookS: number, agoH = 1) => ({
    state: "'published'",
    published_at: `now() - interval '${agoH} hours'`,
    first_claimed_at: `now() - interval '${agoH} hours' - interval '${tookS} seconds'`,
  });
  for (const tookS of [1, 2, 3]) await job(ada, published(tookS));
  await job(ada, published(9, 48));
  await job(ada, { state: "'failed'" });
  await job(bob, published(7));
  const figures = await reader.tenantFigures(ada, new Date(Date.now() - 24 * 3_600_000));
  assert.deepEqual(figures, [
    { platform: "bluesky", published: 3, failed: 1, p50Ms: 2_000, p95Ms: 2_900, simulated: true },
  ]);
});
