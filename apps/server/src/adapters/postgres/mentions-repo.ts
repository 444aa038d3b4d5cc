import { asId, type TenantId } from "@postd/contracts";
import type { MentionRecord, MentionsRepo, TenantMentions } from "@postd/core";
import { and, desc, eq, lt, sql } from "drizzle-orm";
import { mentions } from "./schema.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";

/** Rows of `mentions`, one tenant at a time; row security backs the scope. */
export function createMentionsRepo(db: TenantDb): MentionsRepo {
  return { forTenant: (tenantId) => tenantMentions(db, tenantId) };
}

function tenantMentions(db: TenantDb, tenantId: TenantId): TenantMentions {
  const own = (id: string) => and(eq(mentions.tenantId, tenantId), eq(mentions.id, id));
  return {
    async list({ limit, before, query }) {
      const rows = await withTenant(db, tenantId, (tx) =>
        tx
          .select()
          .from(mentions)
          .where(
            and(
              eq(mentions.tenantId, tenantId),
              before === undefined ? undefined : lt(mentions.id, before),
              query === undefined ? undefined : sql`strpos(lower(${mentions.name}), lower(${query})) > 0`,
            ),
          )
          .orderBy(desc(mentions.id))
          .limit(limit + 1),
      );
      return { rows: rows.slice(0, limit).map(recordOf), more: rows.length > limit };
    },
    add: ({ id, name, handles, createdAt, updatedAt }) =>
      withTenant(db, tenantId, async (tx) => {
        await tx.insert(mentions).values({ id, tenantId, name, handles, createdAt, updatedAt });
      }),
    change: (id, { at, ...to }) =>
      withTenant(db, tenantId, async (tx) => {
        const [row] = await tx
          .update(mentions)
          .set({ ...to, updatedAt: at })
          .where(own(id))
          .returning();
        return row && recordOf(row);
      }),
    remove: (id) =>
      withTenant(db, tenantId, async (tx) => {
        const [row] = await tx.delete(mentions).where(own(id)).returning();
        return row && recordOf(row);
      }),
  };
}

function recordOf({ id, name, handles, createdAt, updatedAt }: typeof mentions.$inferSelect): MentionRecord {
  return { id: asId("mention", id), name, handles, createdAt, updatedAt };
}
