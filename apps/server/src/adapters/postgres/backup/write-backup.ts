import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { copyFile, cp, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import pg from "pg";
import { appliedMigrations, knownMigrations } from "../migrate.ts";
import { makePrivate } from "./make-private.ts";
import { authSecretName, keyringName, type Manifest, manifestName, mediaName, tablesName } from "./manifest.ts";
import { tablesInOrder } from "./tables.ts";

export interface BackupInput {
  readonly url: string;
  /** Must not exist yet; appears when the backup is whole. */
  readonly folder: string;
  readonly dataDir: string;
  /** Puts master keys and session secret beside the data: whoever has the backup can then open every token. */
  readonly withKey: boolean;
  readonly withMedia: boolean;
}

const rowsAtOnce = 500;

/**
 * Writes all rows as one consistent snapshot, streamed, one compressed file of JSON lines per table, while the server
 * runs. Works with every PostgreSQL, because it needs none of its programs.
 */
export async function writeBackup({ url, folder, dataDir, withKey, withMedia }: BackupInput): Promise<Manifest> {
  if (await isThere(folder)) throw new Error(`${folder} exists already. Choose another name; nothing was written.`);
  if (withKey && !(await isThere(path.join(dataDir, keyringName))))
    throw new Error(
      `There is no ${keyringName} in ${dataDir} to include. Keys given by POSTD_MASTER_KEY are kept by you; back up without --with-key.`,
    );
  const draft = `${folder}.partial-${process.pid}`;
  await mkdir(path.join(draft, tablesName), { recursive: true, mode: 0o700 });
  try {
    await makePrivate(draft);
    const manifest = { ...(await dump(url, draft)), keyIncluded: withKey, mediaIncluded: withMedia };
    if (withKey)
      for (const name of [keyringName, authSecretName])
        await copyIfThere(path.join(dataDir, name), path.join(draft, name));
    // After the snapshot: what it refers to is there, and files are never changed once they have a name.
    if (withMedia && (await isThere(path.join(dataDir, mediaName))))
      await cp(path.join(dataDir, mediaName, "files"), path.join(draft, mediaName, "files"), { recursive: true });
    await writeFile(path.join(draft, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    await makePrivate(draft);
    await rename(draft, folder);
    return manifest;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function dump(url: string, draft: string): Promise<Omit<Manifest, "keyIncluded" | "mediaIncluded">> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "postd_backup",
    options: "-c role=postd_migrate -c timezone=UTC",
  });
  await client.connect();
  try {
    await client.query("begin transaction isolation level repeatable read, read only");
    const count = await appliedMigrations(client);
    const known = await knownMigrations();
    if (count > known.length) throw new Error("This database belongs to a newer POSTD. Back it up with that version.");
    const about = await client.query<{ now: Date; version: string; keys: string[] }>(
      "select domain_now() as now, current_setting('server_version') as version, array(select distinct master_key_id from encryption_keys order by 1) as keys",
    );
    const tables: Manifest["tables"] = [];
    for (const table of await tablesInOrder(client))
      tables.push({ table, file: await dumpTable(client, draft, table) });
    await client.query("commit");
    const [row] = about.rows;
    if (!row) throw new Error("the database did not tell its time");
    return {
      format: 1,
      createdAt: row.now.toISOString(),
      serverVersion: row.version,
      migrations: known.slice(0, count),
      tables,
      masterKeys: row.keys,
    };
  } finally {
    await client.end();
  }
}

async function dumpTable(client: pg.Client, draft: string, table: string): Promise<Manifest["tables"][number]["file"]> {
  const name = `${table}.ndjson.gz`;
  const hash = createHash("sha256");
  let [rows, sizeBytes] = [0, 0];
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  const quoted = pg.escapeIdentifier(table);
  await client.query(`declare backup_rows no scroll cursor for select row_to_json(t)::text as line from ${quoted} t`);
  async function* lines() {
    for (;;) {
      const batch = await client.query<{ line: string }>(`fetch ${rowsAtOnce} from backup_rows`);
      if (batch.rows.length === 0) return;
      rows += batch.rows.length;
      yield `${batch.rows.map(({ line }) => line).join("\n")}\n`;
    }
  }
  const file = createWriteStream(path.join(draft, tablesName, name), { mode: 0o600, flush: true });
  await pipeline(Readable.from(lines()), createGzip(), counted, file);
  await client.query("close backup_rows");
  return { name, rows, sizeBytes, sha256: hash.digest("hex") };
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

async function copyIfThere(from: string, to: string): Promise<void> {
  if (await isThere(from)) await copyFile(from, to);
}
