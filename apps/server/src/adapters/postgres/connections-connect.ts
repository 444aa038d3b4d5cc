import type { NewConnection, TenantConnections } from "@postd/core";
import { and, eq, sql } from "drizzle-orm";
import { domainNow, reasonJson, recordOf, writeAudit } from "./connections-row.ts";
import { connections } from "./schema.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";
import { isKeyGone, writeSealed } from "./vault-store.ts";

/** The account got another id, or the key changed, between sealing and storing. */
class SealAgain extends Error {}

const triesMax = 5;

/** Not disconnected, or its sign-in withdrawn: the credentials go when that is done; after a minute it has broken off. */
const withdrawn = sql`${connections.disconnectedAt} is null or ${connections.disconnectedAt} < domain_now() - interval '1 minute'
  or not exists (select 1 from encrypted_secrets s where s.owner_id = ${connections.id})`;

/**
 * Credentials are sealed for the connection's id, so that is found out first; sealing may call a key service and
 * therefore happens outside the transaction. A race for the same account starts again with the winner's id.
 */
export async function connectAccount(
  db: TenantDb,
  tenantId: string,
  input: Parameters<TenantConnections["connect"]>[0],
): ReturnType<TenantConnections["connect"]> {
  const { connection } = input;
  for (let tries = 1; ; tries += 1) {
    const existing = await withTenant(db, tenantId, (tx) =>
      tx
        .select({ id: connections.id })
        .from(connections)
        .where(
          and(
            eq(connections.platform, connection.platform),
            eq(connections.externalId, connection.externalId),
            eq(connections.authKind, connection.authKind),
          ),
        ),
    );
    const id = (existing[0]?.id ?? connection.id) as NewConnection["id"];
    const sealed = await input.seal(id);
    try {
      return await withTenant(db, tenantId, async (tx) => {
        const [row] = await tx
          .insert(connections)
          .values({
            ...valuesOf(connection),
            id: connection.id,
            tenantId,
            createdBy: connection.createdBy,
            createdAt: domainNow,
            updatedAt: domainNow,
          })
          .onConflictDoUpdate({
            target: [connections.tenantId, connections.platform, connections.externalId, connections.authKind],
            set: {
              ...valuesOf(connection),
              credentialVersion: sql`${connections.credentialVersion} + 1`,
              refreshedAt: null,
              refreshLeaseUntil: null,
              refreshIntentAt: null,
              blockedUntil: null,
              disconnectedAt: null,
              endingAt: null,
              updatedAt: domainNow,
            },
            setWhere: withdrawn,
          })
          .returning();
        if (!row) return "withdrawing";
        if (row.id !== id) throw new SealAgain();
        await writeSealed(tx, sealed);
        const existed = existing.length > 0;
        await writeAudit(
          tx,
          { tenantId, connectionId: id },
          {
            actor: input.actor,
            action: existed ? "reconnected" : "connected",
            detail: {
              authKind: connection.authKind,
              simulated: connection.simulated,
              missingScopes: [...connection.missingScopes],
            },
          },
        );
        return { record: recordOf(row), existed };
      });
    } catch (error) {
      if (tries >= triesMax || !(error instanceof SealAgain || isKeyGone(error))) throw error;
    }
  }
}

const valuesOf = (it: NewConnection) => ({
  platform: it.platform,
  authKind: it.authKind,
  externalId: it.externalId,
  accountKind: it.accountKind,
  name: it.name,
  handle: it.handle ?? null,
  pictureUrl: it.pictureUrl ?? null,
  profileUrl: it.profileUrl ?? null,
  extras: it.extras,
  scopes: [...it.scopes],
  missingScopes: [...it.missingScopes],
  status: it.status,
  statusReason: reasonJson(it.statusReason),
  tokenExpiresAt: it.tokenExpiresAt ?? null,
  refreshExpiresAt: it.refreshExpiresAt ?? null,
  simulated: it.simulated,
});
