import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { asId, type TenantId } from "@postd/contracts";
import { createAuditService } from "@postd/core";
import pg from "pg";
import { csvTable } from "../../http/csv.ts";
import { actAs } from "./acting.ts";
import { createAuditRepo } from "./audit-repo.ts";
import { createPeopleRepo } from "./people-repo.ts";
import { type DatabaseRole, databaseRoles, openRolePool, type RolePool } from "./pools.ts";
import { createTestDatabase, migrateTestDatabase, type TestDatabase } from "./testing/test-database.ts";

let database: TestDatabase;
let admin: pg.Pool;
let pools: Record<DatabaseRole, RolePool>;
before(async () => {
  database = await createTestDatabase();
  admin = new pg.Pool({ connectionString: database.url, max: 2 });
  const open = (role: DatabaseRole) => openRolePool({ url: database.url, role, max: 2 });
  pools = { postd_app: open("postd_app"), postd_system: open("postd_system"), postd_migrate: open("postd_migrate") };
});
after(async () => {
  await Promise.all([admin.end(), ...databaseRoles.map((role) => pools[role].close())]);
  await database.drop();
});

async function workspace(): Promise<TenantId> {
  const [id, person] = [`ten_${randomUUID().replaceAll("-", "")}`, `usr_${randomUUID().replaceAll("-", "")}`];
  await admin.query(
    `insert into users (id, name, email, created_at, updated_at) values ($1, 'Ada Lovelace', $1 || '@example.com', now(), now())`,
    [person],
  );
  await actAs({ kind: "person", id: person, requestId: "req_1" }, () =>
    createPeopleRepo(pools.postd_app.db).createTenant({
      id: asId("tenant", id),
      name: "Nordlys",
      slug: id,
      timeZone: "UTC",
      ownerId: asId("user", person),
      memberId: asId("member", `mbr_${randomUUID().replaceAll("-", "")}`),
      most: 9,
      at: new Date(),
    }),
  );
  await admin.query(
    `insert into connection_audit (id, tenant_id, connection_id, at, actor, action, detail)
     values ('aud_' || md5($1), $1, 'con_1', now(), 'usr_1', 'disconnected', '{"note": "Hill Bakery uses it too", "revokedAtPlatform": true}')`,
    [id],
  );
  return asId("tenant", id);
}

const audit = () => createAuditService({ audit: createAuditRepo(pools.postd_app.db) });
const caller = (tenantId: TenantId) =>
  ({ tenantId, actorId: asId("user", "usr_1"), role: "owner", sessionHash: "" }) as const;

for (const table of ["audit_log", "connection_audit"])
  test(`no role of the server changes, removes or empties ${table}, the owner of the tables and an administrator included`, async () => {
    const tenantId = await workspace();
    const rows = async () =>
      (await admin.query(`select to_jsonb(t) as row from ${table} t where tenant_id = $1 order by id`, [tenantId]))
        .rows;
    const earlier = await rows();
    assert.ok(earlier.length > 0);
    for (const pool of [...databaseRoles.map((role) => pools[role].pool), admin]) {
      const client = await pool.connect();
      try {
        for (const statement of [
          `update ${table} set action = 'nothing'`,
          `delete from ${table}`,
          `truncate ${table}`,
          `truncate tenants cascade`,
          `delete from tenants where id = '${tenantId}'`,
        ]) {
          await client.query("begin");
          await client.query("select set_config('app.tenant_id', $1, true), set_config('app.restoring', 'on', true)", [
            tenantId,
          ]);
          await assert.rejects(client.query(statement), { code: "42501" }, statement);
          await client.query("rollback");
        }
      } finally {
        client.release();
      }
    }
    assert.deepEqual(await rows(), earlier);
  });

test("the server's role writes nothing into the record itself, and hides no change by calling it a restore", async () => {
  const tenantId = await workspace();
  const client = await pools.postd_app.pool.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
    await client.query("savepoint forged");
    await assert.rejects(
      client.query(
        "insert into audit_log (id, tenant_id, at, actor_kind, action, subject_kind, subject_id) values ('aud_f', $1, now(), 'person', 'a', 'b', 'c')",
        [tenantId],
      ),
      { code: "42501" },
    );
    await client.query("rollback to forged");
    await client.query("set local app.restoring = 'on'");
    await client.query("update tenants set requires_approval = true where id = $1", [tenantId]);
    await client.query("commit");
  } finally {
    client.release();
  }
  const { rows } = await admin.query(
    "select action, actor_kind, before, after from audit_log where tenant_id = $1 and action = 'tenant.changed'",
    [tenantId],
  );
  assert.deepEqual(rows, [
    {
      action: "tenant.changed",
      actor_kind: "unknown",
      before: { requires_approval: false },
      after: { requires_approval: true },
    },
  ]);
});

test("a change that is rolled back leaves no row, and what changes nothing that counts writes none", async () => {
  const tenantId = await workspace();
  const count = async () =>
    Number((await admin.query("select count(*) from audit_log where tenant_id = $1", [tenantId])).rows[0]?.count);
  const earlier = await count();
  await assert.rejects(
    pools.postd_app.db.transaction(async (tx) => {
      await tx.execute(`update tenants set name = 'Changed' where id = '${tenantId}'`);
      throw new Error("changed my mind");
    }),
  );
  await admin.query("update tenants set metadata = '{}', time_zone = time_zone where id = $1", [tenantId]);
  assert.equal(await count(), earlier);
});

