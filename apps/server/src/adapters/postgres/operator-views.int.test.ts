import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { sql } from "drizzle-orm";
import pg from "pg";
import { dropDashboardViews } from "./dashboard-views.ts";
import { migrateDatabase } from "./migrate.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { withoutTenant, withTenant } from "./tenant-tx.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const views = [
  "api_connector_health_summary",
  "api_recent_errors",
  "api_token_health",
  "api_publish_performance",
  "api_dlq_status",
  "api_health_check_trends",
  "api_connector_readiness",
  "api_analytics_summary",
  "publish_job_analytics",
  "publish_job_errors",
] as const;
type View = (typeof views)[number];

let database: TestDatabase;
let app: RolePool;
let owner: RolePool;
let admin: pg.Client;

before(async () => {
  database = await createTestDatabase();
  app = openRolePool({ url: database.url, role: "postd_app", max: 2 });
  owner = openRolePool({ url: database.url, role: "postd_migrate", max: 1 });
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  for (const tenant of ["a", "b"]) await seed(tenant);
});
after(async () => {
  await admin.end();
  await Promise.all([app.close(), owner.close()]);
  await database.drop();
});

/** Three accounts, one of them gone; five jobs in different states with attempts, checks and numbers. */
async function seed(t: string): Promise<void> {
  await admin.query(`
    insert into tenants (id, name, slug, created_at) values ('ten_${t}', '${t}', '${t}', now());
    insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status,
      status_reason, token_expires_at, simulated, created_by, created_at, updated_at, disconnected_at, checked_at)
    select 'con_${t}' || n, 'ten_${t}', 'facebook', 'oauth', n, 'page', 'Page ' || n, '{}', '{}', '{}', status, reason::jsonb,
      now() + ends, false, 'usr_x', now(), now(), gone, now() - interval '1 hour'
    from (values ('1', 'healthy', null, interval '90 minutes', null::timestamptz),
                 ('2', 'attention', '{"code":"signed_out","message":"Sign in again."}', interval '-1 hour', null),
                 ('3', 'revoked', null, null, now())) as v(n, status, reason, ends, gone);
    insert into connection_health_log (id, tenant_id, connection_id, at, ok, latency_ms, result) values
      ('aud_${t}1', 'ten_${t}', 'con_${t}1', date_trunc('hour', now()), true, 100, '{}'),
      ('aud_${t}2', 'ten_${t}', 'con_${t}1', date_trunc('hour', now()), true, 300, '{}'),
      ('aud_${t}3', 'ten_${t}', 'con_${t}2', date_trunc('hour', now()), false, 200, '{"kind":"auth_revoked","message":"Removed."}'),
      ('aud_${t}4', 'ten_${t}', 'con_${t}2', now() - interval '8 days', false, 200, '{"kind":"auth_revoked","message":"Removed."}');
    insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      values ('post_${t}', 'ten_${t}', 'approved', '{}', '[]', '{}', 'usr_x', now(), now());
    insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, held_reason, scheduled_for, first_claimed_at,
      published_at, failure, needs_person, simulated, created_at, updated_at)
    select 'job_${t}' || n, 'ten_${t}', 'post_${t}', 'con_${t}' || c, 'facebook', state, reason, planned, planned, shown, failure::jsonb,
      person, false, planned - interval '1 day', now()
    from (values
      ('1', '1', 'published', null, now() - interval '1 hour', now() - interval '1 hour' + interval '2 seconds', null, false),
      ('2', '1', 'published', null, now() - interval '1 hour', now() - interval '1 hour' + interval '4 seconds', null, false),
      ('3', '1', 'failed', null, now() - interval '1 hour', null,
        '{"kind":"content_rejected","platformCode":"100","message":"No.","step":"show"}', false),
      ('4', '1', 'unknown', null, now() - interval '1 hour', null, null, true),
      ('5', '2', 'held', 'attention', now() + interval '1 hour', null, null, false),
      ('6', '1', 'scheduled', null, now() + interval '2 hours', null, null, false),
      ('7', '1', 'scheduled', null, now() + interval '3 days', null, null, false)
    ) as v(n, c, state, reason, planned, shown, failure, person);
    insert into publish_attempts (id, tenant_id, job_id, fence, step, kind, effect, repeatable, intent_at, answered_at, outcome, failure, note)
    values ('att_${t}1', 'ten_${t}', 'job_${t}1', 1, 'show', 'call', 'visible', false, now(), now(), 'ok', null, null),
      ('att_${t}3', 'ten_${t}', 'job_${t}3', 1, 'show', 'call', 'visible', false, now(), now(), 'failed',
        '{"kind":"content_rejected","platformCode":"100","message":"No.","step":"show"}', null),
      ('att_${t}4', 'ten_${t}', 'job_${t}4', 1, 'show', 'call', 'visible', false, now(), now(), 'lost', null, 'No answer was recorded.');
    insert into account_posts (id, tenant_id, connection_id, external_id, format, job_id, made_at, seen_at) values
      ('acp_${t}1', 'ten_${t}', 'con_${t}1', 'p1', 'text', 'job_${t}1', now(), now()),
      ('acp_${t}2', 'ten_${t}', 'con_${t}1', 'p2', 'text', 'job_${t}2', now(), now());
    insert into account_post_numbers (tenant_id, account_post_id, fetched_at, metrics) values
      ('ten_${t}', 'acp_${t}1', now() - interval '1 day', '[{"name":"likes","value":1,"platformName":"likes"}]'),
      ('ten_${t}', 'acp_${t}1', now(), '[{"name":"likes","value":5,"platformName":"likes"},{"name":"views","value":90,"platformName":"v"}]'),
      ('ten_${t}', 'acp_${t}2', now(), '[{"name":"likes","value":2,"platformName":"likes"}]');`);
}

