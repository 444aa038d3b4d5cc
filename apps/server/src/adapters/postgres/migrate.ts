import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { z } from "zod";
import { dropDashboardViews, makeDashboardViews } from "./dashboard-views.ts";
import { endOlderSessions } from "./end-older-sessions.ts";
import { databaseRoles } from "./pools.ts";

const migrationsFolder = fileURLToPath(new URL("./migrations", import.meta.url));
/** Any constant; one per database keeps two starting servers from migrating at once. */
const migrationLock = 7_602_113;

/**
 * Makes the three roles, then runs pending migrations as `postd_migrate`. Safe to call from many processes at once.
 * `url` must name a user that may create roles, or one an operator made a member of the three roles beforehand.
 * Sessions of servers from before what it ran are ended, so that an older version goes on beside.
 * `upTo` stops after that many migrations, for loading a backup of an older version.
 */
export async function migrateDatabase(url: string, options: { readonly upTo?: number } = {}): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "postd_migrator" });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    for (const role of databaseRoles) await ensureRole(client, role);
    const { rows } = await client.query<{ database: string }>("select quote_ident(current_database()) as database");
    const database = rows[0]?.database;
    if (!database) throw new Error("the server did not name its database");
    await retryShared(client, `grant connect, create, temporary on database ${database} to postd_migrate`);
    await retryShared(client, `grant connect on database ${database} to postd_app, postd_system`);
    await client.query("grant usage, create on schema public to postd_migrate");
    await client.query("set role postd_migrate");
    const before = await appliedMigrations(client);
    if (before < (await knownMigrations()).length) await dropDashboardViews(client);
    await withMigrations(options.upTo, (folder) => migrate(drizzle(client), { migrationsFolder: folder }));
    await makeDashboardViews(client);
    await client.query("reset role");
    if (before > 0 && before < (await appliedMigrations(client))) await endOlderSessions(client);
  } finally {
    await client.end();
  }
}

/** Roles are shared by the whole server, so another database's migration may be making them this very moment. */
async function ensureRole(client: pg.Client, role: string): Promise<void> {
  const { rows } = await client.query(
    "select pg_has_role(current_user, oid, 'member') as member from pg_roles where rolname = $1",
    [role],
  );
  if (rows.length === 0) {
    try {
      await client.query(`create role ${role} nologin`);
    } catch (error) {
      if (!isRace(error)) throw error;
    }
  }
  if (rows[0]?.member !== true) await retryShared(client, `grant ${role} to current_user`);
}

async function retryShared(client: pg.Client, statement: string): Promise<void> {
  for (let left = 20; ; left -= 1) {
    try {
      await client.query(statement);
      return;
    } catch (error) {
      if (left === 0 || !isRace(error)) throw error;
    }
  }
}

/** duplicate_object, unique_violation, or "tuple concurrently updated" (XX000) on a shared catalogue. */
function isRace(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ["42710", "23505", "XX000"].includes(error.code ?? "");
}

const Journal = z.looseObject({ entries: z.array(z.looseObject({ tag: z.string() })) });

/** Names of all migrations this version knows, oldest first. */
export async function knownMigrations(): Promise<readonly string[]> {
  return (await readJournal()).entries.map(({ tag }) => tag);
}

/** How many migrations a database has had; 0 for an empty one. Any role that may read the migrator's table. */
export async function appliedMigrations(client: Pick<pg.ClientBase, "query">): Promise<number> {
  const { rows } = await client.query<{ there: string | null }>(
    "select to_regclass('drizzle.__drizzle_migrations') as there",
  );
  if (!rows[0]?.there) return 0;
  const applied = await client.query<{ n: number }>("select count(*)::int as n from drizzle.__drizzle_migrations");
  return applied.rows[0]?.n ?? 0;
}

async function readJournal() {
  return Journal.parse(JSON.parse(await readFile(path.join(migrationsFolder, "meta/_journal.json"), "utf8")));
}

/** The migrator runs all a journal lists, so stopping early means a copy with a shorter journal. */
async function withMigrations(upTo: number | undefined, run: (folder: string) => Promise<void>): Promise<void> {
  if (upTo === undefined) return run(migrationsFolder);
  const folder = await mkdtemp(path.join(tmpdir(), "postd-migrations-"));
  try {
    await cp(migrationsFolder, folder, { recursive: true });
    const journal = await readJournal();
    const shorter = { ...journal, entries: journal.entries.slice(0, upTo) };
    await writeFile(path.join(folder, "meta/_journal.json"), JSON.stringify(shorter));
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
