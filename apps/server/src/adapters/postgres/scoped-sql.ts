import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { runBatch } from "./batch.ts";
import type { TenantDb } from "./tenant-tx.ts";

const dialect = new PgDialect();

export interface Answered<T> {
  readonly rows: readonly T[];
  readonly rowCount: number;
}

/**
 * Statements of one tenant in one round trip and one transaction, to which the tenant setting is local. For hot paths
 * whose statements do not depend on each other's answers; everything else uses `withTenant`. Answers the last one's rows.
 */
export async function scopedSql<T extends object>(
  db: TenantDb,
  tenantId: string,
  ...statements: readonly SQL[]
): Promise<Answered<T>> {
  if (tenantId === "") throw new Error("tenant work needs a tenant id");
  const all = [sql`select set_config('app.tenant_id', ${tenantId}, true)`, ...statements];
  const answers = await runBatch(
    db.$client,
    all.map((statement) => dialect.sqlToQuery(statement)),
  );
  const last = answers[answers.length - 1];
  if (!last) throw new Error("the server answered nothing");
  return { rows: last.rows as T[], rowCount: last.rowCount ?? 0 };
}