async function read(view: View, tenant: string) {
  const { rows } = await withTenant(app.db, tenant, (tx) =>
    runSql<Record<string, unknown>>(tx, sql`select * from ${sql.identifier(view)}`),
  );
  return rows;
}
const numbers = (row: Record<string, unknown> | undefined, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, Number(row?.[name])]));

for (const view of views)
  test(`${view}: the server sees its tenant and nobody else, the operator every tenant`, async () => {
    const rows = await read(view, "ten_a");
    assert.ok(rows.length > 0);
    assert.deepEqual([...new Set(rows.map((row) => row.tenant_id))], ["ten_a"]);
    const unscoped = await withoutTenant(app.db, (tx) => runSql(tx, sql`select * from ${sql.identifier(view)}`));
    assert.deepEqual(unscoped.rows, []);
    const all = await runSql<{ tenant_id: string }>(
      owner.db,
      sql`select distinct tenant_id from ${sql.identifier(view)} order by 1`,
    );
    assert.deepEqual(
      all.rows.map((row) => row.tenant_id),
      ["ten_a", "ten_b"],
    );
  });

test("every view runs with its reader's rights, and the view and every column are described", async () => {
  const { rows } = await admin.query<{ name: string; invoker: boolean; bare: string[] }>(`
    select c.relname as name, coalesce('security_invoker=true' = any(c.reloptions), false) as invoker,
      array_remove(array_agg(case when col_description(c.oid, a.attnum) is null then a.attname::text end), null)
        || case when obj_description(c.oid) is null then array['the view itself'] else '{}' end as bare
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relkind = 'v' and c.relnamespace = 'public'::regnamespace group by c.oid, c.relname, c.reloptions order by 1`);
  assert.deepEqual(
    rows,
    [...views].sort().map((name) => ({ name, invoker: true, bare: [] })),
  );
});

test("accounts are counted by how they are, with the checks of the last day", async () => {
  const [row, ...others] = await read("api_connector_health_summary", "ten_a");
  assert.deepEqual(others, []);
  const expected = { accounts: 2, healthy: 1, attention: 1, disconnected: 1, checks_24h: 3, failed_checks_24h: 1 };
  assert.deepEqual(numbers(row, Object.keys(expected)), expected);
});

test("errors are told once each, wherever they came up", async () => {
  const rows = await read("api_recent_errors", "ten_a");
  assert.deepEqual(
    rows.map(({ source, job_id: job, kind, message }) => [source, job, kind, message].join(" | ")).sort(),
    [
      "attempt | job_a3 | content_rejected | No.",
      "attempt | job_a4 | lost | No answer was recorded.",
      "check |  | auth_revoked | Removed.",
    ],
  );
});

