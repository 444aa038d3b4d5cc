import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { openRolePool } from "../pools.ts";
import { createTestDatabase, testServerUrl } from "./test-database.ts";

test("every caller gets a migrated database of its own, also many at once", async () => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => createTestDatabase()));
  try {
    assert.equal(new Set(databases.map((database) => database.name)).size, 4);
    for (const { url } of databases) {
      const app = openRolePool({ url, role: "postd_app", max: 1 });
      const { rows } = await app.pool.query("select clock_offset_ms from instance");
      assert.equal(rows.length, 1);
      await app.close();
    }
  } finally {
    await Promise.all(databases.map((database) => database.drop()));
  }
});

test("drop removes a database that is still connected to", async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  client.on("error", () => {}); // the server ends this session, which is the point
  await client.connect();
  await database.drop();
  const server = new pg.Client({ connectionString: testServerUrl() });
  await server.connect();
  const { rowCount } = await server.query("select 1 from pg_database where datname = $1", [database.name]);
  await server.end();
  assert.equal(rowCount, 0);
});
