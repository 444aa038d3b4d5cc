import { fillPlaceholders, SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { runBatch, type Statement } from "./batch.ts";
import type { TenantDb } from "./tenant-tx.ts";

const dialect = new PgDialect();

export interface Answered<T> {
  readonly rows: readonly T[];
  readonly rowCount: number;
}

/**
 * A statement of the hot path: its text is put together once, and `sql.placeholder(name)` in it is filled for each use.
 */
export function compiled(statement: SQL): (values: Readonly<Record<string, unknown>>) => Statement {
  const query = dialect.sqlToQuery(statement);
  return (values) => ({ sql: query.sql, params: fillPlaceholders(query.params, values) });
}

const scope = compiled(sql`select set_config('app.tenant_id', ${sql.placeholder("tenantId")}, true)`);

/**
 * Statements of one tenant in one round trip and one transaction, to which the tenant setting is local. For hot paths
 * whose statements do not depend on each other's answers; everything else uses `withTenant`. Answers the last one's rows.
 */
export async function scopedSql<T extends object>(
  db: TenantDb,
  tenantId: string,
  ...statements: readonly (SQL | Statement)[]
): Promise<Answered<T>> {
  if (tenantId === "") throw new Error("tenant work needs a tenant id");
  const answers = await runBatch(db.$client, [
    scope({ tenantId }),
    ...statements.map((statement) => (statement instanceof SQL ? dialect.sqlToQuery(statement) : statement)),
  ]);
  const last = answers[answers.length - 1];
  if (!last) throw new Error("the server answered nothing");
  return { rows: last.rows as T[], rowCount: last.rowCount ?? 0 };
}