test("every try that went wrong is a row of its own, with what may be done about it", async () => {
  const rows = await read("publish_job_errors", "ten_a");
  assert.deepEqual(
    rows.map((row) => [row.job_id, row.kind, row.message, row.retryable, row.http_status].join(" | ")).sort(),
    ["job_a3 | content_rejected | No. | false | ", "job_a4 | lost | No answer was recorded. | false | "],
  );
});

test("a sign-in's end is shown for connected accounts only", async () => {
  const rows = await read("api_token_health", "ten_a");
  assert.deepEqual(rows.map((row) => [row.connection_id, Number(row.token_hours_left), row.reason]).sort(), [
    ["con_a1", 1.5, null],
    ["con_a2", -1, "signed_out"],
  ]);
});

test("lateness and outcomes of a day add up", async () => {
  const rows = await read("api_publish_performance", "ten_a");
  const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name]), 0);
  assert.deepEqual([sum("published"), sum("failed"), sum("unknown")], [2, 1, 1]);
  const row = rows.find(({ published }) => Number(published) === 2);
  assert.deepEqual(numbers(row, ["late_p50_seconds", "late_p95_seconds", "work_p50_seconds"]), {
    late_p50_seconds: 3,
    late_p95_seconds: 3.9,
    work_p50_seconds: 3,
  });
});

test("the desk is grouped by cause and says what asks for a person", async () => {
  const rows = await read("api_dlq_status", "ten_a");
  assert.deepEqual(
    rows.map((row) => [row.state, row.kind, row.platform_code, Number(row.jobs), Number(row.asking)]).sort(),
    [
      ["failed", "content_rejected", "100", 1, 0],
      ["unknown", null, null, 1, 1],
    ],
  );
});

test("checks of an hour are counted with their latency", async () => {
  const rows = await read("api_health_check_trends", "ten_a");
  assert.deepEqual(
    rows.map((row) => [Number(row.checks), Number(row.failed), Number(row.latency_p50_ms)]),
    [[3, 1, 200]],
  );
});

test("a platform is not ready while a post of the next day is on an account that cannot post", async () => {
  const [row] = await read("api_connector_readiness", "ten_a");
  const expected = { accounts: 2, ready: 1, need_person: 1, paused: 0, due_24h: 2, due_24h_not_ready: 1 };
  assert.deepEqual(numbers(row, Object.keys(expected)), expected);
  assert.equal(row?.is_ready, false);
  await admin.query("update connections set status = 'healthy' where id = 'con_b2'");
  assert.equal((await read("api_connector_readiness", "ten_b"))[0]?.is_ready, true);
  await admin.query("update tenants set paused_at = now() where id = 'ten_b'");
  const [paused] = await read("api_connector_readiness", "ten_b");
  assert.deepEqual([Number(paused?.ready), Number(paused?.paused), paused?.is_ready], [0, 2, false]);
});

test("only the newest numbers of a post count", async () => {
  const rows = await read("api_analytics_summary", "ten_a");
  assert.deepEqual(rows.map((row) => [row.metric, Number(row.posts), Number(row.total), Number(row.average)]).sort(), [
    ["likes", 2, 7, 3.5],
    ["views", 1, 90, 90],
  ]);
});

/** The SQL of the guide, first what makes the role, then the queries. */
function guideSql(): { readonly makeRole: string; readonly queries: readonly string[] } {
  const guide = readFileSync(new URL("../../../../../docs/guides/operate.md", import.meta.url), "utf8");
  const section = guide.slice(guide.indexOf("## Look with SQL"), guide.indexOf("## What is kept"));
  const [makeRole = "", ...queries] = [...section.matchAll(/```sql\n([\s\S]+?)```/g)].map(([, block = ""]) => block);
  return { makeRole, queries };
}

/** Somebody signed in as the guide's role, whose password everybody can read there. */
async function asDashboard(run: (client: pg.Client) => Promise<void>): Promise<void> {
  const { makeRole } = guideSql();
  await dropDashboardRole();
  await admin.query(makeRole.replace("on database postd ", `on database ${database.name} `));
  const url = new URL(database.url);
  url.username = "postd_dashboard";
  url.password = "choose one";
  const client = new pg.Client({ connectionString: url.href });
  try {
    await client.connect();
    await run(client);
  } finally {
    await client.end();
    await dropDashboardRole();
  }
}

