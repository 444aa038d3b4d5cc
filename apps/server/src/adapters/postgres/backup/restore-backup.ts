import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, cp, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import pg from "pg";
import { mergeKeyring, readKeyring } from "../../kms/keyring.ts";
import { appliedMigrations, knownMigrations, migrateDatabase } from "../migrate.ts";
import { makePrivate } from "./make-private.ts";
import { authSecretName, keyringName, type Manifest, mediaName, readManifest, tablesName } from "./manifest.ts";
import { tablesInOrder } from "./tables.ts";

export interface RestoreInput {
  readonly url: string;
  readonly folder: string;
  readonly dataDir: string;
  /** Master keys at hand besides the backup's own. */
  readonly keysAtHand: readonly string[];
  /** Go on although the tokens cannot be opened: every account must then be connected again. */
  readonly withoutKey: boolean;
}

export interface Restored {
  readonly rows: number;
  /** Planned posts that fell due since the backup: they may have gone out, so a person decides. */
  readonly held: number;
  readonly missingKeys: readonly string[];
}

/** Rows a migrated database begins with; the backup brings its own. */
const seeded = new Set(["instance", "sign_in_keys"]);
const batchBytes = 1_000_000;
const batchRows = 500;

/**
 * Loads a backup into an empty database in one transaction, at the version it was written by, and then migrates on.
 * Refuses before the first change when a file is damaged, the database is not empty or a master key is missing.
 */
export async function restoreBackup(input: RestoreInput): Promise<Restored> {
  const { url, folder, dataDir } = input;
  const manifest = await readManifest(folder);
  const known = await knownMigrations();
  if (manifest.migrations.length > known.length || manifest.migrations.some((tag, i) => tag !== known[i]))
    throw new Error("This backup was written by a newer or different POSTD. Restore it with that version.");
  const missingKeys = missingMasterKeys(manifest, input);
  if (missingKeys.length > 0 && !input.withoutKey)
    throw new Error(
      `The tokens in this backup are sealed with master key ${missingKeys.join(", ")}, which is neither in the backup nor here. ` +
        `Put the keyring.json that has it into ${dataDir}, or set POSTD_MASTER_KEY. Without it, restore with --without-key: ` +
        "posts and settings come back, and every account must be connected again.",
    );
  await verifyFiles(folder, manifest);
  await refuseUsed(url, manifest.migrations.length);
  await migrateDatabase(url, { upTo: manifest.migrations.length });
  const { rows, held } = await load(url, folder, manifest, missingKeys);
  await migrateDatabase(url);
  await restoreFiles(folder, dataDir, manifest);
  return { rows, held, missingKeys };
}

function missingMasterKeys(manifest: Manifest, { folder, keysAtHand }: RestoreInput): readonly string[] {
  const included = manifest.keyIncluded ? (readKeyring(path.join(folder, keyringName)) ?? []) : [];
  const there = new Set([...keysAtHand, ...included.map(({ id }) => id)]);
  return manifest.masterKeys.filter((id) => !there.has(id));
}

async function verifyFiles(folder: string, { tables }: Manifest): Promise<void> {
  for (const { file } of tables) {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path.join(folder, tablesName, file.name))) hash.update(chunk);
    if (hash.digest("hex") !== file.sha256)
      throw new Error(
        `${path.join(folder, tablesName, file.name)} is damaged. Nothing was restored; use another backup.`,
      );
  }
}

async function refuseUsed(url: string, migrations: number): Promise<void> {
  await withClient(url, {}, async (client) => {
    const applied = await appliedMigrations(client);
    if (applied === 0) return;
    for (const table of await tablesInOrder(client)) {
      if (seeded.has(table)) continue;
      const { rowCount } = await client.query(`select 1 from ${pg.escapeIdentifier(table)} limit 1`);
      if (rowCount)
        throw new Error(
          `The database is not empty (${table} has rows). Restore into a new database or a new data folder; nothing was changed.`,
        );
    }
    if (applied > migrations)
      throw new Error(
        "This database is empty but already of a newer version than the backup. Restore into a new database, or a new data folder; it is migrated afterwards.",
      );
  });
}

