import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { runBatch } from "./batch.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

describe("statements sent in one message", () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  before(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
    await pool.query("create table kept (id int primary key, text text, bytes bytea, at timestamptz)");
  });
  after(async () => {
    await pool?.end();
    await database?.drop();
  });

  const insert = (id: number, text: string | null = null) => ({
    sql: "insert into kept (id, text) values ($1, $2)",
    params: [id, text],
  });
  const rows = async () => (await pool.query("select id from kept order by id")).rows.map(({ id }) => id);
  const pid = async () => (await pool.query("select pg_backend_pid() as pid")).rows[0].pid;

  it("answer each for itself, with the driver's types", async () => {
    const at = new Date("2026-03-02T09:00:00.123Z");
    const hard = `it's "hard" \\ $1 ; -- \u{1F600}`;
    const [written, read] = await runBatch(pool, [
      { sql: "insert into kept values ($1, $2, $3, $4)", params: [1, hard, Buffer.from([0, 255]), at] },
      { sql: "select *, $1::bool as yes, $2::text as nothing from kept", params: [true, null] },
    ]);
    assert.equal(written?.rowCount, 1);
    assert.deepEqual(read?.rows, [{ id: 1, text: hard, bytes: Buffer.from([0, 255]), at, yes: true, nothing: null }]);
    await pool.query("delete from kept");
  });

  it("are one transaction: an error in the last undoes the first, and the connection goes on", async () => {
    const before = await pid();
    for (let round = 0; round < 3; round += 1)
      await assert.rejects(runBatch(pool, [insert(1), insert(2), insert(1)]), { code: "23505" });
    assert.deepEqual(await rows(), []);
    await runBatch(pool, [insert(1), insert(2)]);
    assert.deepEqual(await rows(), [1, 2]);
    assert.equal(await pid(), before);
    await pool.query("delete from kept");
  });

  it("a text the server refused, or never saw because one before it failed, works when it is right later", async () => {
    const select = { sql: "select count(*)::int as n from later where $1::int > 0", params: [1] };
    await assert.rejects(runBatch(pool, [insert(1), select]), { code: "42P01" });
    await assert.rejects(runBatch(pool, [insert(5), insert(5), { sql: "select $1::int as x", params: [7] }]), {
      code: "23505",
    });
    await pool.query("create table later (id int)");
    const [, counted] = await runBatch(pool, [insert(1), select]);
    assert.deepEqual(counted?.rows, [{ n: 0 }]);
    const [, seven] = await runBatch(pool, [insert(2), { sql: "select $1::int as x", params: [7] }]);
    assert.deepEqual(seven?.rows, [{ x: 7 }]);
    await pool.query("delete from kept");
  });

  it("a statement whose columns a migration changed answers the new ones, and what stood before it ran once", async () => {
    const all = { sql: "select * from kept where id >= $1", params: [0] };
    await runBatch(pool, [insert(1), all]);
    const before = await pid();
    await pool.query("alter table kept add column later int default 7");
    const [, read] = await runBatch(pool, [insert(2), all]);
    assert.deepEqual(
      read?.rows.map(({ id, later }) => [id, later]),
      [
        [1, 7],
        [2, 7],
      ],
    );
    assert.equal(await pid(), before);
    await pool.query("alter table kept drop column later");
    await pool.query("delete from kept");
  });

  it("a setting made for the transaction is gone after it", async () => {
    const [, inside] = await runBatch(pool, [
      { sql: "select set_config('app.tenant_id', $1, true)", params: ["ten_a"] },
      { sql: "select current_setting('app.tenant_id', true) as tenant", params: [] },
    ]);
    assert.equal(inside?.rows[0].tenant, "ten_a");
    const [after] = await runBatch(pool, [{ sql: "select current_tenant() as tenant", params: [] }]);
    assert.equal(after?.rows[0].tenant, null);
  });

  it("each text is parsed once per connection, and however many there are, few are kept", async () => {
    const prepared = async () =>
      (await pool.query("select count(*)::int as n from pg_prepared_statements where name like 'postd_%'")).rows[0].n;
    for (let round = 0; round < 3; round += 1) await runBatch(pool, [{ sql: "select 41 + $1::int", params: [round] }]);
    const first = await prepared();
    await runBatch(pool, [{ sql: "select 41 + $1::int", params: [9] }]);
    assert.equal(await prepared(), first);
    for (let n = 0; n < 400; n += 1) await runBatch(pool, [{ sql: `select ${n} + $1::int`, params: [1] }]);
    assert.ok((await prepared()) <= 310, `${await prepared()} statements are kept`);
  });

  it("a connection that dies fails what was sent on it and the next one works", async () => {
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    pool.on("error", () => {});
    const [answer] = await runBatch(pool, [{ sql: "select pg_backend_pid() as pid", params: [] }]);
    await admin.query("select pg_terminate_backend($1)", [answer?.rows[0].pid]);
    await admin.end();
    for (let tries = 0; ; tries += 1) {
      const next = await runBatch(pool, [{ sql: "select 1 as one", params: [] }]).catch(() => undefined);
      if (next) break;
      assert.ok(tries < 5);
    }
  });
});
