import { asId, type JsonObject } from "@postd/contracts";
import type { TenantConnections } from "@postd/core";
import { and, eq, isNull, sql } from "drizzle-orm";
import { domainNow, writeAudit } from "./connections-row.ts";
import { logChecks } from "./health-log.ts";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { connections, platformSignIns } from "./schema.ts";
import { lockMembers, membersOf, removeLeftover } from "./sign-ins-row.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";
import { isKeyGone, writeSealed } from "./vault-store.ts";

type Input<K extends keyof TenantConnections> = Parameters<TenantConnections[K]>[0];

/**
 * Lease, fence and intent of the sign-in in one, shown on its connections; an intent that was there before tells of a
 * refresh that was cut off. For one release a connection's own lease counts too: an older version takes that one, and
 * two must never spend one rotating token.
 */
export async function claimRefresh(
  tx: Executor,
  { id, credentialVersion, fence, leaseMs }: Input<"claimRefresh">,
): ReturnType<TenantConnections["claimRefresh"]> {
  const [named] = await tx.select({ signInId: connections.signInId }).from(connections).where(eq(connections.id, id));
  if (!named?.signInId) return undefined;
  await lockMembers(tx, { signInId: named.signInId, connectionId: id });
  const { rows: free } = await runSql<{
    cut_before: Date | null;
    version: number;
    subject: string;
    extras: JsonObject;
  }>(
    tx,
    sql`select least(s.refresh_intent_at, c.refresh_intent_at) as cut_before, s.credential_version as version,
        s.subject, coalesce(s.extras, c.extras) as extras
      from connections c join platform_sign_ins s on s.id = c.sign_in_id
      where c.id = ${id} and s.id = ${named.signInId} and c.credential_version = ${credentialVersion} and c.refresh_fence = ${fence}
        and c.disconnected_at is null
        and not c.own_secret and s.ended_at is null and (s.refresh_lease_until is null or s.refresh_lease_until <= domain_now())
        and not exists (select 1 from connections m where m.sign_in_id = s.id and m.disconnected_at is null
          and m.refresh_lease_until > domain_now())
      for update of s`,
  );
  if (!free[0]) return undefined;
  const signInId = asId("signIn", named.signInId);
  const [row] = await tx
    .update(platformSignIns)
    .set({
      refreshLeaseUntil: sql`domain_now() + ${leaseMs} * interval '1 millisecond'`,
      refreshFence: sql`${platformSignIns.refreshFence} + 1`,
      refreshIntentAt: domainNow,
    })
    .where(eq(platformSignIns.id, signInId))
    .returning({
      fence: platformSignIns.refreshFence,
      leaseUntil: platformSignIns.refreshLeaseUntil,
      intentAt: platformSignIns.refreshIntentAt,
    });
  if (!row?.leaseUntil) return undefined;
  await tx
    .update(connections)
    .set({
      refreshLeaseUntil: row.leaseUntil,
      refreshIntentAt: row.intentAt,
      refreshFence: sql`${connections.refreshFence} + 1`,
    })
    .where(isLive(signInId));
  return {
    signInId,
    signIn: { subject: free[0].subject, extras: free[0].extras },
    version: free[0].version,
    fence: row.fence,
    leaseUntil: row.leaseUntil,
    cutBefore: free[0].cut_before ?? undefined,
    owners: [signInId, ...(await membersOf(tx, signInId))],
  };
}

export async function storeRefreshed(
  db: TenantDb,
  tenantId: string,
  input: Input<"storeRefreshed">,
): ReturnType<TenantConnections["storeRefreshed"]> {
  const { signInId, version, sealed, tokenExpiresAt, refreshExpiresAt, scopes, audit, check } = input;
  const ends = {
    tokenExpiresAt: tokenExpiresAt ?? null,
    refreshExpiresAt: refreshExpiresAt ?? null,
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    refreshedAt: domainNow,
    refreshLeaseUntil: null,
    refreshIntentAt: null,
    updatedAt: domainNow,
  };
  try {
    return await withTenant(db, tenantId, async (tx) => {
      await lockMembers(tx, { signInId, connectionId: "" });
      const [old] = await tx
        .select({ secretOwner: platformSignIns.secretOwner })
        .from(platformSignIns)
        .where(eq(platformSignIns.id, signInId));
      const stored = await tx
        .update(platformSignIns)
        .set({ ...ends, credentialVersion: version + 1, secretOwner: signInId })
        .where(
          and(
            eq(platformSignIns.id, signInId),
            eq(platformSignIns.credentialVersion, version),
            isNull(platformSignIns.endedAt),
          ),
        )
        .returning({ id: platformSignIns.id });
      if (stored.length === 0) return false;
      if (old) await removeLeftover(tx, { tenantId, ownerId: old.secretOwner });
      const members = await tx
        .update(connections)
        .set({ ...ends, credentialVersion: sql`${connections.credentialVersion} + 1` })
        .where(and(isLive(signInId), eq(connections.ownSecret, false)))
        .returning({ id: connections.id, version: connections.credentialVersion });
      await tx
        .update(connections)
        .set({ refreshLeaseUntil: null, refreshIntentAt: null })
        .where(and(isLive(signInId), eq(connections.ownSecret, true)));
      const owners = new Set<string>([signInId, ...members.map(({ id }) => id)]);
      for (const secret of sealed) if (owners.has(secret.ownerId)) await writeSealed(tx, secret);
      await logChecks(
        tx,
        tenantId,
        members.map((it) => it.id),
        check,
      );
      for (const member of members) {
        const detail = { version: member.version, ...audit.detail };
        await writeAudit(tx, { tenantId, connectionId: member.id }, { ...audit, detail });
      }
      return true;
    });
  } catch (error) {
    if (isKeyGone(error)) return "key_gone";
    throw error;
  }
}

export async function endRefresh(
  tx: Executor,
  tenantId: string,
  { signInId, fence, keepIntent, check }: Input<"endRefresh">,
): Promise<void> {
  await lockMembers(tx, { signInId, connectionId: "" });
  await logChecks(tx, tenantId, await membersOf(tx, signInId), check);
  const [held] = await tx
    .select({ leaseUntil: platformSignIns.refreshLeaseUntil })
    .from(platformSignIns)
    .where(and(eq(platformSignIns.id, signInId), eq(platformSignIns.refreshFence, fence)))
    .for("update");
  if (!held) return;
  const ended = { refreshLeaseUntil: null, ...(keepIntent ? {} : { refreshIntentAt: null }) };
  await tx.update(platformSignIns).set(ended).where(eq(platformSignIns.id, signInId));
  // A lease an older version took on a connection since then is not ours to end.
  const ours = sql`${connections.refreshLeaseUntil} is not distinct from ${held.leaseUntil?.toISOString() ?? null}::timestamptz`;
  await tx
    .update(connections)
    .set(ended)
    .where(and(isLive(signInId), ours));
}

const isLive = (signInId: string) => and(eq(connections.signInId, signInId), isNull(connections.disconnectedAt));
