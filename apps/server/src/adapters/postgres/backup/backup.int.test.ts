import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { checkDatabase } from "../../../commands/check-database.ts";
import { masterKeysAtHand } from "../../../commands/master-keys.ts";
import { knownMigrations, migrateDatabase } from "../migrate.ts";
import { createFixture, type Fixture } from "../testing/connections-fixture.ts";
import { letRecordsGo } from "../testing/let-records-go.ts";
import { testServerUrl } from "../testing/test-database.ts";
import { readManifest } from "./manifest.ts";
import { restoreBackup } from "./restore-backup.ts";
import { writeBackup } from "./write-backup.ts";

let fixture: Fixture;
let work: string;
const databases: string[] = [];

before(async () => {
  fixture = await createFixture();
  work = mkdtempSync(path.join(tmpdir(), "postd-backup-"));
  const tenantId = await fixture.tenant();
  const keys = { identifier: "ida", password: "right" };
  const done = await fixture.process().service.connectWithKeys(fixture.caller(tenantId), { platform: "blog", keys });
  assert.ok(done.ok);
  await plantPosts(tenantId, done.value.connections[0]?.id ?? "");
});
after(async () => {
  await fixture.close();
  await asAdministrator(async (client) => {
    for (const name of databases) await client.query(`drop database if exists ${name} with (force)`);
  });
  rmSync(work, { recursive: true, force: true });
});

const odd = 'line\nbreak, "quotes", back\\slash, ünïcödé 👩‍👩‍👧, \u2028 and \\u0000 as text';

async function plantPosts(tenantId: string, connectionId: string): Promise<void> {
  const { pool } = fixture.admin;
  for (let i = 0; i < 1_200; i += 1)
    await pool.query(
      `insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
       values ($1, $2, 'approved', $3, '[]', $4, 'usr_00000001', '2026-01-02T03:04:05.678Z', now())`,
      [
        `post_${String(i).padStart(8, "0")}`,
        tenantId,
        { text: `${odd} ${i}`, media: [], options: {} },
        { big: 12345678901234, none: null },
      ],
    );
  for (const [i, state, minutes] of [
    [1, "scheduled", -10],
    [2, "scheduled", 10],
    [3, "published", -10],
    [4, "processing", -5],
  ] as const)
    await pool.query(
      `insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, simulated, created_at, updated_at)
       values ($1, $2, $3, $4, 'blog', $5, now() + $6 * interval '1 minute', now(), true, now(), now())`,
      [`job_0000000${i}`, tenantId, `post_0000000${i}`, connectionId, state, minutes],
    );
}

async function asAdministrator<T>(run: (client: pg.Client) => Promise<T>, url = testServerUrl()): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

async function emptyDatabase(): Promise<string> {
  const name = `postd_backup_${process.pid}_${databases.length}`;
  databases.push(name);
  await asAdministrator((client) => client.query(`create database ${name} template template0`));
  const url = new URL(testServerUrl());
  url.pathname = `/${name}`;
  return url.href;
}

const backUp = (name: string, options: { withKey?: boolean } = {}) =>
  writeBackup({
    url: fixture.url,
    folder: path.join(work, name),
    dataDir: fixture.dataDir,
    withKey: options.withKey ?? false,
    withMedia: false,
  });
const restore = (
  url: string,
  name: string,
  options: { keysAtHand?: readonly string[]; withoutKey?: boolean; dataDir?: string } = {},
) =>
  restoreBackup({
    url,
    folder: path.join(work, name),
    dataDir: options.dataDir ?? path.join(work, `data-${name}`),
    keysAtHand: options.keysAtHand ?? [],
    withoutKey: options.withoutKey ?? false,
  });

const digest = (url: string, table: string, where = "true") =>
  asAdministrator(async (client) => {
    const { rows } = await client.query(
      `select md5(string_agg(t::text, E'\\n' order by t::text)) as hash, count(*)::int as n from ${table} t where ${where}`,
    );
    return rows[0];
  }, url);