/** `app.restoring`: what is loaded is no change; the record of changes comes with it. */
async function load(
  url: string,
  folder: string,
  { tables }: Manifest,
  missingKeys: readonly string[],
): Promise<{ readonly rows: number; readonly held: number }> {
  return withClient(url, { options: "-c role=postd_migrate -c timezone=UTC -c app.restoring=on" }, async (client) => {
    await client.query("begin");
    try {
      let rows = 0;
      for (const { table } of tables)
        if (seeded.has(table)) await client.query(`delete from ${pg.escapeIdentifier(table)}`);
      for (const { table, file } of tables) {
        const loaded = await loadTable(client, table, path.join(folder, tablesName, file.name));
        if (loaded !== file.rows)
          throw new Error(`${table} has ${loaded} rows instead of ${file.rows}. Nothing was restored.`);
        rows += loaded;
      }
      if (missingKeys.length > 0)
        await client.query("delete from encryption_keys where master_key_id = any($1)", [missingKeys]);
      const held = await holdWhatMayHaveGoneOut(client);
      await client.query("commit");
      return { rows, held };
    } catch (error) {
      await client.query("rollback");
      throw error;
    }
  });
}

async function loadTable(client: pg.Client, table: string, file: string): Promise<number> {
  const name = pg.escapeIdentifier(table);
  const columns = (await writableColumns(client, table)).map((column) => pg.escapeIdentifier(column)).join(", ");
  const insert = `insert into ${name} (${columns}) select ${columns} from json_populate_recordset(null::${name}, $1::json)`;
  let loaded = 0;
  let [batch, bytes]: [string[], number] = [[], 0];
  const flush = async () => {
    if (batch.length === 0) return;
    const { rowCount } = await client.query(insert, [`[${batch.join(",")}]`]);
    loaded += rowCount ?? 0;
    [batch, bytes] = [[], 0];
  };
  for await (const line of linesOf(file)) {
    if (line === "") continue;
    batch.push(line);
    bytes += line.length;
    if (batch.length >= batchRows || bytes >= batchBytes) await flush();
  }
  await flush();
  return loaded;
}

/** Split at line feeds only: readline also ends lines at U+2028, which JSON text may hold. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  // compose, unlike pipe, hands a read error on to whoever reads the result.
  for await (const chunk of createReadStream(file).compose<Readable>(createGunzip())) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

/** Generated columns are computed again. */
async function writableColumns(client: pg.Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select a.attname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
     join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
     where c.relname = $1 and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}

/**
 * A backup knows nothing of what was sent after it. Whatever fell due since then may be live already, so nothing of it
 * goes out by itself. An open intent keeps its state: the platform is asked before anything is sent again.
 */
async function holdWhatMayHaveGoneOut(client: pg.Client): Promise<number> {
  const { rowCount } = await client.query(`
    update publish_jobs set state = 'held', held_reason = 'missed', wake_at = null, handed_at = null, lease_until = null,
      lease_owner = null, in_flight = null, fence = fence + 1, updated_at = domain_now()
    where scheduled_for <= domain_now() and (state in ('scheduled', 'retrying', 'processing') or (state = 'publishing' and open_attempt_id is null))`);
  return rowCount ?? 0;
}

async function restoreFiles(folder: string, dataDir: string, manifest: Manifest): Promise<void> {
  // A data folder that was there may be shared with the user PostgreSQL runs as; its own parts below never are.
  if ((await mkdir(dataDir, { recursive: true, mode: 0o700 })) !== undefined) await makePrivate(dataDir);
  if (manifest.keyIncluded) {
    mergeKeyring(path.join(dataDir, keyringName), path.join(folder, keyringName));
    const secret = path.join(folder, authSecretName);
    const target = path.join(dataDir, authSecretName);
    if ((await isThere(secret)) && !(await isThere(target))) await copyFile(secret, target);
  }
  const media = path.join(folder, mediaName);
  if (manifest.mediaIncluded && (await isThere(media)))
    await cp(media, path.join(dataDir, mediaName), { recursive: true });
  for (const name of [keyringName, authSecretName, mediaName]) await makePrivate(path.join(dataDir, name));
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

async function withClient<T>(
  url: string,
  options: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "postd_restore", ...options });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
