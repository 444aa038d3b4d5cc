import { asId } from "@postd/contracts";
import type { NewNotice, Notices, NoticesRepo } from "@postd/core";
import { sql } from "drizzle-orm";
import { noticeChannels } from "./notice-channels.ts";
import { noticeDelivering } from "./notice-deliveries.ts";
import { noticeReading } from "./notices-read.ts";
import type { Db } from "./pools.ts";
import { runSql, type SqlPlace } from "./run-sql.ts";
import { forTenant, type TenantDb } from "./tenant-tx.ts";

/** Notices in PostgreSQL. `system` finds out whose are to be planned and sent, over all tenants, and reads none. */
export function createNoticesRepo(app: TenantDb, system: Db): NoticesRepo {
  return {
    forTenant(tenantId) {
      const own = forTenant(app, tenantId);
      return { ...noticeReading(own), ...noticeChannels(app, tenantId), ...noticeDelivering(own) };
    },
    async tellOfPosts() {
      const { rows } = await runSql<{ told: number }>(system, sql`select tell_of_posts() as told`);
      return rows[0]?.told ?? 0;
    },
    async tellOfAccounts() {
      const { rows } = await runSql<{ told: number }>(system, sql`select tell_of_accounts() as told`);
      return rows[0]?.told ?? 0;
    },
    async tenantsToPlan(limit) {
      const { rows } = await runSql<{ tenant_id: string }>(
        system,
        sql`select distinct tenant_id from notifications where planned_at is null limit ${limit}`,
      );
      return rows.map((row) => asId("tenant", row.tenant_id));
    },
    async dueDeliveries(limit) {
      const { rows } = await runSql<{ id: string; tenant_id: string }>(
        system,
        sql`select id, tenant_id from notification_deliveries where state = 'pending' and due_at <= domain_now()
          and (lease_until is null or lease_until <= domain_now()) order by due_at limit ${limit}`,
      );
      return rows.map((row) => ({ id: row.id, tenantId: asId("tenant", row.tenant_id) }));
    },
    async dueDigests() {
      const { rows } = await runSql<{ tenant_id: string; user_id: string; day: string; since: Date; until: Date }>(
        system,
        sql`select * from due_digests()`,
      );
      return rows.map(({ tenant_id, user_id, ...row }) => ({
        ...row,
        tenantId: asId("tenant", tenant_id),
        userId: asId("user", user_id),
      }));
    },
  };
}

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
