import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type pg from "pg";
import type { TenantDb } from "./tenant-tx.ts";

const dialect = new PgDialect();

export interface Answered<T> {
  readonly rows: readonly T[];
  readonly rowCount: number;
}

/**
 * Statements of one tenant in one round trip: several statements in one message are one transaction, which the server
 * begins, commits and, on an error, rolls back by itself, so the tenant setting is local to it. For hot paths whose
 * statements do not depend on each other's answers; everything else uses `withTenant`. Answers the last one's rows.
 * Values travel as literals, quoted by the dialect; `standard_conforming_strings` is on for every pool.
 */
export async function scopedSql<T extends object>(
  db: TenantDb,
  tenantId: string,
  ...statements: readonly SQL[]
): Promise<Answered<T>> {
  if (tenantId === "") throw new Error("tenant work needs a tenant id");
  const all = [sql`select set_config('app.tenant_id', ${tenantId}, true)`, ...statements];
  const text = dialect.sqlToQuery(sql.join(all, sql`; `).inlineParams()).sql;
  const answers = (await db.$client.query(text)) as unknown as readonly pg.QueryResult[];
  const last = answers[answers.length - 1];
  if (!last) throw new Error("the server answered nothing");
  return { rows: last.rows as T[], rowCount: last.rowCount ?? 0 };
}
