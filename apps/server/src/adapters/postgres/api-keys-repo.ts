import { asId, type Scope, scopes } from "@postd/contracts";
import type { ApiKeyRow, ApiKeysRepo } from "@postd/core";
import { and, desc, eq, isNull, lt, lte, or, type SQL, sql } from "drizzle-orm";
import { hasSecondFactor, roleOf } from "./people-repo.ts";
import type { Db } from "./pools.ts";
import { apiKeys, members, tenants } from "./schema.ts";
import { withoutTenant } from "./tenant-tx.ts";

/** A use is written at most this often, so that a busy key costs no write per request. */
const usedEveryMs = 60_000;

export function createApiKeysRepo(db: Db): ApiKeysRepo {
  return {
    list: (tenantId) => read(db, eq(apiKeys.tenantId, tenantId)),

    async find(tenantId, id) {
      const [row] = await read(db, and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, id)));
      return row;
    },

    async create({ scopes: granted, ...row }) {
      await withoutTenant(db, (tx) => tx.insert(apiKeys).values({ ...row, scopes: [...granted] }));
    },

    async revoke(tenantId, id, at) {
      const self = and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, id));
      await withoutTenant(db, (tx) =>
        tx
          .update(apiKeys)
          .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, ${at.toISOString()}::timestamptz)` })
          .where(self),
      );
      const [row] = await read(db, self);
      return row;
    },

    async findByHash(hash) {
      const [found] = await db
        .select({ key: apiKeys, tenant: tenants, makerRole: members.role, isClosed: lacksSecondFactor })
        .from(apiKeys)
        .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
        .leftJoin(members, makersMembership)
        .where(and(eq(apiKeys.hash, hash), isNull(tenants.erasingAt)));
      if (!found) return undefined;
      const { id, name, slug, timeZone } = found.tenant;
      return {
        key: toRow(found.key, found.makerRole),
        tenant: { id: asId("tenant", id), name, slug, timeZone },
        ...(found.isClosed ? { closed: "second_factor" as const } : {}),
      };
    },

    async markUsed({ id, lastUsedAt }, at) {
      const before = new Date(at.getTime() - usedEveryMs);
      if (lastUsedAt && lastUsedAt >= before) return;
      await db
        .update(apiKeys)
        .set({ lastUsedAt: at })
        .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, before))));
    },
  };
}

/**
 * A key rests on the membership its maker had when they made it. Somebody who left and came back has another one, and
 * what the old one made stays dead.
 */
const makersMembership = and(
  eq(members.organizationId, apiKeys.tenantId),
  eq(members.userId, apiKeys.createdBy),
  lte(members.createdAt, apiKeys.createdAt),
);

/** Looked for only where the tenant wants one. */
const lacksSecondFactor = sql<boolean>`(case when ${tenants.requiresTwoFactor} then not ${hasSecondFactor(apiKeys.createdBy)} else false end)`;

async function read(db: Db, where: SQL | undefined): Promise<ApiKeyRow[]> {
  const rows = await db
    .select({ key: apiKeys, makerRole: members.role })
    .from(apiKeys)
    .leftJoin(members, makersMembership)
    .where(where)
    .orderBy(desc(apiKeys.id));
  return rows.map(({ key, makerRole }) => toRow(key, makerRole));
}

function toRow(row: typeof apiKeys.$inferSelect, makerRole: string | null): ApiKeyRow {
  return {
    id: asId("apiKey", row.id),
    tenantId: asId("tenant", row.tenantId),
    name: row.name,
    scopes: row.scopes.filter((scope): scope is Scope => scopes.some((known) => known === scope)),
    lastCharacters: row.lastCharacters,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    makerRole: makerRole === null ? undefined : roleOf(makerRole),
    ...(row.lastUsedAt === null ? {} : { lastUsedAt: row.lastUsedAt }),
    ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt }),
    ...(row.revokedAt === null ? {} : { revokedAt: row.revokedAt }),
  };
}
