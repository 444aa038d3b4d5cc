import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { InboxItem } from "@postd/core";
import { sql } from "drizzle-orm";
import pg from "pg";
import { createInbox } from "./inbox.ts";
import { migrateDatabase } from "./migrate.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { forTenant } from "./tenant-tx.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const olderMigrations = 13;
const tenantId = "ten_older";

describe("a server of an older version beside this one", () => {
  /** Only its server is of interest; the other database is on it. */
  let database: TestDatabase;
  let name: string;
  let url: string;
  let admin: pg.Client;
  /** Keeps one session, always busy, with statements that are planned once. */
  let older: pg.Pool;
  let newer: RolePool;

  before(async () => {
    database = await createTestDatabase();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    name = `${database.name}_older`;
    await admin.query(`create database ${name} template template0`);
    const named = new URL(database.url);
    named.pathname = `/${name}`;
    url = named.href;
    await migrateDatabase(url, { upTo: olderMigrations });
    older = new pg.Pool({
      connectionString: url,
      max: 1,
      application_name: "postd_app",
      options: "-c role=postd_app -c app.tenant_id=ten_older",
    });
    older.on("error", () => {});
    newer = openRolePool({ url, role: "postd_app", max: 1 });
  });
  after(async () => {
    await Promise.all([older?.end(), newer?.close()]);
    await admin?.query(`drop database if exists ${name} with (force)`);
    await admin?.end();
    await database?.drop();
  });

  const session = async () => (await older.query("select pg_backend_pid() as pid")).rows[0].pid;
  const readJobs = async () =>
    (await older.query({ name: "jobs", text: "select * from publish_jobs" })).fields.map((field) => field.name);

  test("goes on reading a table that gained columns under it", async () => {
    assert.ok(!(await readJobs()).includes("step_version"));
    await migrateDatabase(url);
    assert.ok((await readJobs()).includes("step_version"));
  });

  test("keeps its sessions when another start finds nothing to change", async () => {
    const before = await session();
    await migrateDatabase(url);
    assert.equal(await session(), before);
  });

  test("claims what it can do, and leaves new platforms, newer steps, parts that are gone, disabled accounts and tenants' own apps to this version", async () => {
    const client = new pg.Client({ connectionString: url, options: "-c role=postd_migrate" });
    await client.connect();
    await client.query(
      "insert into tenants (id, name, slug, created_at) values ($1, 'Northfold', 'northfold', now())",
      [tenantId],
    );
    await client.query(
      `insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      values ('post_older', $1, 'approved', '{}', '[]', '{}', 'usr_older', now(), now())`,
      [tenantId],
    );
    const plan = async (
      id: string,
      more: { platform?: string; version?: number; partsGone?: boolean; disabled?: boolean; app?: string },
    ) => {
      const { platform = "bluesky", version = 1, partsGone = false, disabled = false, app = "instance" } = more;
      await client.query(
        `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes,
          status, simulated, created_by, created_at, updated_at, disabled_at, app_id)
        values ('con_' || $1::text, $2, $3, 'key', $1, 'page', 'Northfold', '{}', '{}', '{}', 'healthy', true, 'usr_older', now(), now(),
          case when $4 then now() end, $5)`,
        [id, tenantId, platform, disabled, app],
      );
      await client.query(
        `insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, simulated, step_version,
          parts_gone, created_at, updated_at)
        values ('job_' || $1::text, $2, 'post_older', 'con_' || $1::text, $3, 'scheduled', now(), now(), true, $4, $5, now(), now())`,
        [id, tenantId, platform, version, partsGone],
      );
    };
    await plan("plain", {});
    await plan("page", { platform: "facebook" });
    await plan("newer_platform", { platform: "linkedin" });
    await plan("newer_steps", { version: 2 });
    await plan("parts_gone", { partsGone: true });
    await plan("disabled", { disabled: true });
    await plan("own_app", { app: "app_own" });
    await client.end();

    const claim =
      "update publish_jobs set state = 'publishing', fence = fence + 1, lease_until = now() where fence = 0";
    const hold =
      "update publish_jobs set state = 'held', fence = fence + 1, lease_until = null where id = 'job_disabled'";
    const claimed = await older.query(`${claim} returning id`);
    assert.deepEqual(claimed.rows.map(({ id }) => id).sort(), ["job_page", "job_plain"]);
    assert.equal((await older.query(hold)).rowCount, 1, "what a person asks of it is done");
    const rest = await runSql<{ id: string }>(forTenant(newer.db, tenantId), sql`${sql.raw(claim)} returning id`);
    assert.deepEqual(rest.rows.map(({ id }) => id).sort(), [
      "job_newer_platform",
      "job_newer_steps",
      "job_own_app",
      "job_parts_gone",
    ]);
  });

  test("takes requests it can read, and leaves those of newer providers and tenants' own apps to this version", async () => {
    const client = new pg.Client({ connectionString: url, options: "-c role=postd_app" });
    await client.connect();
    const came = [
      ["in_1", "meta", "instance"],
      ["in_2", "facebook", "app_own"],
      ["in_3", "facebook", "instance"],
    ];
    for (const row of came)
      await client.query(
        `insert into webhook_inbox (id, platform, app_id, received_at, headers, body) values ($1, $2, $3, now(), '{"headers": {}, "query": {}}', '')`,
        row,
      );
    const begun = await older.query(
      "update webhook_inbox set tries = tries + 1 where processed_at is null returning id",
    );
    assert.deepEqual(begun.rows, [{ id: "in_3" }]);
    const system = openRolePool({ url, role: "postd_system", max: 1 });
    const inbox = createInbox(newer.db, system.db);
    const read: string[] = [];
    const readOne = async ({ provider, appId }: InboxItem) => {
      read.push(`${provider} ${appId}`);
      return { events: 0 };
    };
    while ((await inbox.processNext(readOne)).kind !== "none");
    assert.deepEqual(read, ["meta instance", "facebook app_own", "facebook instance"]);
    await Promise.all([client.end(), system.close()]);
  });
});