test("a backup restored into an empty database is the same row by row and opens its tokens", async () => {
  const manifest = await backUp("whole", { withKey: true });
  assert.deepEqual(manifest, await readManifest(path.join(work, "whole")));
  const url = await emptyDatabase();
  const dataDir = path.join(work, "data-whole");
  await restore(url, "whole", { dataDir });
  for (const table of manifest.tables.map((it) => it.table).filter((name) => name !== "publish_jobs"))
    assert.deepEqual(await digest(url, table), await digest(fixture.url, table), table);
  const findings = await checkDatabase(url, { masterKeys: undefined, dataDir });
  assert.deepEqual(
    findings.filter(({ ok }) => !ok),
    [],
  );
  assert.ok(masterKeysAtHand({ masterKeys: undefined, dataDir }).length > 0);
});

test("a backup and what is restored of it are private to their owner, whatever the umask and the rights of the sources", async () => {
  const media = path.join(fixture.dataDir, "media", "files", "ab");
  mkdirSync(media, { recursive: true });
  writeFileSync(path.join(media, "abc"), "picture");
  for (const open of [fixture.dataDir, path.join(fixture.dataDir, "media"), media]) chmodSync(open, 0o755);
  chmodSync(path.join(media, "abc"), 0o644);
  const before = process.umask(0o000);
  try {
    for (const umask of [0o000, 0o022, 0o077]) {
      process.umask(umask);
      const folder = path.join(work, `private-${umask}`);
      const dataDir = path.join(work, `private-data-${umask}`);
      await writeBackup({ url: fixture.url, folder, dataDir: fixture.dataDir, withKey: true, withMedia: true });
      await restoreBackup({ url: await emptyDatabase(), folder, dataDir, keysAtHand: [], withoutKey: false });
      for (const root of [folder, dataDir]) {
        const rights = [
          root,
          ...readdirSync(root, { recursive: true }).map((name) => path.join(root, String(name))),
        ].map((file) => ({
          file,
          mode: (statSync(file).mode & 0o777).toString(8),
          isFolder: statSync(file).isDirectory(),
        }));
        assert.ok(
          rights.some(({ file }) => file.endsWith("abc")) && rights.some(({ file }) => file.endsWith("keyring.json")),
        );
        assert.deepEqual(
          rights.filter(({ mode, isFolder }) => mode !== (isFolder ? "700" : "600")),
          [],
        );
      }
    }
  } finally {
    process.umask(before);
    rmSync(path.join(fixture.dataDir, "media"), { recursive: true });
  }
});

test("what fell due since the backup is held for a person, and what is planned or done stays", async () => {
  await backUp("held", { withKey: true });
  const url = await emptyDatabase();
  assert.equal((await restore(url, "held")).held, 2);
  const { rows } = await asAdministrator(
    (client) => client.query("select id, state, held_reason from publish_jobs order by id"),
    url,
  );
  assert.deepEqual(
    rows.map(({ state, held_reason }) => [state, held_reason]),
    [
      ["held", "missed"],
      ["scheduled", null],
      ["published", null],
      ["held", "missed"],
    ],
  );
});

test("without its master key a backup is refused, unless told to go on without tokens", async () => {
  const manifest = await backUp("keyless");
  const url = await emptyDatabase();
  await assert.rejects(restore(url, "keyless"), /keyring\.json.*POSTD_MASTER_KEY.*--without-key/s);
  assert.equal(
    await asAdministrator(
      async (c) => (await c.query("select 1 from pg_tables where schemaname = 'public'")).rowCount,
      url,
    ),
    0,
  );
  const done = await restore(url, "keyless", { withoutKey: true });
  assert.deepEqual(done.missingKeys, manifest.masterKeys);
  assert.equal((await digest(url, "encrypted_secrets")).n, 0);
  assert.equal((await digest(url, "posts")).n, 1_200);
  const other = await emptyDatabase();
  assert.deepEqual((await restore(other, "keyless", { keysAtHand: manifest.masterKeys })).missingKeys, []);
});

test("no token is in a backup in plain text", async () => {
  await backUp("sealed");
  const tables = path.join(work, "sealed", "tables");
  for (const file of readdirSync(tables)) {
    const text = gunzipSync(readFileSync(path.join(tables, file))).toString();
    assert.ok(!/refresh-[0-9a-f]{24}|access-[0-9a-f]{24}|"right"/.test(text), file);
    assert.ok(!text.includes(Buffer.from("refresh-").toString("hex")), file);
  }
  assert.ok(!existsSync(path.join(work, "sealed", "keyring.json")));
});

