import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { databaseRoles } from "./pools.ts";

const migrationsFolder = fileURLToPath(new URL("./migrations", import.meta.url));
/** Any constant; one per database keeps two starting servers from migrating at once. */
const migrationLock = 7_602_113;

/**
 * Makes the three roles, then runs pending migrations as `postd_migrate`. Safe to call from many processes at once.
 * `url` must name a user that may create roles, or one an operator made a member of the three roles beforehand.
 */
export async function migrateDatabase(url: string): Promise<void> {
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
    await migrate(drizzle(client), { migrationsFolder });
    await client.query("reset role");
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
