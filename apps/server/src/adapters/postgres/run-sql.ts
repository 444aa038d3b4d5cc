import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type pg from "pg";

const dialect = new PgDialect();

/**
 * Runs a hand-written statement with the driver's own parsers: instants come as `Date`, which the query builder's
 * `execute` gives as text. `on` is a transaction of `withTenant`, or a pool's database for a single statement.
 */
export async function runSql<T extends object>(
  on: object,
  statement: SQL,
): Promise<{ readonly rows: readonly T[]; readonly rowCount: number }> {
  if (!("$client" in on)) throw new Error("this is not a database or transaction");
  const client = on.$client as pg.Pool | pg.PoolClient;
  const { sql, params } = dialect.sqlToQuery(statement);
  const result = await client.query(sql, params as unknown[]);
  return { rows: result.rows as T[], rowCount: result.rowCount ?? 0 };
}