test("names are looked up when the record is read, and are gone with their person", async () => {
  const tenantId = await workspace();
  const found = await audit().list(caller(tenantId), { limit: 50, action: "member." });
  assert.ok(found.ok);
  const [added] = found.value.items;
  assert.equal(added?.action, "member.added");
  assert.equal(added?.subject.name, "Ada Lovelace");
  assert.equal(added?.actor.name, "Ada Lovelace");
  assert.equal(added?.requestId, "req_1");
  const stored = await admin.query("select audit_log::text as row from audit_log where tenant_id = $1", [tenantId]);
  for (const { row } of stored.rows) assert.doesNotMatch(row, /Lovelace|Nordlys|Hill Bakery|@example/);
  await admin.query("delete from users where id = $1", [added?.actor.id]);
  const later = await audit().list(caller(tenantId), { limit: 50, subject: "member" });
  assert.ok(later.ok);
  assert.deepEqual(
    later.value.items.map(({ action, subject }) => [action, subject.name]),
    [
      ["member.removed", undefined],
      ["member.added", undefined],
    ],
  );
});

test("what a version from before wrote of accounts is in the record, and what one beside writes comes to it, without names", async () => {
  const old = await migrateTestDatabase({
    migrations: 44,
    rows: `insert into tenants (id, name, slug, created_at) values ('ten_old', 'Old', 'old', now());
      insert into connection_audit (id, tenant_id, connection_id, at, actor, action, detail) values
        ('aud_1', 'ten_old', 'con_1', '2026-01-01', 'usr_1', 'connected', '{"authKind": "oauth", "simulated": false, "missingScopes": ["a"]}'),
        ('aud_2', 'ten_old', 'con_1', '2026-01-02', 'system', 'refreshed', '{"version": 2}'),
        ('aud_3', 'ten_old', 'con_1', '2026-01-03', 'key_1', 'connection_described', '{"name": "Ida Holm"}'),
        ('aud_4', 'ten_old', 'con_1', '2026-01-04', 'system', 'credentials_deleted', '{"note": "Ida Holm uses the same sign-in", "revokedAtPlatform": false}')`,
  });
  const client = new pg.Client({ connectionString: old.url });
  await client.connect();
  try {
    await client.query(
      `insert into connection_audit (id, tenant_id, connection_id, at, actor, action, detail)
       values ('aud_5', 'ten_old', 'con_1', '2026-01-05', 'platform', 'data_deleted', '{"note": "Ida Holm", "confirmationCode": "c"}')`,
    );
    const { rows } = await client.query(
      "select id, actor_kind, actor_id, action, after from audit_log where subject_id = 'con_1' order by at",
    );
    assert.deepEqual(rows, [
      {
        id: "aud_1",
        actor_kind: "person",
        actor_id: "usr_1",
        action: "connection.connected",
        after: { authKind: "oauth", simulated: false, missingScopes: ["a"] },
      },
      {
        id: "aud_4",
        actor_kind: "system",
        actor_id: null,
        action: "connection.credentials_deleted",
        after: { revokedAtPlatform: false },
      },
      {
        id: "aud_5",
        actor_kind: "platform",
        actor_id: null,
        action: "connection.data_deleted",
        after: { confirmationCode: "c" },
      },
    ]);
    const told = await client.query("select string_agg(detail::text, ' ') as all from connection_audit");
    assert.doesNotMatch(told.rows[0]?.all, /Ida Holm/);
  } finally {
    await client.end();
    await old.drop();
  }
});

test("the record is read page by page without a row lost or shown twice, and filtered by actor, subject, action and time", async () => {
  const tenantId = await workspace();
  for (let turn = 0; turn < 12; turn += 1)
    await actAs({ kind: "api_key", id: "key_1" }, () =>
      createPeopleRepo(pools.postd_app.db).updateTenant(tenantId, { requiresApproval: turn % 2 === 0 }),
    );
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await audit().list(caller(tenantId), { limit: 5, ...(cursor && { cursor }) });
    assert.ok(page.ok);
    seen.push(...page.value.items.map(({ id }) => id));
    cursor = page.value.nextCursor;
  } while (cursor);
  const all = await Array.fromAsync(audit().all(caller(tenantId), {}));
  assert.deepEqual(
    seen,
    all.map(({ id }) => id),
  );
  assert.equal(new Set(seen).size, seen.length);
  assert.equal(seen.length, 15);
  const counted = async (query: object) => (await Array.fromAsync(audit().all(caller(tenantId), query))).length;
  assert.equal(await counted({ actor: "key_1" }), 12);
  assert.equal(await counted({ actor: "person" }), 3);
  assert.equal(await counted({ action: "tenant." }), 13);
  assert.equal(await counted({ subject: tenantId, action: "tenant.created" }), 1);
  assert.equal(await counted({ since: "2000-01-01T00:00:00Z", until: "2000-01-02T00:00:00Z" }), 0);
});

test("no cell of the export is a formula to a spreadsheet", async () => {
  const cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", 'say "hi", then', "fine"];
  async function* rows() {
    yield cells;
  }
  const text = (
    await Array.fromAsync(
      csvTable(
        cells.map((_, index) => `column ${index}`),
        rows(),
      ),
    )
  ).join("");
  for (const cell of ["'=1+1", "'+1", "'-1", "'@SUM(A1)", `"say ""hi"", then"`]) assert.ok(text.includes(cell), cell);
  assert.doesNotMatch(text, /(^|,|\n|")[=+\-@\t\r](?!\n)/);
});
