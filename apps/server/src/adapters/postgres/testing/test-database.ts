import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { installQueueSchema } from "../../queue/pg-boss-schema.ts";
import { migrateDatabase } from "../migrate.ts";

export interface TestDatabase {
  /** Connection string of the administrator; roles are taken with `openRolePool`. */
  readonly url: string;
  readonly name: string;
  /** Removes the database even while connections are open. */
  drop(): Promise<void>;
}

const besideThis = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const migrationsFolder = besideThis("../migrations");
/** The pinned version of the queue engine and how we set it up. */
const engineFiles = [besideThis("../../../../package.json"), besideThis("../../queue/pg-boss-schema.ts")];
/** Any constant: one process per server builds a template at a time. */
const templateLock = 7_602_114;

/** The server tests make their databases on; the user must be allowed to create databases and roles. */
export function testServerUrl(): string {
  return (
    process.env.POSTD_TEST_PG_URL ??
    process.env.POSTD_TEST_DATABASE_URL ??
    "postgres://postgres@127.0.0.1:5432/postgres"
  );
}

/**
 * A migrated database of its own for one test file, the queue engine installed, cloned from a template that is made
 * once per state of the migrations folder. Safe from many processes at once. Throws when the server is not reachable.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = testServerUrl();
  const name = `postd_test_${randomBytes(8).toString("hex")}`;
  await asAdministrator(server, async (client) => {
    await retryOn(["55006", "3D000"], async () => {
      const template = await ensureTemplate(client, server);
      await client.query(`create database ${name} template ${template}`);
    });
    // Rights on a database are not part of what a clone copies.
    await client.query(`grant create, temporary on database ${name} to postd_migrate`);
  });
  return {
    url: urlOf(server, name),
    name,
    drop: () =>
      asAdministrator(server, async (client) => {
        // A session that is just ending is waited for, up to five seconds, by the server itself; told to go it would complain to a
        // pool that has let go of it, and nobody would hear.
        const inUse = await client.query(`drop database if exists ${name}`).then(() => false, isInUse);
        if (inUse) await client.query(`drop database if exists ${name} with (force)`);
      }),
  };
}

/**
 * A database as it stood after so many migrations, with rows of that time, brought to this version. `rows`: statements
 * that the tables' owner runs.
 */
export async function migrateTestDatabase(from: { readonly migrations: number; readonly rows: string }) {
  const server = testServerUrl();
  const name = `postd_test_${randomBytes(8).toString("hex")}`;
  await asAdministrator(server, (client) => client.query(`create database ${name} template template0`));
  const url = urlOf(server, name);
  await migrateDatabase(url, { upTo: from.migrations });
  const owner = new pg.Client({ connectionString: url, options: "-c role=postd_migrate -c timezone=UTC" });
  await owner.connect();
  try {
    await owner.query("delete from instance");
    await owner.query(from.rows);
  } finally {
    await owner.end();
  }
  await migrateDatabase(url);
  await installQueueSchema(url);
  const drop = () =>
    asAdministrator(server, async (client) => {
      await client.query(`drop database if exists ${name} with (force)`);
    });
  return { url, name, drop } satisfies TestDatabase;
}

/** Builds under another name and renames at the end, so a template that has its name is complete. */
async function ensureTemplate(client: pg.Client, server: string): Promise<string> {
  const template = `postd_template_${await schemaHash()}`;
  if (await exists(client, template)) return template;
  await client.query("select pg_advisory_lock($1)", [templateLock]);
  try {
    if (await exists(client, template)) return template;
    const draft = `${template}_draft`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft} template template0`);
    await migrateDatabase(urlOf(server, draft));
    await installQueueSchema(urlOf(server, draft));
    await retryOn(["55006"], () => client.query(`alter database ${draft} rename to ${template}`));
    await dropOthers(client, template);
  } finally {
    await client.query("select pg_advisory_unlock($1)", [templateLock]);
  }
  return template;
}

async function exists(client: pg.Client, database: string): Promise<boolean> {
  const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
  return rowCount === 1;
}

async function schemaHash(): Promise<string> {
  const hash = createHash("sha256");
  const migrations = (await readdir(migrationsFolder)).filter((name) => name.endsWith(".sql")).sort();
  for (const file of [...migrations.map((name) => `${migrationsFolder}/${name}`), ...engineFiles]) {
    hash.update(basename(file)).update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Templates of earlier states, and drafts a crash left; one that is being cloned right now stays. */
async function dropOthers(client: pg.Client, template: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select datname as name from pg_database where starts_with(datname, 'postd_template_') and datname <> $1",
    [template],
  );
  for (const { name } of rows) await client.query(`drop database if exists ${name}`).catch(unless(["55006"]));
}

/**
 * object_in_use (55006): a session that has just ended, or autovacuum, still counts as a user of the template;
 * undefined database (3D000): another checkout has just replaced the template.
 */
async function retryOn(codes: readonly string[], statement: () => Promise<unknown>): Promise<void> {
  for (let left = 100; ; left -= 1) {
    try {
      await statement();
      return;
    } catch (error) {
      if (left === 0) throw error;
      unless(codes)(error);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function isInUse(error: unknown): true {
  unless(["55006"])(error);
  return true;
}

/** Rethrows what is not one of these conditions. */
const unless = (codes: readonly string[]) => (error: unknown) => {
  if (!(error instanceof pg.DatabaseError) || !codes.includes(error.code ?? "")) throw error;
};

async function asAdministrator<T>(server: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server, application_name: "postd_test_database" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
