import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import * as schema from "./schema.ts";
import { storable } from "./storable.ts";

export type Db = NodePgDatabase<typeof schema> & { readonly $client: pg.Pool };
/** A transaction or the database itself; repositories accept either. */
export type Executor = Pick<Db, "select" | "insert" | "update" | "delete" | "selectDistinctOn"> & {
  readonly $client: pg.Pool | pg.PoolClient;
};

/** The three database roles: owner of everything, the server behind row-level security, narrow cross-tenant reads. */
export const databaseRoles = ["postd_migrate", "postd_app", "postd_system"] as const;
export type DatabaseRole = (typeof databaseRoles)[number];

export interface RolePool {
  readonly pool: pg.Pool;
  readonly db: Db;
  close(): Promise<void>;
}

/**
 * A pool whose every connection acts as one database role from its first statement on.
 * A lost server surfaces as a rejected query; idle connection errors go to `onError` and the pool makes new ones.
 */
export function openRolePool(options: {
  readonly url: string;
  readonly role: DatabaseRole;
  readonly max: number;
  readonly onError?: (error: Error) => void;
}): RolePool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    options: `-c role=${options.role} -c timezone=UTC -c standard_conforming_strings=on`,
    application_name: options.role,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  pool.on("error", (error) => options.onError?.(error));
  // Lent out and between two queries nobody listens, and an unheard loss would end the process. The next query fails.
  pool.on("connect", (client) => {
    client.on("error", () => {});
    throughStorable(client);
  });
  return { pool, db: drizzle(pool, { schema }), close: () => pool.end() };
}

/** Every value of every statement is made storable on its way out. */
function throughStorable(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
  Object.assign(client, { query: (...args: readonly unknown[]) => query(...args.map(cleanArgument)) });
}

function cleanArgument(argument: unknown): unknown {
  if (Array.isArray(argument)) return argument.map(cleanValue);
  // A query object that sends itself does its own; see `runBatch`.
  const holdsValues =
    typeof argument === "object" && argument !== null && "values" in argument && !("submit" in argument);
  return holdsValues && Array.isArray(argument.values)
    ? { ...argument, values: argument.values.map(cleanValue) }
    : argument;
}

function cleanValue(value: unknown): unknown {
  if (typeof value === "string") return storable(value);
  return Array.isArray(value) ? value.map(cleanValue) : value;
}
