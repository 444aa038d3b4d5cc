import type { RepeatsReader } from "@postd/core";
import { sql } from "drizzle-orm";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb } from "./tenant-tx.ts";

/** What accounts got and will get, on PostgreSQL: one statement for all accounts of a post, by the indexes of `publish_jobs`. */
export function createRepeatsReader(db: TenantDb): RepeatsReader {
  return {
    async alike(tenantId, posts, withinMs) {
      if (posts.length === 0) return [];
      const asked = JSON.stringify(
        posts.map(({ connectionId, fingerprint, at }) => ({ id: connectionId, fingerprint, at: at.toISOString() })),
      );
      const { rows } = await runSql<{ published_at: Date | null; nearest_at: Date | null }>(
        forTenant(db, tenantId),
        sql`select (select max(j.published_at) from publish_jobs j where j.tenant_id = ${tenantId} and j.connection_id = asked.id
              and asked.fingerprint <> '' and j.fingerprint = asked.fingerprint and j.published_at is not null) as published_at,
            (select j.scheduled_for from publish_jobs j where j.tenant_id = ${tenantId} and j.connection_id = asked.id
              and j.state in ('scheduled', 'held', 'handed_over') and abs(extract(epoch from j.scheduled_for - asked.at)) * 1000 < ${withinMs}::float8
              order by abs(extract(epoch from j.scheduled_for - asked.at)), j.id limit 1) as nearest_at
          from rows from (jsonb_to_recordset(${asked}::jsonb) as (id text, fingerprint text, at timestamptz)) with ordinality
            as asked(id, fingerprint, at, place) order by place`,
      );
      return rows.map(({ published_at, nearest_at }) => ({
        publishedAt: published_at ?? undefined,
        nearestAt: nearest_at ?? undefined,
      }));
    },
  };
}
