import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { actingSetting } from "./acting.ts";
import type { Db, Executor } from "./pools.ts";

/** Only what a transaction needs from the database: somewhere to take a connection from. */
export type TenantDb = Pick<Db, "$client">;

/** Statements of one tenant that need no transaction around them; see `runSql`. */
export interface TenantScope {
  readonly pool: pg.Pool;
  readonly tenantId: string;
}

/** Opens one tenant's rows to statements that do not depend on each other's answers; everything else uses `withTenant`. */
export function forTenant(db: TenantDb, tenantId: string): TenantScope {
  if (tenantId === "") throw new Error("tenant work needs a tenant id");
  return { pool: db.$client, tenantId };
}

/** For one release: tells the database that this version knows sign-ins and what came with them, as an older one does not. */
const knowsSignIns = "set_config('app.sign_ins', 'known', true)";

/** The same for statements outside of every tenant; first of those it is to hold for. */
export const knownVersion = sql`select ${sql.raw(knowsSignIns)}`;

/** What row-level security asks for, for as long as the transaction lasts. */
export const tenantSetting = sql`select set_config('app.tenant_id', ${sql.placeholder("tenantId")}, true), ${sql.raw(knowsSignIns)},
  set_config('app.acting', ${sql.placeholder("acting")}, true)`;

/**
 * Runs `fn` in one transaction that sees exactly one tenant's rows; commits when it resolves, rolls back when it
 * rejects. BEGIN and the tenant setting travel together, so scoping costs no round trip. Never call a platform inside:
 * the connection is held until `fn` ends. Nested calls are separate transactions; pass the executor on instead.
 */
export async function withTenant<T>(db: TenantDb, tenantId: string, fn: (tx: Executor) => Promise<T>): Promise<T> {
  if (tenantId === "") throw new Error("a tenant transaction needs a tenant id");
  const scope = `set_config('app.tenant_id', ${pg.escapeLiteral(tenantId)}, true)`;
  return inTransaction(db, `begin; select ${scope}, ${knowsSignIns}, ${whoActs()}`, fn);
}

/** The same without a tenant: only tables without row-level security are visible with the app role. */
export function withoutTenant<T>(db: TenantDb, fn: (tx: Executor) => Promise<T>): Promise<T> {
  return inTransaction(db, `begin; select ${whoActs()}`, fn);
}

const whoActs = (): string => `set_config('app.acting', ${pg.escapeLiteral(actingSetting())}, true)`;

async function inTransaction<T>(db: TenantDb, begin: string, fn: (tx: Executor) => Promise<T>): Promise<T> {
  const client = await db.$client.connect();
  let lost: Error | undefined;
  // A checked-out connection that dies emits "error"; unheard, that would end the process.
  const onError = (error: Error) => {
    lost = error;
  };
  client.on("error", onError);
  try {
    await client.query(begin);
    const value = await fn(drizzle(client));
    await client.query("commit");
    return value;
  } catch (error) {
    lost ??= await rollBack(client);
    throw error;
  } finally {
    client.off("error", onError);
    // A connection whose transaction could not be ended must not serve the next caller.
    client.release(lost ?? false);
  }
}

async function rollBack(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query("rollback");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error("rollback failed");
  }
}
