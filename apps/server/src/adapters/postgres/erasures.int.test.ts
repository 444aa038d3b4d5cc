import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { asId, type TenantId } from "@postd/contracts";
import { createConnectionsService, newId, type RunErasuresDeps, runErasures } from "@postd/core";
import pg from "pg";
import { createErasuresRepo } from "./erasures-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";
import { waitsForLock } from "./testing/waits-for-lock.ts";

let fixture: Fixture;
let system: RolePool;
let tables: readonly string[];
const removed: string[] = [];
before(async () => {
  fixture = await createFixture();
  system = openRolePool({ url: fixture.url, role: "postd_system", max: 2 });
  tables = (
    await rows(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`,
    )
  ).map(({ name }) => name);
});
after(async () => {
  await system?.close();
  await fixture?.close();
});

const rows = async (sql: string, ...values: unknown[]) => (await fixture.admin.pool.query(sql, values)).rows;
const repo = () => createErasuresRepo({ app: fixture.app.db, system: system.db });

/** Two accounts of one person, an app with its secret, and a file. */
async function workspace(): Promise<TenantId> {
  const tenantId = await fixture.tenant();
  const caller = fixture.caller(tenantId);
  fixture.platform.subject = `person-${randomUUID()}`;
  fixture.platform.accounts = ["one", "two"].map((id) => ({ id: `${id}-${tenantId}`, name: id }));
  const service = createConnectionsService(fixture.process().deps);
  const started = await service.startOAuth(caller, { provider: "blog", authKind: "login" });
  assert.ok(started.ok);
  const { state } = started.value;
  const back = await service.finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } });
  assert.ok(back.ok);
  const accounts = fixture.platform.accounts.map(({ id }) => ({ platform: "blog", externalId: id }));
  const made = await service.connectFromGrant(caller, { grantId: back.value.grantId, accounts });
  assert.ok(made.ok && made.value.connections.length === 2);
  await rows(
    `insert into media_assets (id, tenant_id, kind, mime_type, size_bytes, sha256, blob_key, created_by, created_at)
     values ($1, $2, 'image', 'image/png', 1, 'x', $1 || '.png', 'usr_1', now())`,
    `med_${randomUUID().replaceAll("-", "")}`,
    tenantId,
  );
  return tenantId;
}

const counts = async (tenantId: string) => {
  const found: Record<string, number> = {};
  for (const table of tables) {
    const [row] = await rows(`select count(*)::int as n from ${table} where tenant_id = $1`, tenantId);
    if (row.n > 0) found[table] = row.n;
  }
  return found;
};

/** A process that dies behind its nth call and does nothing more; before the next call is the same. */
function mortal(at: number) {
  let calls = 0;
  let dead = false;
  const die = () => {
    dead = true;
    throw new Error("killed");
  };
  const wrap = <T extends object>(target: T, names?: readonly string[]): T =>
    new Proxy(target, {
      get(of, name) {
        const value = Reflect.get(of, name) as unknown;
        if (typeof value !== "function" || (names && !names.includes(String(name)))) return value;
        return async (...args: unknown[]) => {
          if (dead) throw new Error("killed before");
          calls += 1;
          const mine = calls === at;
          const answer = await value.apply(of, args);
          if (mine) die();
          return answer;
        };
      },
    });
  const { deps } = fixture.process();
  const work: RunErasuresDeps = {
    erasures: wrap(repo()),
    blobs: wrap({
      remove: async (key) => {
        removed.push(key);
      },
    }),
    connections: { ...deps, connections: { forTenant: (tenantId) => wrap(deps.connections.forTenant(tenantId)) } },
  };
  return { work, died: () => dead };
}

const begin = async (tenantId: TenantId) => {
  const record = await repo().begin({ id: newId("erasure"), tenantId, by: asId("user", "usr_00000001") });
  assert.ok(record);
  return record;
};

test("an erasure that is killed between any two of its steps is gone on with, and takes everything of that workspace alone", async () => {
  const other = await workspace();
  const kept = await counts(other);
  assert.ok((kept.encrypted_secrets ?? 0) > 0 && (kept.audit_log ?? 0) > 0, JSON.stringify(kept));
  let points = 0;
  for (let at = 1; ; at += 1) {
    const tenantId = await workspace();
    const revokes = fixture.platform.revokes;
    const record = await begin(tenantId);
    const first = mortal(at);
    await runErasures(first.work).catch(() => {});
    for (let turn = 0; turn < 3; turn += 1) await runErasures(mortal(0).work);
    assert.deepEqual(await counts(tenantId), {}, `killed at ${at}`);
    const done = await repo().find(record.id);
    assert.equal(done?.stage, "done", `killed at ${at}`);
    assert.equal(done?.report.rowsLeft, 0);
    assert.equal(done?.report.rows?.connections, 2);
    assert.equal(done?.report.files, 1);
    assert.ok(fixture.platform.revokes > revokes, `the platform was not told, killed at ${at}`);
    if (!first.died()) break;
    points += 1;
  }
  assert.deepEqual(await counts(other), kept);
  assert.ok(points >= 15, `only ${points} points`);
  console.log(`  killed behind each of ${points} calls: erased whole every time, the other workspace untouched`);
});

test("a database session that is ended while it takes the rows takes none, and the next takes all", async () => {
  const tenantId = await workspace();
  const record = await begin(tenantId);
  await repo().advance(record.id, "files", {});
  await repo().advance(record.id, "rows", { files: 1 });
  const earlier = await counts(tenantId);
  // An administrator, who may end sessions; its lock holds the function up in the middle of its work.
  const administrator = new pg.Pool({ connectionString: fixture.url, max: 2 });
  const holder = await administrator.connect();
  try {
    await holder.query("begin");
    await holder.query("lock table encryption_keys in share mode");
    const erasing = repo().eraseRows(record.id);
    const failed = assert.rejects(erasing);
    await waitsForLock(administrator, erasing);
    const { rows: ended } = await administrator.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%erase_tenant%' and wait_event_type = 'Lock'",
    );
    assert.equal(ended.length, 1);
    await failed;
    await holder.query("rollback");
  } finally {
    holder.release();
    await administrator.end();
  }
  assert.deepEqual(await counts(tenantId), earlier);
  assert.equal(await repo().eraseRows(record.id), true);
  assert.deepEqual(await counts(tenantId), {});
  assert.equal(await repo().eraseRows(record.id), false);
});
