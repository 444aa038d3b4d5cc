import type { AuditEntry, ConnectionRecord, TenantConnections } from "@postd/core";
import { and, eq, isNotNull, isNull, not, sql } from "drizzle-orm";
import { domainNow, recordOf, signedInSince, writeAudit } from "./connections-row.ts";
import { endOwnerLinks } from "./owner-links-repo.ts";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { connections, webhookSubscriptions } from "./schema.ts";
import { dropEmptySignIn, endUnused, lockMembers } from "./sign-ins-row.ts";
import { removeSecrets } from "./vault-store.ts";

interface Target {
  readonly tenantId: string;
  readonly connectionId: string;
}

/** From here on nothing opens it. Its sign-in ends with the last connection that lives on it. */
export async function markDisconnected(
  tx: Executor,
  target: Target,
  entry: AuditEntry,
  { onlyEnding = false, unlessSignedInSince }: Parameters<TenantConnections["markDisconnected"]>[2] = {},
): Promise<ConnectionRecord | undefined> {
  const id = target.connectionId;
  const signInId = await lockWithMembers(tx, id);
  const [row] = await tx
    .update(connections)
    .set({
      status: "revoked",
      statusReason: null,
      disconnectedAt: domainNow,
      endingAt: null,
      refreshLeaseUntil: null,
      refreshIntentAt: null,
      // What was seen with these credentials changes nothing any more.
      credentialVersion: sql`credential_version + 1`,
      updatedAt: domainNow,
    })
    .where(
      and(
        eq(connections.id, id),
        isNull(connections.disconnectedAt),
        onlyEnding ? isNotNull(connections.endingAt) : undefined,
        unlessSignedInSince ? not(signedInSince(id, unlessSignedInSince)) : undefined,
      ),
    )
    .returning();
  if (!row) return undefined;
  if (signInId) await endUnused(tx, signInId);
  await endOwnerLinks(tx, target);
  await writeAudit(tx, target, entry);
  return recordOf(row);
}

type Withdrawing = Parameters<TenantConnections["beginWithdrawing"]>[1];
const endOf = (forMs: Withdrawing) => sql`domain_now() + ${forMs} * interval '1 millisecond'`;

/**
 * Nobody stores new credentials for it before the time that is answered. Where another call withdraws it too, neither of
 * them ends that time: the other's may be on its way.
 */
export async function beginWithdrawing(tx: Executor, id: string, forMs: Withdrawing): Promise<Date | undefined> {
  const [row] = await tx
    .select({ until: sql`${endOf(forMs)}`.mapWith(connections.withdrawingUntil) })
    .from(connections)
    .where(and(eq(connections.id, id), isNotNull(connections.disconnectedAt)))
    .for("update");
  if (row) await markUntil(tx, { id, mine: undefined, until: row.until });
  return row?.until;
}

/** The look and the mark are one statement under the subject's lock, which storing a consent takes too. */
export async function claimWithdrawal(
  tx: Executor,
  id: string,
  begun: Date,
  forMs: Withdrawing,
): ReturnType<TenantConnections["claimWithdrawal"]> {
  const signInId = await lockWithMembers(tx, id);
  const { rows } = await runSql<{ until: Date }>(
    tx,
    sql`select (${endOf(forMs)})::timestamptz(3) as until from connections c join platform_sign_ins s on s.id = c.sign_in_id
      where c.id = ${id} and s.id = ${signInId ?? ""} and c.disconnected_at is not null and s.ended_at is not null`,
  );
  const [ended] = rows;
  if (!ended) return "shared";
  const { rows: marked } = await runSql<{ mine: boolean }>(
    tx,
    sql`select begin_withdrawal(${signInId}, ${ended.until.toISOString()}::timestamptz) as mine`,
  );
  if (marked[0]?.mine !== true) return "elsewhere";
  await markUntil(tx, { id, mine: begun, until: ended.until });
  return ended;
}

