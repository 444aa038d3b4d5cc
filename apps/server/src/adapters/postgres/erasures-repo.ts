import { asId } from "@postd/contracts";
import {
  type AccountsEnded,
  type ErasureRecord,
  type ErasureReport,
  type ErasuresRepo,
  erasureStages,
} from "@postd/core";
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import { domainNow } from "./connections-row.ts";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { erasures, links, sessions, tenants } from "./schema.ts";
import { withoutTenant } from "./tenant-tx.ts";

/** How many a list shows. */
const most = 200;

/** Erasures on PostgreSQL. `system` sees what is to be done in every tenant; the rows go by one function of the database. */
export function createErasuresRepo({ app, system }: { readonly app: Db; readonly system: Db }): ErasuresRepo {
  return {
    begin: ({ id, tenantId, by }) =>
      withoutTenant(app, async (tx) => {
        const [tenant] = await tx
          .select({ id: tenants.id })
          .from(tenants)
          .where(eq(tenants.id, tenantId))
          .for("update");
        const [begun] = await tx.select().from(erasures).where(eq(erasures.erasedTenant, tenantId));
        if (begun || !tenant) return begun && recordOf(begun);
        // By hand, since the query builder names every column, and the server may not write all of them.
        await runSql(
          tx,
          sql`insert into erasures (id, erased_tenant, requested_by, requested_at, stage, stage_at)
            values (${id}, ${tenantId}, ${by}, domain_now(), 'accounts', domain_now())`,
        );
        // Nothing more goes out, also by a version that does not know erasing.
        await tx
          .update(tenants)
          .set({ erasingAt: domainNow, pausedAt: sql`coalesce(paused_at, domain_now())`, pausedBy: by })
          .where(eq(tenants.id, tenantId));
        await tx
          .update(links)
          .set({ revokedAt: domainNow })
          .where(and(eq(links.tenantId, tenantId), isNull(links.usedAt), isNull(links.revokedAt)));
        await tx
          .update(sessions)
          .set({ activeOrganizationId: null })
          .where(eq(sessions.activeOrganizationId, tenantId));
        const [row] = await tx.select().from(erasures).where(eq(erasures.id, id));
        return row && recordOf(row);
      }),
    async find(id) {
      const [row] = await app.select().from(erasures).where(eq(erasures.id, id));
      return row && recordOf(row);
    },
    async list(by) {
      const rows = await app
        .select()
        .from(erasures)
        .where(by === undefined ? undefined : eq(erasures.requestedBy, by))
        .orderBy(desc(erasures.requestedAt), desc(erasures.id))
        .limit(most);
      return rows.map(recordOf);
    },
    async takeReport(id) {
      const taken = await app
        .update(erasures)
        .set({ takenAt: domainNow })
        .where(and(eq(erasures.id, id), isNull(erasures.takenAt)))
        .returning({ id: erasures.id });
      return taken.length === 1;
    },
    async deletionDone(code) {
      const { rows } = await runSql<{ at: Date | null }>(app.$client, sql`select deletion_done(${code}) as at`);
      return rows[0]?.at ?? undefined;
    },
    async open() {
      const rows = await system
        .select()
        .from(erasures)
        .where(isNull(erasures.finishedAt))
        .orderBy(erasures.requestedAt)
        .limit(most);
      return rows.map(recordOf);
    },
    async accountsLeft(tenantId) {
      const { rows } = await runSql<{ id: string }>(
        system,
        sql`select id from connections where tenant_id = ${tenantId} and (disconnected_at is null or sign_in_id is not null) order by id`,
      );
      return rows.map(({ id }) => asId("connection", id));
    },
    async accountsEnded(tenantId, since) {
      const { rows } = await runSql<{ platform: string; because: string | null; count: number }>(
        system,
        sql`select c.platform, case when last.revoked then null else coalesce(last.because, 'unknown') end as because, count(*)::int as count
          from connections c join lateral (
            select (a.detail ->> 'revokedAtPlatform')::boolean as revoked, a.detail ->> 'because' as because from connection_audit a
            where a.tenant_id = c.tenant_id and a.connection_id = c.id and a.action = 'credentials_deleted'
              and a.at >= ${since.toISOString()}::timestamptz order by a.at desc limit 1) last on true
          where c.tenant_id = ${tenantId} group by 1, 2 order by 1, 2`,
      );
      return [...Map.groupBy(rows, ({ platform }) => platform)].map(
        ([platform, of]): AccountsEnded => ({
          platform,
          withdrawn: of.find(({ because }) => because === null)?.count ?? 0,
          notWithdrawn: Object.fromEntries(
            of.flatMap(({ because, count }) => (because === null ? [] : [[because, count]])),
          ),
        }),
      );
    },
    async fileKeys(tenantId) {
      const { rows } = await runSql<{ key: string }>(
        system,
        sql`select blob_key as key from media_assets where tenant_id = ${tenantId}
          union select original_key from media_assets where tenant_id = ${tenantId} and original_key is not null`,
      );
      return rows.map(({ key }) => key);
    },
    async advance(id, to, report) {
      await system
        .update(erasures)
        .set({ stage: to, stageAt: domainNow, report: sql`${erasures.report} || ${JSON.stringify(report)}::jsonb` })
        .where(and(eq(erasures.id, id), isNull(erasures.finishedAt)));
    },
    async eraseRows(id) {
      const { rows } = await runSql<{ done: boolean }>(system, sql`select erase_tenant(${id}) as done`);
      return rows[0]?.done === true;
    },
  };
}

const recordOf = (row: typeof erasures.$inferSelect): ErasureRecord => ({
  id: asId("erasure", row.id),
  tenantId: asId("tenant", row.erasedTenant),
  requestedBy: asId("user", row.requestedBy),
  requestedAt: row.requestedAt,
  stage: erasureStages.find((stage) => stage === row.stage) ?? "accounts",
  stageAt: row.stageAt,
  report: row.report satisfies ErasureReport,
  finishedAt: row.finishedAt ?? undefined,
  takenAt: row.takenAt ?? undefined,
});
