import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type System, startSystem } from "@postd/testkit/system";
import type pg from "pg";
import { openRolePool, type RolePool } from "../../apps/server/src/adapters/postgres/pools.ts";
import { withGuestbook } from "./connect-guestbook.ts";
import { fillEveryTable } from "./fill-every-table.ts";
import { makeTenant, type Tenant } from "./tenant-requests.ts";

/** Tables that name a tenant and have no row-level security, each with the reason. */
const exempt: Readonly<Record<string, string>> = {
  members: "sign-in reads them to learn which tenant a person works in",
  invitations: "the invited person is in no tenant yet",
  links: "a link is looked up by the hash of its token before the tenant is known",
  api_keys: "a key is looked up by its hash before its tenant is known",
  oauth_states: "a platform's answer is looked up by the hash of its state before the tenant is known",
};

/** Tables only the database's own functions write to. */
const written = new Set(["audit_log"]);

describe("the database gives the server one tenant's rows, and without a tenant none", () => {
  let system: System;
  let app: RolePool;
  let a: Tenant;
  let b: Tenant;
  let tables: readonly string[];

  before(async () => {
    system = await startSystem(withGuestbook);
    [a, b] = [await makeTenant(system, "Ada"), await makeTenant(system, "Bob")];
    for (const tenant of [a, b]) await fillEveryTable(system, tenant);
    // One connection only, so that every transaction below reuses it.
    app = openRolePool({ url: system.databaseUrl, role: "postd_app", max: 1 });
    const named = await system.query<{ name: string }>(
      `select c.table_name as name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
        where table_schema = 'public' and column_name = 'tenant_id' and table_type = 'BASE TABLE' order by 1`,
    );
    tables = named.map(({ name }) => name).filter((name) => !(name in exempt));
  });
  after(async () => {
    await app?.close();
    await system?.close();
  });

  it("every table that names a tenant forces row-level security or is exempt with a reason, and so is every view", async () => {
    const rows = await system.query<{ name: string; forced: boolean; policies: number }>(
      `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
         (select count(*)::int from pg_policies p where p.tablename = c.relname and 'postd_app' = any (p.roles)) as policies
       from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
         and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') order by 1`,
    );
    assert.ok(rows.length >= 18, `only ${rows.length} tables name a tenant`);
    for (const { name, forced, policies } of rows) {
      if (name in exempt) assert.equal(forced, false, `${name} is exempt but forced: take it off the list`);
      else assert.deepEqual({ name, forced, policies }, { name, forced: true, policies: 1 });
    }
    const views = await system.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
         and not coalesce(array_to_string(reloptions, ',') ~ 'security_invoker=(true|on|1)', false)`,
    );
    assert.deepEqual(views, [], "views must be security_invoker");
  });

  it("a reused connection shows no row of any table once the tenant's transaction is over, and no error", async () => {
    const pids = new Set<number>();
    for (const table of tables) {
      const seen = await asTenant(app.pool, a.id, (client) => count(client, table));
      assert.ok(seen > 0, `${table} has no row of the tenant, so the test below would prove nothing`);
      const client = await app.pool.connect();
      try {
        pids.add((await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid ?? 0);
        assert.equal(await count(client, table), 0, table);
        await client.query("begin");
        assert.equal(await count(client, table), 0, `${table} in a transaction without a tenant`);
        await client.query("commit");
      } finally {
        client.release();
      }
    }
    assert.equal(pids.size, 1, "the connection was not reused");
  });

  it("in one tenant's transaction no row of another can be read, changed, removed or written", async () => {
    for (const table of tables) {
      const kept = await system.query<{ count: number }>(
        `select count(*)::int as count from ${table} where tenant_id = $1`,
        [a.id],
      );
      await asTenant(app.pool, b.id, async (client) => {
        assert.ok((await count(client, table)) > 0, `${table} has no row of the asking tenant`);
        assert.equal(await count(client, table, a.id), 0, `${table} read`);
        for (const statement of [
          `update ${table} set tenant_id = tenant_id where tenant_id = '${a.id}'`,
          `delete from ${table} where tenant_id = '${a.id}'`,
        ])
          assert.equal(await changed(client, statement), 0, statement);
        // insufficient_privilege: refused by the policy, before any constraint is looked at
        const insert = (tenantId: string) =>
          inSavepoint(client, `insert into ${table} (tenant_id) values ($1)`, [tenantId]);
        await assert.rejects(insert(a.id), { code: "42501" }, `${table} insert`);
        const code = written.has(table) ? "42501" : "23502";
        await assert.rejects(insert(b.id), { code }, `${table} insert of its own gets as far as a constraint`);
      });
      const left = await system.query(`select count(*)::int as count from ${table} where tenant_id = $1`, [a.id]);
      assert.deepEqual(left, kept, table);
    }
  });

  it("the role that sees every tenant's jobs can read nothing an author wrote and no secret", async () => {
    const role = openRolePool({ url: system.databaseUrl, role: "postd_system", max: 1 });
    try {
      assert.equal((await role.pool.query("select id, state from publish_jobs")).rows.length > 0, true);
      for (const [table, column] of [
        ["publish_jobs", "content"],
        ["publish_jobs", "step_state"],
        ["publish_attempts", "prepared"],
        ["posts", "content"],
        ["inbox_entries", "text"],
        ["desk_decisions", "note"],
        ["desk_audits", "causes"],
        ["notifications", "data"],
        ["notification_channels", "name"],
        ["notification_deliveries", "recipient"],
        ["encrypted_secrets", "ciphertext"],
        ["encryption_keys", "wrapped"],
        ["sessions", "token"],
        ["api_keys", "hash"],
      ])
        await assert.rejects(
          role.pool.query(`select ${column} from ${table}`),
          { code: "42501" },
          `${table}.${column}`,
        );
    } finally {
      await role.close();
    }
  });
});

async function asTenant<T>(pool: pg.Pool, tenantId: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
    return await work(client);
  } finally {
    await client.query("commit");
    client.release();
  }
}

async function count(client: pg.PoolClient, table: string, tenantId?: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from ${table} where $1::text is null or tenant_id = $1`,
    [tenantId ?? null],
  );
  return rows[0]?.count ?? -1;
}

/** Rows a statement changed; a right the role does not have at all counts as none. */
async function changed(client: pg.PoolClient, statement: string): Promise<number> {
  try {
    return (await inSavepoint(client, statement)).rowCount ?? 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "42501") return 0;
    throw error;
  }
}

async function inSavepoint(client: pg.PoolClient, statement: string, values: readonly unknown[] = []) {
  await client.query("savepoint attempt");
  try {
    return await client.query(statement, [...values]);
  } finally {
    await client.query("rollback to savepoint attempt");
  }
}
