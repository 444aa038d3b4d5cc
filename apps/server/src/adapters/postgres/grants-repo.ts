import { asId, type ConnectionId, type JsonObject } from "@postd/contracts";
import {
  type GrantAccount,
  type GrantRecord,
  type GrantsRepo,
  type PendingAuthorization,
  stateOwner,
} from "@postd/core";
import { and, eq, lte } from "drizzle-orm";
import { z } from "zod";
import { domainNow } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import { oauthGrants, oauthStates } from "./schema.ts";
import { consentStands } from "./sign-ins-row.ts";
import { type TenantDb, withoutTenant, withTenant } from "./tenant-tx.ts";
import { removeSecrets, writeSealed } from "./vault-store.ts";

const Subject = z.object({ externalId: z.string(), name: z.string() });
const Account = z.object({
  platform: z.string(),
  externalId: z.string(),
  kind: z.string(),
  name: z.string(),
  handle: z.string().exactOptional(),
  pictureUrl: z.string().exactOptional(),
  profileUrl: z.string().exactOptional(),
  extras: z.record(z.string(), z.json()),
  missingScopes: z.array(z.string()),
  blocked: z.string().exactOptional(),
});

/** Pending authorisations and grants on PostgreSQL. Expired ones go, with their secrets, when a new one comes. */
export function createGrantsRepo(db: TenantDb): GrantsRepo {
  return {
    addPending: (pending, kept) =>
      withTenant(db, pending.tenantId, async (tx) => {
        await clearStates(tx, pending.tenantId);
        await tx.insert(oauthStates).values({
          ...pending,
          connectionId: pending.connectionId ?? null,
          returnTo: pending.returnTo ?? null,
          createdAt: domainNow,
        });
        if (kept) await writeSealed(tx, kept);
      }),
    takePending: (stateHash) =>
      withoutTenant(db, async (tx) => {
        const [row] = await tx.delete(oauthStates).where(eq(oauthStates.stateHash, stateHash)).returning();
        return row && pendingOf(row);
      }),
    addGrant: (tenantId, grant, sealed) =>
      withTenant(db, tenantId, async (tx) => {
        await clearGrants(tx, tenantId);
        const signIn = { ...grant, subject: grant.subject.externalId };
        if (!(await consentStands(tx, signIn, grant.createdAt))) return false;
        await tx.insert(oauthGrants).values({
          ...grant,
          clientId: grant.clientId ?? null,
          tenantId,
          subject: { ...grant.subject },
          extras: grant.extras ?? null,
          scopes: [...grant.scopes],
          accounts: grant.accounts.map(accountJson),
          connectionId: grant.connectionId ?? null,
        });
        for (const secret of sealed) await writeSealed(tx, secret);
        return true;
      }),
    findGrant: (tenantId, id) =>
      withTenant(db, tenantId, async (tx) => {
        const [row] = await tx.select().from(oauthGrants).where(eq(oauthGrants.id, id));
        return row && grantOf(row);
      }),
    removeGrant: (tenantId, id) =>
      withTenant(db, tenantId, async (tx) => {
        await tx.delete(oauthGrants).where(eq(oauthGrants.id, id));
        await removeSecrets(tx, { tenantId, ownerId: id });
      }),
  };
}

async function clearStates(tx: Executor, tenantId: string): Promise<void> {
  const gone = await tx
    .delete(oauthStates)
    .where(and(eq(oauthStates.tenantId, tenantId), lte(oauthStates.expiresAt, domainNow)))
    .returning({ hash: oauthStates.stateHash });
  for (const { hash } of gone) await removeSecrets(tx, { tenantId, ownerId: stateOwner(hash) });
}

async function clearGrants(tx: Executor, tenantId: string): Promise<void> {
  const gone = await tx
    .delete(oauthGrants)
    .where(lte(oauthGrants.expiresAt, domainNow))
    .returning({ id: oauthGrants.id });
  for (const { id } of gone) await removeSecrets(tx, { tenantId, ownerId: id });
}

function pendingOf(row: typeof oauthStates.$inferSelect): PendingAuthorization {
  const { stateHash, userId, sessionHash, platform, authKind, redirectUri, appId, expiresAt } = row;
  return {
    stateHash,
    tenantId: asId("tenant", row.tenantId),
    userId,
    sessionHash,
    platform,
    authKind,
    redirectUri,
    appId,
    connectionId: connectionIdOf(row.connectionId),
    returnTo: row.returnTo ?? undefined,
    expiresAt,
  };
}

function grantOf(row: typeof oauthGrants.$inferSelect): GrantRecord {
  const { platform, provider, authKind, scopes, simulated, appId, clientId, createdBy, createdAt, expiresAt } = row;
  return {
    id: asId("grant", row.id),
    provider: provider ?? platform,
    platform,
    authKind,
    subject: Subject.parse(row.subject),
    extras: row.extras ?? undefined,
    scopes,
    accounts: z.array(Account).parse(row.accounts),
    simulated,
    appId,
    clientId: clientId ?? undefined,
    connectionId: connectionIdOf(row.connectionId),
    createdBy,
    createdAt,
    expiresAt,
  };
}

const connectionIdOf = (id: string | null): ConnectionId | undefined =>
  id === null ? undefined : asId("connection", id);

const accountJson = (account: GrantAccount): JsonObject =>
  Object.fromEntries(Object.entries(account).filter(([, value]) => value !== undefined));
