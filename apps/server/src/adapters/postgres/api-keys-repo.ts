import { asId, type Scope, scopes } from "@postd/contracts";
import type { ApiKeyRow, ApiKeysRepo } from "@postd/core";
import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { apiKeys, tenants } from "./schema.ts";

/** A use is written at most this often, so that a busy key costs no write per request. */
const usedEveryMs = 60_000;

export function createApiKeysRepo(db: Db): ApiKeysRepo {
  return {
    async list(tenantId) {
      const rows = await db.select().from(apiKeys).where(eq(apiKeys.tenantId, tenantId)).orderBy(desc(apiKeys.id));
      return rows.map(toRow);
    },

    async create({ scopes: granted, ...row }) {
      await db.insert(apiKeys).values({ ...row, scopes: [...granted] });
    },

    async revoke(tenantId, id, at) {
      const [row] = await db
        .update(apiKeys)
        .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, ${at.toISOString()}::timestamptz)` })
        .where(and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, id)))
        .returning();
      return row && toRow(row);
    },

    async findByHash(hash) {
      const [found] = await db
        .select({ key: apiKeys, tenant: tenants })
        .from(apiKeys)
        .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
        .where(eq(apiKeys.hash, hash));
      if (!found) return undefined;
      const { id, name, slug, timeZone } = found.tenant;
      return { key: toRow(found.key), tenant: { id: asId("tenant", id), name, slug, timeZone } };
    },

    async markUsed(id, at) {
      const before = new Date(at.getTime() - usedEveryMs);
      await db
        .update(apiKeys)
        .set({ lastUsedAt: at })
        .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, before))));
    },
  };
}

function toRow(row: typeof apiKeys.$inferSelect): ApiKeyRow {
  return {
    id: asId("apiKey", row.id),
    tenantId: asId("tenant", row.tenantId),
    name: row.name,
    scopes: row.scopes.filter((scope): scope is Scope => scopes.some((known) => known === scope)),
    lastCharacters: row.lastCharacters,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    ...(row.lastUsedAt === null ? {} : { lastUsedAt: row.lastUsedAt }),
    ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt }),
    ...(row.revokedAt === null ? {} : { revokedAt: row.revokedAt }),
  };
}
