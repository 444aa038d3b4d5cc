import { asId, checkTypes } from "@postd/contracts";
import type { AuditEntry, ConnectionRecord, StatusReason, StoredSecret } from "@postd/core";
import { newId } from "@postd/core";
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "./pools.ts";
import { connectionAudit, type connections, type encryptedSecrets, type encryptionKeys } from "./schema.ts";

export const domainNow = sql`domain_now()`;

const Reason = z.object({
  code: z.string(),
  message: z.string(),
  actor: z.enum(["you", "account_owner", "platform", "operator"]),
  since: z.string(),
});

const Last = z.object({
  checkType: z.enum(checkTypes),
  at: z.string(),
  ok: z.boolean(),
  latencyMs: z.number(),
  kind: z
    .string()
    .nullish()
    .transform((kind) => kind ?? undefined),
  message: z
    .string()
    .nullish()
    .transform((message) => message ?? undefined),
  unread: z.number().optional(),
});

type ConnectionRow = typeof connections.$inferSelect;

export function recordOf(row: ConnectionRow): ConnectionRecord {
  return {
    id: asId("connection", row.id),
    tenantId: asId("tenant", row.tenantId),
    platform: row.platform,
    authKind: row.authKind,
    externalId: row.externalId,
    accountKind: row.accountKind,
    name: row.name,
    handle: row.handle ?? undefined,
    pictureUrl: row.pictureUrl ?? undefined,
    profileUrl: row.profileUrl ?? undefined,
    extras: row.extras,
    signInId: row.signInId === null ? undefined : asId("signIn", row.signInId),
    appId: row.appId,
    clientId: row.clientId ?? undefined,
    ownSecret: row.ownSecret,
    scopes: row.scopes,
    missingScopes: row.missingScopes,
    status: row.status,
    statusReason: row.statusReason === null ? undefined : Reason.parse(row.statusReason),
    tokenExpiresAt: row.tokenExpiresAt ?? undefined,
    refreshExpiresAt: row.refreshExpiresAt ?? undefined,
    refreshLeaseUntil: row.refreshLeaseUntil ?? undefined,
    refreshFence: row.refreshFence,
    refreshIntentAt: row.refreshIntentAt ?? undefined,
    credentialVersion: row.credentialVersion,
    blockedUntil: row.blockedUntil ?? undefined,
    endingAt: row.endingAt ?? undefined,
    pausedAt: row.pausedAt ?? undefined,
    ownName: row.ownName ?? undefined,
    label: row.label ?? undefined,
    disabledAt: row.disabledAt ?? undefined,
    simulated: row.simulated,
    checkedAt: row.checkedAt ?? undefined,
    checkLatencyMs: row.checkLatencyMs ?? undefined,
    renews: row.renews ?? undefined,
    signInAgainBy: row.signInAgainBy ?? undefined,
    nextCheckAt: row.nextCheckAt,
    lastCheck: row.lastCheck === null ? undefined : Last.parse(row.lastCheck),
    createdAt: row.createdAt,
    disconnectedAt: row.disconnectedAt ?? undefined,
  };
}

/** A secret read with its key; undefined when either is gone. */
export function storedSecretOf(
  secret: typeof encryptedSecrets.$inferSelect | null,
  key: typeof encryptionKeys.$inferSelect | null,
): StoredSecret | undefined {
  if (!secret || !key) return undefined;
  const tenantId = asId("tenant", secret.tenantId);
  const keyId = asId("encryptionKey", key.id);
  const { ownerId, name, nonce, ciphertext } = secret;
  const { version, provider, masterKeyId, wrapped } = key;
  return {
    sealed: { tenantId, ownerId, name, keyId, nonce, ciphertext },
    key: { id: keyId, tenantId: asId("tenant", key.tenantId), version, provider, masterKeyId, wrapped },
  };
}

/** A reason as plain JSON. */
export const reasonJson = (reason: StatusReason | undefined | null) => (reason ? { ...reason } : null);

/** Somebody connected it, or signed in for it again, after that time: the record of a connection says so. */
export const signedInSince = (id: string, at: Date) =>
  sql<boolean>`exists (select 1 from connection_audit a where a.connection_id = ${id}
    and a.action in ('connected', 'reconnected') and a.at > ${at.toISOString()}::timestamptz)`;

/** Appends to the record of a connection, in the transaction that makes the change. */
export async function writeAudit(
  tx: Executor,
  target: { readonly tenantId: string; readonly connectionId: string },
  { actor, action, detail }: AuditEntry,
): Promise<void> {
  await tx.insert(connectionAudit).values({ id: newId("audit"), ...target, at: domainNow, actor, action, detail });
}