/** `mine`: the time this withdrawal set before. Another's that has not run out makes it nobody's. */
async function markUntil(
  tx: Executor,
  { id, mine, until }: { readonly id: string; readonly mine: Date | undefined; readonly until: Date },
): Promise<void> {
  const ends = sql`${until.toISOString()}::timestamptz`;
  await runSql(
    tx,
    sql`update connections set withdrawing_until = case
      when withdrawing_until > domain_now() and withdrawing_until is distinct from ${mine?.toISOString() ?? null}::timestamptz
        then greatest(withdrawing_until, ${ends}) + interval '1 millisecond' else ${ends} end where id = ${id}`,
  );
}

export async function eraseCredentials(
  tx: Executor,
  target: Target,
  entry: AuditEntry,
  { withdrawn = false, until }: Parameters<TenantConnections["eraseCredentials"]>[2] = {},
): Promise<void> {
  const { tenantId, connectionId } = target;
  const signInId = await lockWithMembers(tx, connectionId);
  if (until) {
    const held = sql`${until.toISOString()}::timestamptz`;
    await runSql(
      tx,
      sql`update connections set withdrawing_until = null where id = ${connectionId} and withdrawing_until = ${held}`,
    );
    if (signInId) await runSql(tx, sql`select end_withdrawal(${signInId}, ${held})`);
  }
  const [row] = await tx
    .select({ at: connections.disconnectedAt })
    .from(connections)
    .where(eq(connections.id, connectionId));
  // Connected again in the meantime: these credentials are new.
  if (!row?.at) return;
  const dropped = await tx
    .delete(webhookSubscriptions)
    .where(eq(webhookSubscriptions.connectionId, connectionId))
    .returning({ id: webhookSubscriptions.id });
  for (const { id: ownerId } of dropped) await removeSecrets(tx, { tenantId, ownerId });
  if (signInId) await removeGrants(tx, { tenantId, signInId, withdrawn });
  // What an older version renewed is kept under the one connection it knew of. Others act with it, or withdraw by it yet.
  const { rows: needing } = await runSql(
    tx,
    sql`select 1 from platform_sign_ins s join connections c on c.sign_in_id = s.id and c.id <> ${connectionId}
      where s.id = ${signInId ?? ""} and s.secret_owner = ${connectionId} limit 1`,
  );
  const removed = needing.length > 0 ? 0 : await removeSecrets(tx, { tenantId, ownerId: connectionId });
  await tx.update(connections).set({ signInId: null }).where(eq(connections.id, connectionId));
  if (signInId) await dropEmptySignIn(tx, tenantId, signInId);
  if (removed > 0 || signInId) await writeAudit(tx, target, entry);
}

/**
 * What the person of an ended sign-in granted to its app: the grant its tokens came from, which is of no more use than they
 * are; where it was withdrawn all until now, since the platform may have taken those back with it.
 */
async function removeGrants(
  tx: Executor,
  {
    tenantId,
    signInId,
    withdrawn,
  }: { readonly tenantId: string; readonly signInId: string; readonly withdrawn: boolean },
): Promise<void> {
  const { rows } = await runSql<{ id: string }>(
    tx,
    sql`delete from oauth_grants g using platform_sign_ins s where s.id = ${signInId} and g.tenant_id = s.tenant_id
      and s.ended_at is not null and (${withdrawn} or g.created_at <= s.granted_at)
      and same_app(g.app_id, g.client_id, s.app_id, s.client_id) and g.auth_kind = s.auth_kind and g.simulated = s.simulated
      and g.subject ->> 'externalId' = s.subject returning g.id`,
  );
  for (const { id } of rows) await removeSecrets(tx, { tenantId, ownerId: id });
}

async function lockWithMembers(tx: Executor, connectionId: string): Promise<string | undefined> {
  const [named] = await tx
    .select({ signInId: connections.signInId })
    .from(connections)
    .where(eq(connections.id, connectionId));
  const signInId = named?.signInId ?? undefined;
  await lockMembers(tx, { signInId: signInId ?? "", connectionId });
  return signInId;
}