test("a damaged backup is refused before anything is changed", async () => {
  await backUp("damaged", { withKey: true });
  appendFileSync(path.join(work, "damaged", "tables", "posts.ndjson.gz"), "x");
  const url = await emptyDatabase();
  await assert.rejects(restore(url, "damaged"), /damaged/);
  assert.equal(
    await asAdministrator(
      async (c) => (await c.query("select 1 from pg_tables where schemaname = 'public'")).rowCount,
      url,
    ),
    0,
  );
});

test("a database with rows in it is never restored into", async () => {
  await backUp("used", { withKey: true });
  const untouched = await digest(fixture.url, "posts");
  await assert.rejects(restore(fixture.url, "used"), /not empty/);
  assert.deepEqual(await digest(fixture.url, "posts"), untouched);
});

test("an existing folder is never written over, and an unfinished backup is not one", async () => {
  await backUp("once");
  await assert.rejects(backUp("once"), /exists already/);
  await assert.rejects(readManifest(work), /not a backup/);
});

test("a backup is one moment although rows are written meanwhile", async () => {
  let writing = true;
  const writer = (async () => {
    for (let i = 0; writing; i += 1)
      await fixture.admin.pool.query(
        "with t as (insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now()) returning id) insert into encryption_keys (id, tenant_id, version, status, provider, master_key_id, wrapped, created_at) select 'dek_' || id, id, 1, 'current', 'local', 'mk_x', '', now() from t",
        [`ten_busy${String(i).padStart(8, "0")}`],
      );
  })();
  const manifest = await backUp("busy");
  writing = false;
  await writer;
  const url = await emptyDatabase();
  await restore(url, "busy", { keysAtHand: manifest.masterKeys });
  const { n: tenants } = await digest(url, "tenants", "id like 'ten_busy%'");
  const { n: keys } = await digest(url, "encryption_keys", "tenant_id like 'ten_busy%'");
  assert.equal(tenants, keys);
  await fixture.admin.pool.query(`${letRecordsGo}; delete from tenants where id like 'ten_busy%'`);
});

test("a backup of an older version is loaded at that version and migrated on", async () => {
  const old = await emptyDatabase();
  await migrateDatabase(old, { upTo: 2 });
  await asAdministrator(
    (c) => c.query("insert into tenants (id, name, slug, created_at) values ('ten_00000001', 'a', 'a', now())"),
    old,
  );
  const folder = path.join(work, "old");
  const manifest = await writeBackup({ url: old, folder, dataDir: work, withKey: false, withMedia: false });
  assert.equal(manifest.migrations.length, 2);
  const url = await emptyDatabase();
  await restore(url, "old");
  const { rows } = await asAdministrator(
    (c) => c.query("select count(*)::int as n from drizzle.__drizzle_migrations"),
    url,
  );
  assert.equal(rows[0].n, (await knownMigrations()).length);
  const newer = await emptyDatabase();
  await migrateDatabase(newer);
  await assert.rejects(restore(newer, "old"), /newer version than the backup/);
});

test("a check names what is wrong", async () => {
  const url = await emptyDatabase();
  const blank = await checkDatabase(url, { masterKeys: undefined, dataDir: work });
  assert.match(blank.find(({ what }) => what === "version")?.detail ?? "", /db -- migrate/);
  await migrateDatabase(url);
  await asAdministrator((c) => c.query("alter table posts no force row level security"), url);
  const open = await checkDatabase(url, { masterKeys: undefined, dataDir: work });
  assert.deepEqual(
    open.filter(({ ok }) => !ok).map(({ what, detail }) => `${what}: ${detail}`),
    ["row security: not forced on posts"],
  );
  const away = await checkDatabase("postgres://postgres@127.0.0.1:1/none", { masterKeys: undefined, dataDir: work });
  assert.equal(away[0]?.ok, false);
  const keyless = await checkDatabase(fixture.url, { masterKeys: undefined, dataDir: work });
  assert.match(keyless.find(({ ok }) => !ok)?.detail ?? "", /keyring\.json/);
});
