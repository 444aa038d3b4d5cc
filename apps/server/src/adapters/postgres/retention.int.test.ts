import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach, test } from "node:test";
import { type BlobStore, type SweepDeps, type Swept, sweep } from "@postd/core";
import pg from "pg";
import { openLocalBlobStore } from "../blob/local.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { createBlobRows, createRetention } from "./retention.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nothing: Swept = {
  states: 0,
  grants: 0,
  answers: 0,
  inbound: 0,
  checks: 0,
  entries: 0,
  notices: 0,
  events: 0,
  stepSecrets: 0,
  blobs: 0,
};

let database: TestDatabase;
let system: RolePool;
let admin: pg.Pool;
let folder: string;
let deps: SweepDeps & { readonly blobs: BlobStore };
let offsetMs = 0;

const close = async () => {
  await admin?.end();
  await system?.close();
  await database?.drop();
  if (folder) await rm(folder, { recursive: true });
};
after(() => close());
beforeEach(async () => {
  await close();
  offsetMs = 0;
  database = await createTestDatabase();
  system = openRolePool({ url: database.url, role: "postd_system", max: 2 });
  admin = new pg.Pool({ connectionString: database.url, max: 1 });
  folder = await mkdtemp(path.join(tmpdir(), "postd-sweep-"));
  deps = {
    retention: createRetention(system.db),
    blobs: await openLocalBlobStore({ folder }),
    blobRows: createBlobRows(system.db),
    clock: { now: () => new Date(Date.now() + offsetMs) },
  };
});

async function advance(ms: number): Promise<void> {
  offsetMs += ms;
  await setClockOffset(admin, offsetMs);
}
const ids = async (table: string, column = "id") =>
  (await admin.query(`select ${column} as id from ${table} order by 1`)).rows.map(({ id }) => id);

/** Two workspaces with a sealing key each. */
async function makeTenants(): Promise<void> {
  for (const t of ["a", "b"])
    await admin.query(`
      insert into tenants (id, name, slug, created_at) values ('ten_${t}', '${t}', '${t}', domain_now() - interval '1 hour');
      insert into encryption_keys (id, tenant_id, version, status, provider, master_key_id, wrapped, created_at)
        values ('dek_${t}', 'ten_${t}', 1, 'current', 'local', 'm', '\\x00', domain_now());`);
}
const seal = (t: string, owner: string) =>
  admin.query(
    `insert into encrypted_secrets (id, tenant_id, owner_id, name, key_id, nonce, ciphertext, updated_at)
     values ('sec_' || $2, 'ten_' || $1::text, $2, 'n', 'dek_' || $1::text, '\\x00', '\\x00', domain_now())`,
    [t, owner],
  );

test("a sign-in that was not finished goes with what was sealed for it once it has ended, and a connection's secrets stay", async () => {
  await makeTenants();
  for (const [t, life] of [
    ["a", "10 minutes"],
    ["b", "2 hours"],
  ] as const) {
    await admin.query(`
      insert into oauth_states (state_hash, tenant_id, user_id, session_hash, platform, auth_kind, redirect_uri, created_at, expires_at)
        values ('hash${t}', 'ten_${t}', 'u', 's', 'facebook', 'oauth', 'x', domain_now(), domain_now() + interval '${life}');
      insert into oauth_grants (id, tenant_id, platform, auth_kind, subject, scopes, accounts, simulated, created_by, created_at, expires_at)
        values ('gra_${t}', 'ten_${t}', 'facebook', 'oauth', '{}', '{}', '[]', true, 'u', domain_now(), domain_now() + interval '${life}');`);
    for (const owner of [`state_hash${t}`, `gra_${t}`, `con_${t}`]) await seal(t, owner);
  }
  assert.deepEqual(await sweep(deps), nothing);
  await advance(hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, states: 1, grants: 1 });
  assert.deepEqual(await ids("oauth_states", "state_hash"), ["hashb"]);
  assert.deepEqual(await ids("oauth_grants"), ["gra_b"]);
  assert.deepEqual(await ids("encrypted_secrets", "owner_id"), ["con_a", "con_b", "gra_b", "state_hashb"]);
  assert.deepEqual(await sweep(deps), nothing);
});

test("what people wrote goes when the platform lets it be kept no longer, and stays where it says nothing", async () => {
  await makeTenants();
  await admin.query(`
    insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
      values ('con_i', 'ten_a', 'model', 'keys', 'i', 'page', 'A', '{}', '{}', '{}', 'healthy', true, 'u', domain_now(), domain_now());
    insert into inbox_entries (id, tenant_id, connection_id, external_id, kind, text, own, cannot, created_at, seen_at, keep_until)
      select id, 'ten_a', 'con_i', id, 'comment', 'Hello', false, '{}', domain_now(), domain_now(), until
      from (values ('inb_a', domain_now() + interval '1 hour'), ('inb_b', domain_now() + interval '2 days'), ('inb_c', null)) as v(id, until);`);
  assert.deepEqual(await sweep(deps), nothing);
  await advance(hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, entries: 1 });
  assert.deepEqual(await ids("inbox_entries"), ["inb_b", "inb_c"]);
});