async function dropDashboardRole(): Promise<void> {
  const { rowCount } = await admin.query("select 1 from pg_roles where rolname = 'postd_dashboard'");
  if (rowCount === 0) return;
  await admin.query("drop owned by postd_dashboard");
  await admin.query("drop role postd_dashboard");
}

const refused =
  /permission denied|cannot (insert into|update|delete from) view|must be owner|no schema has been selected|insufficient privilege|must be superuser/;
async function refuses(client: pg.Client, statement: string): Promise<void> {
  await assert.rejects(client.query(statement), refused, statement);
  await client.query("rollback");
}

test("the role of the guide reads every view of every workspace with the guide's queries", async () => {
  const { queries } = guideSql();
  assert.deepEqual(
    queries.map((query) => / from (api_\w+|publish_job_(?:analytics|errors))/.exec(query)?.[1]),
    [...views],
  );
  await asDashboard(async (client) => {
    for (const query of queries) assert.ok((await client.query(query)).fields.length > 3, query);
    for (const view of views) {
      const { rows } = await client.query(`select distinct tenant_id from ${view} order by 1`);
      assert.deepEqual(
        rows.map((row) => row.tenant_id),
        ["ten_a", "ten_b"],
        view,
      );
    }
  });
});

test("the role of the guide reads nothing but the views, and can write nothing, whatever it sets for itself", async () => {
  const { rows: relations } = await admin.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'v', 'm', 'p', 'S') and n.nspname not in ('pg_catalog', 'information_schema', 'dashboard')
       and n.nspname not like 'pg_toast%' and n.nspname not like 'pg_temp%' order by 1`,
  );
  assert.ok(relations.length > 30);
  await asDashboard(async (client) => {
    for (const setting of ["on", "off"]) {
      await client.query(`set default_transaction_read_only = ${setting}`);
      for (const { name } of relations) await refuses(client, `select 1 from ${name} limit 1`);
    }
    await client.query("set search_path = dashboard, public");
    for (const view of views) {
      await refuses(client, `insert into dashboard.${view} (tenant_id) values ('ten_a')`);
      await refuses(client, `update dashboard.${view} set tenant_id = 'ten_b'`);
      await refuses(client, `delete from dashboard.${view}`);
      await refuses(client, `drop view dashboard.${view}`);
      await refuses(client, `create or replace view dashboard.${view} as select 1`);
    }
    for (const statement of [
      "update public.publish_jobs set state = 'failed'",
      "insert into public.tenants (id, name, slug, created_at) values ('ten_c', 'c', 'c', now())",
      "truncate public.posts",
      "create table dashboard.t (a int)",
      "create table public.t (a int)",
      "create temporary table t (a int)",
      "create function pg_temp.f() returns int language sql as 'select 1'",
      "create function dashboard.f() returns int language sql as 'select 1'",
      "create schema s",
      "create role r",
      "set role postd_migrate",
      "set role postd_app",
      "set role postd_system",
      "alter view dashboard.api_token_health set schema public",
      "select lo_create(0)",
      "select lo_creat(1)",
      "select lo_from_bytea(0, 'x')",
      "select pg_read_file('/etc/passwd')",
      "copy (select 1) to '/tmp/postd-dashboard'",
    ])
      await refuses(client, statement);
    // Functions of ours run with their owner's rights as soon as one is made that way: none of them may be for everybody.
    const { rows } = await client.query<{ name: string }>(
      `select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname not in ('pg_catalog', 'information_schema') and has_function_privilege(p.oid, 'execute')
         and has_schema_privilege(n.oid, 'usage') order by 1`,
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      ["current_tenant", "domain_now"],
    );
  });
});

test("a migration finds no copy of a view in its way, and every view has its copy afterwards", async () => {
  const copies = async () =>
    (await admin.query("select viewname as name from pg_views where schemaname = 'dashboard' order by 1")).rows;
  const before = await copies();
  assert.deepEqual(
    before.map(({ name }) => name),
    [...views].sort(),
  );
  await dropDashboardViews(admin);
  assert.deepEqual(await copies(), []);
  await migrateDatabase(database.url);
  assert.deepEqual(await copies(), before);
});
