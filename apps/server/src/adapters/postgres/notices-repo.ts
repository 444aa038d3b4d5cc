import type { NewNotice, Notices } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql, type SqlPlace } from "./run-sql.ts";
import { forTenant, type TenantDb } from "./tenant-tx.ts";

/** Notices outside of a transaction. Where a change causes one, `raiseNotice` goes into the transaction of that change. */
export function createNotices(db: TenantDb): Notices {
  return {
    raise: (notice) => raiseNotice(forTenant(db, notice.tenantId), notice),
    settle: ({ tenantId, dedupeKey }) => settleNotice(forTenant(db, tenantId), { tenantId, dedupeKey }),
  };
}

/** Tells it in this transaction, unless it is open already; then what it says is brought up to date. true: told anew. */
export async function raiseNotice(
  on: SqlPlace,
  { tenantId, kind, subject, dedupeKey, data = {}, momentary = false }: NewNotice,
): Promise<boolean> {
  const { rows } = await runSql<{ told: string | null }>(
    on,
    sql`select raise_notice(${tenantId}, ${kind}, ${subject.kind}, ${subject.id}, ${dedupeKey}, ${JSON.stringify(data)}::jsonb, ${momentary}) as told`,
  );
  return typeof rows[0]?.told === "string";
}

/** What it said has ended. true: there was one. */
export async function settleNotice(
  on: SqlPlace,
  { tenantId, dedupeKey }: Pick<NewNotice, "tenantId" | "dedupeKey">,
): Promise<boolean> {
  const { rows } = await runSql<{ ended: string | null }>(
    on,
    sql`select settle_notice(${tenantId}, ${dedupeKey}) as ended`,
  );
  return typeof rows[0]?.ended === "string";
}