test("a look at an account goes 90 days after it was taken, and never before", async () => {
  await makeTenants();
  await admin.query(`
    insert into connection_health_log (id, tenant_id, connection_id, at, ok, latency_ms, result)
      select 'aud_' || days, 'ten_a', 'con_gone', domain_now() - days * interval '1 day', true, 1, '{}' from (values (1), (80)) as v(days)`);
  assert.deepEqual(await sweep(deps), nothing);
  await advance(10 * dayMs + hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, checks: 1 });
  assert.deepEqual(await ids("connection_health_log"), ["aud_1"]);
  await assert.rejects(system.pool.query("select result from connection_health_log"), { code: "42501" });
});

test("what steps keep goes with its job, or after 30 days in which nothing is to wake it, and never before", async () => {
  await makeTenants();
  await admin.query(`
    insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
      values ('con_a', 'ten_a', 'model', 'keys', '1', 'page', 'A', '{}', '{}', '{}', 'healthy', true, 'u', domain_now(), domain_now());
    insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      values ('post_a', 'ten_a', 'approved', '{}', '[]', '{}', 'u', domain_now(), domain_now());
    insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, has_sealed, simulated, created_at, updated_at)
      select id, 'ten_a', 'post_a', 'con_a', 'model', state, domain_now(), wake, kept, true, domain_now(), domain_now()
      from (values ('job_failed', 'failed', null, true), ('job_waits', 'processing', domain_now(), true), ('job_done', 'published', null, false))
        as v(id, state, wake, kept);`);
  for (const owner of ["job_failed", "job_waits", "job_done", "job_gone", "con_a"]) await seal("a", owner);
  assert.deepEqual(await sweep(deps), { ...nothing, stepSecrets: 2 });
  assert.deepEqual(await ids("encrypted_secrets", "owner_id"), ["con_a", "job_failed", "job_waits"]);
  await advance(30 * dayMs - hourMs);
  assert.deepEqual(await sweep(deps), nothing);
  await advance(2 * hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, stepSecrets: 1 });
  assert.deepEqual(await ids("encrypted_secrets", "owner_id"), ["con_a", "job_waits"]);
});

test("the role that sweeps can neither read a secret nor remove one of a connection", async () => {
  await makeTenants();
  await seal("a", "con_a");
  assert.equal((await system.pool.query("delete from encrypted_secrets")).rowCount, 0);
  await assert.rejects(system.pool.query("select ciphertext from encrypted_secrets"), { code: "42501" });
  await assert.rejects(system.pool.query("select response from idempotency_records"), { code: "42501" });
  await assert.rejects(system.pool.query("delete from posts"), { code: "42501" });
  await assert.rejects(system.pool.query("delete from media_assets"), { code: "42501" });
});

test("a first answer is forgotten after 7 days, unless the post it stands for exists", async () => {
  await makeTenants();
  await admin.query(`
    insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at, deleted_at)
      select id, 'ten_a', 'approved', '{}', '[]', '{}', 'u', domain_now(), domain_now(), gone
      from (values ('post_here', null::timestamptz), ('post_gone', now())) as v(id, gone);
    insert into idempotency_records (tenant_id, operation, key, body_hash, resource_id, created_at)
      select 'ten_a', 'createPost', key, 'h', post, domain_now()
      from (values ('1 here', 'post_here'), ('2 gone', 'post_gone'), ('3 never', 'post_never'), ('4 none', null)) as v(key, post);`);
  await advance(7 * dayMs - hourMs);
  assert.deepEqual(await sweep(deps), nothing);
  await advance(2 * hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, answers: 3 });
  assert.deepEqual(await ids("idempotency_records", "key"), ["1 here"]);
});

test("raw inbound requests go 30 days after they came, never before they were worked on", async () => {
  await admin.query(`
    insert into webhook_inbox (id, platform, received_at, headers, body, processed_at) values
      ('wev_done', 'facebook', domain_now(), '{}', '\\x00', domain_now()), ('wev_open', 'facebook', domain_now(), '{}', '\\x00', null);
    insert into webhook_unmatched (id, platform, account_external_id, type, received_at, data)
      values ('wev_lost', 'facebook', '1', 'post.changed', domain_now(), '{}');`);
  await advance(30 * dayMs - hourMs);
  assert.deepEqual(await sweep(deps), nothing);
  await advance(2 * hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, inbound: 2 });
  assert.deepEqual(await ids("webhook_inbox"), ["wev_open"]);
});

