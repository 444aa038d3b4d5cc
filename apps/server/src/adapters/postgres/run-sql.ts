import { fillPlaceholders, SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import pg from "pg";
import { actingSetting } from "./acting.ts";
import { runBatch, type Statement } from "./batch.ts";
import { type TenantScope, tenantSetting } from "./tenant-tx.ts";

const dialect = new PgDialect();

/**
 * Where a statement runs: `forTenant(db, id)` in one tenant's scope, a transaction of `withTenant` or `withoutTenant`,
 * or a pool, outside every tenant.
 */
export type SqlPlace = TenantScope | pg.Pool | { readonly $client: pg.Pool | pg.PoolClient };

export interface Answered<T> {
  readonly rows: readonly T[];
  readonly rowCount: number;
}

/** A statement whose text is put together once; `sql.placeholder(name)` in it is filled for each use. For hot paths. */
export function compiled(statement: SQL): (values: Readonly<Record<string, unknown>>) => Statement {
  const query = dialect.sqlToQuery(statement);
  return (values) => ({ sql: query.sql, params: fillPlaceholders(query.params, values) });
}

/**
 * The one way for SQL written by hand; the query builder is for what it writes as well. Answers the last statement's
 * rows, parsed by the driver: instants are `Date`, 64-bit numbers text.
 *
 * Several statements do not see each other's answers. In a tenant's scope, and on a pool, they are one transaction and
 * one round trip, in a tenant's scope together with the setting that opens it. In a transaction they go one by one.
 * A session that changes its role, holds a cursor or a lock of its own, or listens, has a driver's client instead.
 */
export async function runSql<T extends object = object>(
  on: SqlPlace,
  ...statements: readonly (SQL | Statement)[]
): Promise<Answered<T>> {
  const answers = await send(on, statements.map(written));
  const last = answers[answers.length - 1];
  if (!last) throw new Error("there was no statement to run");
  return { rows: last.rows as T[], rowCount: last.rowCount ?? 0 };
}

/** The same for two statements whose answers are both wanted. */
export async function runBoth<A extends object, B extends object>(
  on: SqlPlace,
  first: SQL | Statement,
  second: SQL | Statement,
): Promise<{ readonly first: readonly A[]; readonly second: readonly B[] }> {
  const [one, other] = (await send(on, [first, second].map(written))).slice(-2);
  return { first: (one?.rows ?? []) as A[], second: (other?.rows ?? []) as B[] };
}

const written = (statement: SQL | Statement): Statement =>
  statement instanceof SQL ? dialect.sqlToQuery(statement) : statement;

async function send(on: SqlPlace, statements: readonly Statement[]): Promise<readonly pg.QueryResult[]> {
  if ("tenantId" in on)
    return runBatch(on.pool, [openScope({ tenantId: on.tenantId, acting: actingSetting() }), ...statements]);
  const client = "$client" in on ? on.$client : on;
  if (client instanceof pg.Pool && statements.length > 1) return runBatch(client, statements);
  const answers: pg.QueryResult[] = [];
  for (const { sql, params } of statements) answers.push(await client.query(sql, [...params]));
  return answers;
}

const openScope = compiled(tenantSetting);
