import { asId, type MediaId } from "@postd/contracts";
import type { DerivedFrom, MediaRecord, MediaRepo } from "@postd/core";
import { and, eq, inArray, isNull, ne, sql } from "drizzle-orm";
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
          await tx.insert(mediaAssets).values(rowOf(record, tenantId));
        }),
      insertWithin: (record, maxBytes) =>
        withTenant(db, tenantId, async (tx) => {
          // Whoever is second waits here and counts what the first has added.
          await runSql(tx, sql`select pg_advisory_xact_lock(hashtextextended(${`media ${tenantId}`}, 0))`);
          const size = record.sizeBytes + (record.originalBytes ?? 0);
          if ((await usedBytes(tx, tenantId)) + size > maxBytes) return false;
          const { derived } = record;
          if (derived && (await derivedBy(tx, tenantId, derived))) return false;
          await tx.insert(mediaAssets).values(rowOf(record, tenantId));
          return true;
        }),
      derivedBy: (made) => withTenant(db, tenantId, (tx) => derivedBy(tx, tenantId, made)),
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
          const made = await madeOf(tx, tenantId, row);
          const ids = [id, ...made.map((one) => one.id)];
          const { rows } = await runSql(tx, postsThatNeed(tenantId, ids));
          const { posts, ids: postIds } = Need.parse(rows[0]);
          if (posts > 0) return { kind: "in_use", posts, postIds };
          await tx
            .update(mediaAssets)
            .set({ deletedAt: sql`domain_now()` })
            .where(and(eq(mediaAssets.tenantId, tenantId), inArray(mediaAssets.id, ids)));
          return { kind: "removed", record: recordOf(row), derived: made.map(recordOf) };
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

async function derivedBy(
  tx: Executor,
  tenantId: string,
  { sourceSha256, operation }: Omit<DerivedFrom, "sourceId">,
): Promise<MediaRecord | undefined> {
  const [row] = await tx
    .select()
    .from(mediaAssets)
    .where(
      and(
        eq(mediaAssets.tenantId, tenantId),
        eq(mediaAssets.sourceSha256, sourceSha256),
        sql`md5(${mediaAssets.operation}) = md5(${operation})`,
        isNull(mediaAssets.deletedAt),
      ),
    );
  return row && recordOf(row);
}

/** What goes with a file: made of it, unless another file has the same bytes, which then is what it was made of. */
async function madeOf(tx: Executor, tenantId: string, { id, sha256 }: Row): Promise<readonly Row[]> {
  const made = and(eq(mediaAssets.tenantId, tenantId), eq(mediaAssets.derivedFrom, id), isNull(mediaAssets.deletedAt));
  // In the order everybody locks files in.
  const rows = await tx.select().from(mediaAssets).where(made).orderBy(mediaAssets.id).for("update");
  if (rows.length === 0) return [];
  const [twin] = await tx
    .select({ id: mediaAssets.id })
    .from(mediaAssets)
    .where(
      and(
        eq(mediaAssets.tenantId, tenantId),
        eq(mediaAssets.sha256, sha256),
        ne(mediaAssets.id, id),
        isNull(mediaAssets.deletedAt),
      ),
    )
    .limit(1);
  if (!twin) return rows;
  await tx.update(mediaAssets).set({ derivedFrom: twin.id }).where(made);
  return [];
}

/** Undecided posts, and posts with a job that may still send. Ids are unique words, so content is searched as text. */
function postsThatNeed(tenantId: string, ids: readonly string[]) {
  const names = sql`like any (array[${sql.join(
    ids.map((id) => sql`${`%"${id}"%`}`),
    sql`, `,
  )}])`;
  return sql`
    select count(*) as posts, coalesce((array_agg(p.id order by p.id desc))[1:3], '{}') as ids from posts p
     where p.tenant_id = ${tenantId} and p.deleted_at is null
       and (p.status in ('draft', 'awaiting_approval')
            or exists (select 1 from publish_jobs j where j.post_id = p.id and j.state not in ('published', 'canceled', 'discarded', 'removed')))
       and (p.content::text ${names}
            or exists (select 1 from post_versions v where v.post_id = p.id and v.content::text ${names})
            or exists (select 1 from publish_jobs j where j.post_id = p.id and j.state not in ('published', 'canceled', 'discarded', 'removed') and j.content::text ${names}))`;
}

function rowOf({ derived, ...record }: MediaRecord, tenantId: string): typeof mediaAssets.$inferInsert {
  if (!derived) return { ...record, tenantId };
  const { sourceId, sourceSha256, operation } = derived;
  return { ...record, tenantId, derivedFrom: sourceId, sourceSha256, operation };
}

function recordOf(row: Row): MediaRecord {
  const { derivedFrom, sourceSha256, operation } = row;
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
    ...(derivedFrom !== null &&
      sourceSha256 !== null &&
      operation !== null && { derived: { sourceId: asId("media", derivedFrom), sourceSha256, operation } }),
    createdBy: row.createdBy,
    createdAt: row.createdAt,
  };
}