async function writeBlobs(...names: readonly string[]): Promise<void> {
  await mkdir(path.join(folder, "files", "ab"), { recursive: true });
  for (const name of names) await writeFile(path.join(folder, "files", "ab", `${name}.jpg`), "x");
}
const addMedia = (name: string, deletedAt: string) =>
  admin.query(`
    insert into media_assets (id, tenant_id, kind, mime_type, size_bytes, sha256, blob_key, created_by, created_at, deleted_at)
    values ('${name}', 'ten_a', 'image', 'image/jpeg', 1, 'h', 'ab/${name}.jpg', 'u', domain_now(), ${deletedAt})`);
const left = async (names: readonly string[]) => {
  const found = await Promise.all(names.map((name) => deps.blobs.open(`ab/${name}.jpg`)));
  return names.filter((_, index) => found[index] !== undefined);
};

test("a file no row names goes a day after it was written, and a file of a row never does", async () => {
  await makeTenants();
  const names = ["med_kept", "med_deleted", "med_loose"];
  await writeBlobs(...names);
  await addMedia("med_kept", "null");
  await addMedia("med_deleted", "domain_now()");
  await advance(dayMs - hourMs);
  assert.deepEqual(await sweep(deps), nothing);
  await advance(2 * hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, blobs: 2 });
  assert.deepEqual(await left(names), ["med_kept"]);
});

test("an original that a row names is kept as its file is, and goes with it", async () => {
  await makeTenants();
  const names = ["med_two", "med_two_original", "med_old", "med_old_original"];
  await writeBlobs(...names);
  await addMedia("med_two", "null");
  await addMedia("med_old", "domain_now()");
  await admin.query("update media_assets set original_key = replace(blob_key, '.jpg', '_original.jpg')");
  await advance(2 * dayMs);
  assert.deepEqual(await sweep(deps), { ...nothing, blobs: 2 });
  assert.deepEqual(await left(names), ["med_two", "med_two_original"]);
});

test("media just deleted keep their file for a day, while whoever reads it may be at it", async () => {
  await makeTenants();
  await writeBlobs("med_read");
  await advance(2 * dayMs);
  await addMedia("med_read", "domain_now()");
  assert.deepEqual(await sweep(deps), nothing);
  await advance(dayMs + hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, blobs: 1 });
});

test("a server pointed at a wrong or empty database removes nobody's files", async () => {
  await writeBlobs("med_other");
  await advance(2 * dayMs);
  assert.deepEqual(await sweep(deps), nothing, "an empty database");
  // Somebody signs up there; the files were written long before.
  const before = new Date(Date.now() - dayMs);
  await utimes(path.join(folder, "files", "ab", "med_other.jpg"), before, before);
  await admin.query("insert into tenants (id, name, slug, created_at) values ('ten_new', 'n', 'n', now())");
  await advance(2 * dayMs);
  assert.deepEqual(await sweep(deps), nothing, "a younger database");
  assert.deepEqual(await left(["med_other"]), ["med_other"]);
});

test("a sweep that is told to stop removes nothing more", async () => {
  await makeTenants();
  await writeBlobs("med_loose");
  await advance(2 * dayMs);
  assert.deepEqual(await sweep(deps, AbortSignal.abort()), nothing);
  assert.deepEqual(await sweep(deps), { ...nothing, blobs: 1 });
});

test("a notice goes 90 days after it ended, with how it was delivered, and never while it is open", async () => {
  await makeTenants();
  await admin.query(`
    insert into notifications (id, tenant_id, kind, subject_kind, subject_id, dedupe_key, data, raised_at, settled_at) values
      ('not_open', 'ten_a', 'budget_spent', 'platform', 'x', 'open', '{}', domain_now(), null),
      ('not_over', 'ten_a', 'budget_spent', 'platform', 'x', 'over', '{}', domain_now(), domain_now());
    insert into notification_deliveries (id, tenant_id, notification_id, channel, recipient, state, due_at, created_at) values
      ('nde_over', 'ten_a', 'not_over', 'mail', 'usr_1', 'sent', domain_now(), domain_now()),
      ('nde_wait', 'ten_a', 'not_open', 'mail', 'usr_1', 'pending', domain_now(), domain_now());`);
  await advance(90 * dayMs - hourMs);
  assert.deepEqual(await sweep(deps), nothing);
  await advance(2 * hourMs);
  assert.deepEqual(await sweep(deps), { ...nothing, notices: 1 });
  assert.deepEqual([await ids("notifications"), await ids("notification_deliveries")], [["not_open"], ["nde_wait"]]);
});
