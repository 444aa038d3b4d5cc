import { asId } from "@postd/contracts";
import type { TenantApp, TenantApps, TenantAppsRepo } from "@postd/core";
import { and, desc, eq, sql } from "drizzle-orm";
import type { Db, Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { tenantApps } from "./schema.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";
import { isKeyGone, removeSecrets, writeSealed } from "./vault-store.ts";

/** Tenants' own apps on PostgreSQL. `system` tells whose an app is that a provider's request names. */
export function createTenantAppsRepo({ app, system }: { readonly app: TenantDb; readonly system: Db }): TenantAppsRepo {
  return {
    forTenant: (tenantId) => ofTenant(app, tenantId),
    // A provider's request names the app before any tenant is known; it learns an id and nothing else.
    async ownerOf(id) {
      const { rows } = await runSql<{ tenant_id: string }>(
        system,
        sql`select tenant_id from tenant_apps where id = ${id}`,
      );
      return rows[0] && asId("tenant", rows[0].tenant_id);
    },
  };
}

function ofTenant(db: TenantDb, tenantId: string): TenantApps {
  const run = <T>(fn: (tx: Executor) => Promise<T>) => withTenant(db, tenantId, fn);
  return {
    async add(app, sealed) {
      try {
        await run(async (tx) => {
          await tx
            .insert(tenantApps)
            .values({ ...app, tenantId, values: { ...app.values }, secretNames: [...app.secretNames] });
          for (const secret of sealed) await writeSealed(tx, secret);
        });
        return "added";
      } catch (error) {
        if (isKeyGone(error)) return "key_gone";
        throw error;
      }
    },
    list: () =>
      run(async (tx) =>
        (await tx.select().from(tenantApps).orderBy(desc(tenantApps.createdAt), desc(tenantApps.id))).map(appOf),
      ),
    find: (id) =>
      run(async (tx) => {
        const [row] = await tx.select().from(tenantApps).where(eq(tenantApps.id, id));
        return row && appOf(row);
      }),
    remove: (id) =>
      run(async (tx) => {
        // Connecting reads the app first; the lock makes one of the two wait for the other.
        const [row] = await tx
          .select({ id: tenantApps.id })
          .from(tenantApps)
          .where(eq(tenantApps.id, id))
          .for("update");
        if (!row) return "missing";
        const used = sql`exists (select 1 from connections c where c.app_id = ${id} and (c.disconnected_at is null or c.sign_in_id is not null))`;
        const gone = await tx
          .delete(tenantApps)
          .where(and(eq(tenantApps.id, id), sql`not ${used}`))
          .returning({ id: tenantApps.id });
        if (gone.length === 0) return "in_use";
        await removeSecrets(tx, { tenantId, ownerId: id });
        return "removed";
      }),
  };
}

const appOf = (row: typeof tenantApps.$inferSelect): TenantApp => ({
  id: asId("tenantApp", row.id),
  provider: row.provider,
  setId: row.setId,
  values: row.values,
  secretNames: row.secretNames,
  createdBy: row.createdBy,
  createdAt: row.createdAt,
});
