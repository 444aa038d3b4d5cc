import type { TenantConnections } from "@postd/core";
import { and, eq, isNotNull, isNull, lte, sql } from "drizzle-orm";
import { domainNow, writeAudit } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import {
  accountNumbers,
  accountPosts,
  connections,
  inboxEntries,
  notifications,
  oauthGrants,
  webhookEvents,
} from "./schema.ts";
import { sameApp } from "./sign-ins-row.ts";
import { removeSecrets } from "./vault-store.ts";

/**
 * Empties a disconnected connection of everything that describes the account or its person. The row stays, since posts
 * refer to it; its account id becomes one that no account has, so connecting again makes a new connection.
 */
export async function eraseAccount(
  tx: Executor,
  tenantId: string,
  { id, personId, appId, clientId, grantsUntil, audit }: Parameters<TenantConnections["eraseAccount"]>[0],
): Promise<void> {
  const emptied = await tx
    .update(connections)
    .set({
      externalId: sql`'erased:' || id`,
      name: "Erased account",
      handle: null,
      pictureUrl: null,
      ownName: null,
      label: null,
      profileUrl: null,
      extras: {},
      scopes: [],
      missingScopes: [],
      statusReason: null,
      tokenExpiresAt: null,
      refreshExpiresAt: null,
      updatedAt: domainNow,
    })
    .where(and(eq(connections.id, id), isNotNull(connections.disconnectedAt)))
    .returning({ id: connections.id });
  if (emptied.length === 0) return;
  await tx.delete(webhookEvents).where(eq(webhookEvents.connectionId, id));
  // What its person posted elsewhere is theirs; POSTD's own posts stay, with their numbers, as long as the workspace wants.
  await tx.delete(accountPosts).where(and(eq(accountPosts.connectionId, id), isNull(accountPosts.jobId)));
  await tx.delete(inboxEntries).where(eq(inboxEntries.connectionId, id));
  await tx
    .delete(notifications)
    .where(and(eq(notifications.subjectKind, "connection"), eq(notifications.subjectId, id)));
  await tx.delete(accountNumbers).where(eq(accountNumbers.connectionId, id));
  const grants = await tx
    .delete(oauthGrants)
    .where(
      and(
        sql`${oauthGrants.subject} ->> 'externalId' = ${personId}`,
        sameApp(oauthGrants, { appId, clientId }),
        grantsUntil ? lte(oauthGrants.createdAt, grantsUntil) : undefined,
      ),
    )
    .returning({ id: oauthGrants.id });
  for (const grant of grants) await removeSecrets(tx, { tenantId, ownerId: grant.id });
  await writeAudit(tx, { tenantId, connectionId: id }, audit);
}
