import { asId, type MediaId } from "@postd/contracts";
import type { MediaRecord, MediaRepo } from "@postd/core";
import { and, eq, isNull, sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "./pools.ts";
import { videoFacts } from "./publishing/records.ts";
import { runSql } from "./run-sql.ts";
import { mediaAssets, tenants } from "./schema.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";

type Row = typeof mediaAssets.$inferSelect;
const Kind = z.enum(["image", "video", "gif", "audio", "document"]);
const Need = z.object({ posts: z.coerce.number(), ids: z.array(z.string()) });

/** Rows of `media_assets`, one tenant at a time; row security backs the scope. */
export function createMediaRepo(db: TenantDb): MediaRepo {
  return {
    forTenant: (tenantId) => ({
      insert: (record) =>
        withTenant(db, tenantId, async (tx) => {
          await tx.insert(mediaAssets).values({ ...record, tenantId });
        }),
      insertWithin: (record, maxBytes) =>
        withTenant(db, tenantId, async (tx) => {
          // Whoever is second waits here and counts what the first has added.
          await runSql(tx, sql`select pg_advisory_xact_lock(hashtextextended(${`media ${tenantId}`}, 0))`);
          const size = record.sizeBytes + (record.originalBytes ?? 0);
          if ((await usedBytes(tx, tenantId)) + size > maxBytes) return false;
          await tx.insert(mediaAssets).values({ ...record, tenantId });
          return true;
        }),
      usedBytes: () => withTenant(db, tenantId, (tx) => usedBytes(tx, tenantId)),
      get: (id) =>
        withTenant(db, tenantId, async (tx) => {
          const [row] = await tx.select().from(mediaAssets).where(existing(tenantId, id));
          return row && recordOf(row);
        }),
      remove: (id) =>
        withTenant(db, tenantId, async (tx) => {
          const [row] = await tx.select().from(mediaAssets).where(existing(tenantId, id)).for("update");
          if (!row) return { kind: "not_found" };
          const { rows } = await runSql(tx, postsThatNeed(tenantId, id));
          const { posts, ids } = Need.parse(rows[0]);
          if (posts > 0) return { kind: "in_use", posts, postIds: ids };
          await tx.update(mediaAssets).set({ deletedAt: sql`domain_now()` }).where(existing(tenantId, id));
          return { kind: "removed", record: recordOf(row) };
        }),
      settings: () =>
        withTenant(db, tenantId, async (tx) => {
          const [row] = await tx
            .select({ keepOriginals: tenants.keepOriginals })
            .from(tenants)
            .where(eq(tenants.id, tenantId));
          return { keepOriginals: row?.keepOriginals ?? false };
        }),
      changeSettings: ({ keepOriginals }) =>
        withTenant(db, tenantId, async (tx) => {
          await tx.update(tenants).set({ keepOriginals }).where(eq(tenants.id, tenantId));
        }),
    }),
  };
}

async function usedBytes(tx: Executor, tenantId: string): Promise<number> {
  const [row] = await tx
    .select({
      bytes: sql`coalesce(sum(${mediaAssets.sizeBytes} + coalesce(${mediaAssets.originalBytes}, 0)), 0)`.mapWith(
        Number,
      ),
    })
    .from(mediaAssets)
    .where(and(eq(mediaAssets.tenantId, tenantId), isNull(mediaAssets.deletedAt)));
  return row?.bytes ?? 0;
}

const existing = (tenantId: string, id: MediaId) =>
  and(eq(mediaAssets.tenantId, tenantId), eq(mediaAssets.id, id), isNull(mediaAssets.deletedAt));

/** Undecided posts, and posts with a job that may still send. Ids are unique words, so content is searched as text. */
function postsThatNeed(tenantId: string, id: MediaId) {
  const names = sql`like ${`%"${id}"%`}`;
  return sql`
    select count(*) as posts, coalesce((array_agg(p.id order by p.id desc))[1:3], '{}') as ids from posts p
     where p.tenant_id = ${tenantId} and p.deleted_at is null
       and (p.status in ('draft', 'awaiting_approval')
            or exists (select 1 from publish_jobs j where j.post_id = p.id and j.state not in ('published', 'canceled', 'discarded', 'removed')))
       and (p.content::text ${names}
            or exists (select 1 from post_versions v where v.post_id = p.id and v.content::text ${names}))`;
}

function recordOf(row: Row): MediaRecord {
  return {
    id: asId("media", row.id),
    kind: Kind.parse(row.kind),
    mimeType: row.mimeType,
    sizeBytes: row.sizeBytes,
    sha256: row.sha256,
    ...(row.width !== null && { width: row.width }),
    ...(row.height !== null && { height: row.height }),
    ...(row.durationMs !== null && { durationMs: row.durationMs }),
    ...(row.altText !== null && { altText: row.altText }),
    ...(row.fileName !== null && { fileName: row.fileName }),
    ...videoFacts(row.video),
    blobKey: row.blobKey,
    ...(row.originalKey !== null && { originalKey: row.originalKey }),
    ...(row.originalBytes !== null && { originalBytes: row.originalBytes }),
    createdBy: row.createdBy,
    createdAt: row.createdAt,
  };
}
