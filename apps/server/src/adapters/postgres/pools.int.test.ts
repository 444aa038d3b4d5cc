import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "drizzle-orm";
import pg from "pg";
import { openRolePool } from "./pools.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase();
});
after(() => database?.drop());

test("a connection that dies while a transaction is between two queries ends the transaction, not the process", async () => {
  const roles = openRolePool({ url: database.url, role: "postd_app", max: 2 });
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  try {
    const work = roles.db.transaction(async (tx) => {
      const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
      // The library's own transactions listen to nothing here; nobody asks the dead connection anything yet.
      await admin.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
      while ((await admin.query("select 1 from pg_stat_activity where pid = $1", [rows[0]?.pid])).rowCount !== 0);
      await new Promise((resolve) => setImmediate(resolve));
      await tx.execute(sql`select 1`);
    });
    await assert.rejects(work);
    assert.equal((await roles.pool.query("select 1")).rowCount, 1);
  } finally {
    await admin.end();
    await roles.close();
  }
});
