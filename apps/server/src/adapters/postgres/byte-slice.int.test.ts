import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asId, type JsonObject } from "@postd/contracts";
import { newId } from "@postd/core";
import pg from "pg";
import { sliceMaxBytes } from "./byte-slice.ts";
import { createConnectionsRepo } from "./connections-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { createPublishingStore } from "./publishing/store.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const tenantId = newId("tenant");
const connectionId = newId("connection");
const heavy = "x".repeat(300_000);
const count = 30;
let database: TestDatabase;
let admin: pg.Pool;
let app: RolePool;

before(async () => {
  database = await createTestDatabase();
  admin = new pg.Pool({ connectionString: database.url, max: 2 });
  app = openRolePool({ url: database.url, role: "postd_app", max: 4 });
  await admin.query("insert into tenants (id, name, slug, created_at) values ($1, 'T', $1, now())", [tenantId]);
  const connection = `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
     select $1 || i, $2, 'bluesky', 'keys', 'e' || i, 'page', 'N', $3::jsonb, '{}', '{}', 'healthy', true, 'usr_1', now(), now() from generate_series(10, 9 + $4::int) as i`;
  await admin.query(connection, [connectionId, tenantId, { heavy }, count]);
  await admin.query(
    `insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
     select 'post_' || (1000 + i), $1, 'draft', '{"text": "", "mediaIds": [], "options": {}}', '[]', $2::jsonb, 'usr_1', now(), now() from generate_series(1, $3::int) as i`,
    [tenantId, { heavy }, count],
  );
  await admin.query(
    `insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, content, failure, simulated, created_at, updated_at)
     select 'job_' || (1000 + i), $1, 'post_' || (1000 + i), $2, 'bluesky', 'failed', now(), $3::jsonb, $4::jsonb, true, now(), now() from generate_series(1, $5::int) as i`,
    [tenantId, `${connectionId}10`, { format: "text", text: heavy, media: [], options: {} }, { kind: heavy }, count],
  );
  await admin.query(
    `insert into connection_audit (id, tenant_id, connection_id, at, actor, action, detail)
     select 'aud_' || (10000000 + i), $1, $2, now() + i * interval '1 second', 'usr_1', 'connected', $3::jsonb from generate_series(1, $4::int) as i`,
    [tenantId, `${connectionId}10`, { heavy }, count],
  );
});
after(async () => {
  await Promise.all([admin.end(), app.close()]);
  await database.drop();
});

interface Part {
  readonly ids: readonly string[];
  readonly more: boolean;
  readonly last: unknown;
  readonly bytes: number;
}

const bytesOf = (value: unknown) => JSON.stringify(value).length;

/** Reads a list to its end and answers what every page held. */
async function readAll(read: (after: unknown) => Promise<Part>): Promise<void> {
  const seen: string[] = [];
  let after: unknown;
  let pages = 0;
  for (let more = true; more; pages += 1) {
    const part = await read(after);
    assert.ok(part.ids.length > 0 && part.bytes < sliceMaxBytes * 1.2, `a page of ${part.bytes} bytes`);
    seen.push(...part.ids);
    ({ more, last: after } = part);
  }
  assert.ok(pages > 1, "one page held everything");
  assert.equal(new Set(seen).size, count, "none is left out, none comes twice");
  assert.deepEqual(seen, [...seen].sort().reverse(), "newest first");
}

test("a list of heavy posts comes in pages of bounded size, each with the way to the next", async () => {
  const posts = createPublishingStore(app.db, { lateAfterMs: 1 }).forTenant(tenantId);
  await readAll(async (before) => {
    const { rows, more } = await posts.posts({ limit: 200, ...(before ? { before: String(before) } : {}) });
    return { ids: rows.map(({ post }) => post.id), more, last: rows.at(-1)?.post.id, bytes: bytesOf(rows) };
  });
});

test("lists of jobs leave out what the post says and are bounded by the rest", async () => {
  const posts = createPublishingStore(app.db, { lateAfterMs: 1 }).forTenant(tenantId);
  await readAll(async (before) => {
    const { rows, more } = await posts.jobs({ limit: 200, ...(before ? { before: String(before) } : {}) });
    assert.ok(rows.every(({ post }) => post.text === "" && post.format === "text"));
    return { ids: rows.map(({ id }) => id), more, last: rows.at(-1)?.id, bytes: bytesOf(rows) };
  });
});

test("connections and their timelines come in pages of bounded size", async () => {
  const repo = createConnectionsRepo(app.db).forTenant(tenantId);
  await readAll(async (after) => {
    const { rows, more } = await repo.list({ limit: 200, ...(after ? { afterId: String(after) } : {}) });
    return { ids: rows.map(({ id }) => id), more, last: rows.at(-1)?.id, bytes: bytesOf(rows) };
  });
  await readAll(async (after) => {
    const before = after as { readonly at: Date; readonly id: string } | undefined;
    const id = asId("connection", `${connectionId}10`);
    const { rows, more } = await repo.timeline({ id, limit: 200, ...(before ? { before } : {}) });
    return {
      ids: rows.map((row) => row.id),
      more,
      last: rows.at(-1),
      bytes: bytesOf(rows satisfies readonly { data: JsonObject }[]),
    };
  });
});

test("the desk does not load what posts say", async () => {
  const desk = await createPublishingStore(app.db, { lateAfterMs: 1 }).forTenant(tenantId).desk();
  assert.ok(bytesOf(desk) < 8_000_000 * 1.2 && desk.every(({ post }) => post.text === ""));
});
