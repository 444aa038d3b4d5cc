import { asId, type ConnectionId } from "@postd/contracts";
import type { NewSignIn } from "@postd/core";
import { and, type Column, eq, isNull, ne, sql } from "drizzle-orm";
import { domainNow } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { connections, platformSignIns } from "./schema.ts";
import { removeSecrets } from "./vault-store.ts";

/**
 * The one sign-in of a subject at an app, under whichever registration it was made; those that stand beside it from before
 * are not meant. One that does not know its app's own id gives way to one that does.
 */
export const ofSubject = (tx: Executor, { provider, appId, clientId, authKind, simulated, subject }: NewSignIn) =>
  tx
    .select()
    .from(platformSignIns)
    .where(
      and(
        eq(platformSignIns.provider, provider),
        sameApp(platformSignIns, { appId, clientId }),
        eq(platformSignIns.authKind, authKind),
        eq(platformSignIns.simulated, simulated),
        eq(platformSignIns.subject, subject),
        eq(platformSignIns.twinOf, ""),
      ),
    )
    .orderBy(sql`${platformSignIns.clientId} is null`, platformSignIns.id)
    .limit(1);

/** Whether a row was made with that very app of the provider; not known is no. */
export const sameApp = (
  { appId, clientId }: { readonly appId: Column; readonly clientId: Column },
  app: { readonly appId: string; readonly clientId?: string | undefined },
) => sql`same_app(${appId}, ${clientId}, ${app.appId}, ${app.clientId ?? null}::text)`;

/**
 * Whether a consent given then may be stored: no withdrawal of the same access, in whatever tenant, is under way or came after
 * it. Holds off the next withdrawal until the transaction ends; locks of connections come before it.
 */
export async function consentStands(
  tx: Executor,
  it: Pick<NewSignIn, "provider" | "authKind" | "simulated" | "subject" | "appId" | "clientId">,
  given: Date,
): Promise<boolean> {
  const { rows } = await runSql<{ stands: boolean }>(
    tx,
    sql`select consent_stands(${it.provider}, ${it.authKind}, ${it.simulated}, ${it.subject}, ${it.appId}, ${it.clientId ?? null}::text,
      ${given.toISOString()}::timestamptz) as stands`,
  );
  return rows[0]?.stands === true;
}

/**
 * Locks the connections of a sign-in, and one more, in the order of their ids. Every transaction that writes both locks
 * connections first and the sign-in after them, as an older version's own writes do through the trigger.
 */
export async function lockMembers(
  tx: Executor,
  { signInId, connectionId }: { readonly signInId: string; readonly connectionId: string },
): Promise<void> {
  await runSql(
    tx,
    sql`select 1 from connections where id = ${connectionId} or sign_in_id = ${signInId} order by id for update`,
  );
}

/** Live connections that act with the sign-in's tokens, but for one. For one release each has a copy under its id. */
export async function membersOf(tx: Executor, signInId: string, except?: string): Promise<readonly string[]> {
  const rows = await tx
    .select({ id: connections.id })
    .from(connections)
    .where(
      and(
        eq(connections.signInId, signInId),
        isNull(connections.disconnectedAt),
        eq(connections.ownSecret, false),
        except === undefined ? undefined : ne(connections.id, except),
      ),
    )
    .orderBy(connections.id);
  return rows.map(({ id }) => id);
}

/**
 * Its new tokens are theirs, and the registration they were made under: version and ends follow, and what only waited for somebody to sign in works again. Answers
 * the connections that were healed.
 */
export async function healMembers(
  tx: Executor,
  tenantId: string,
  { signInId, except }: { readonly signInId: string; readonly except: string },
): Promise<readonly ConnectionId[]> {
  const { rows } = await runSql<{ id: string; broken: boolean }>(
    tx,
    sql`with moved as (
        update connections set app_id = s.app_id, client_id = s.client_id from platform_sign_ins s where s.id = ${signInId} and own_secret
          and sign_in_id = s.id and connections.id <> ${except} and disconnected_at is null),
      before as (
        select id, status in ('attention', 'revoked') and status_reason ->> 'code' = 'signed_out' as broken from connections
        where tenant_id = ${tenantId} and sign_in_id = ${signInId} and id <> ${except} and disconnected_at is null and not own_secret)
      update connections c set app_id = s.app_id, client_id = s.client_id, credential_version = c.credential_version + 1, token_expires_at = s.token_expires_at,
        refresh_expires_at = s.refresh_expires_at, refresh_lease_until = null, refresh_intent_at = null, updated_at = ${domainNow},
        status = case when b.broken then 'healthy' else c.status end,
        status_reason = case when b.broken then null else c.status_reason end, next_check_at = ${firstCheck},
        sign_in_again_by = null
      from before b, platform_sign_ins s where c.id = b.id and s.id = ${signInId}
      returning c.id, b.broken`,
  );
  // Events are subscribed anew where that was done under another registration.
  await runSql(
    tx,
    sql`update webhook_subscriptions w set renew_at = ${domainNow} from connections c
      where c.id = w.connection_id and c.sign_in_id = ${signInId} and c.id <> ${except} and c.disconnected_at is null and w.app_id <> c.app_id`,
  );
  return rows.filter(({ broken }) => broken).map(({ id }) => asId("connection", id));
}

/** Signing in looked at the account. */
export const firstCheck = sql`domain_now() + interval '6 hours'`;

/** An account left it for another: it ends with the last that lived on it, and goes with the last that names it. */
export async function leaveSignIn(tx: Executor, tenantId: string, signInId: string): Promise<void> {
  await endUnused(tx, signInId);
  await dropEmptySignIn(tx, tenantId, signInId);
}

/** Ends a sign-in no live connection is left of. A refresh under way finds another version and stores nothing. */
export async function endUnused(tx: Executor, signInId: string): Promise<void> {
  await runSql(
    tx,
    sql`update platform_sign_ins s set ended_at = ${domainNow}, credential_version = s.credential_version + 1,
      refresh_lease_until = null, refresh_intent_at = null, updated_at = ${domainNow}
      where s.id = ${signInId} and s.ended_at is null
        and not exists (select 1 from connections c where c.sign_in_id = s.id and c.disconnected_at is null)`,
  );
}

/** Removes a sign-in no connection names any more, with its secret. */
export async function dropEmptySignIn(tx: Executor, tenantId: string, signInId: string): Promise<void> {
  const gone = await tx
    .delete(platformSignIns)
    .where(
      and(
        eq(platformSignIns.id, signInId),
        sql`not exists (select 1 from connections c where c.sign_in_id = ${signInId})`,
      ),
    )
    .returning({ secretOwner: platformSignIns.secretOwner });
  for (const { secretOwner } of gone) {
    await removeSecrets(tx, { tenantId, ownerId: signInId });
    await removeLeftover(tx, { tenantId, ownerId: secretOwner });
  }
}

/** A secret that an ended connection held for a sign-in others live on goes when that sign-in needs it no more. */
export async function removeLeftover(
  tx: Executor,
  { tenantId, ownerId }: { readonly tenantId: string; readonly ownerId: string },
): Promise<void> {
  const { rows } = await runSql(
    tx,
    sql`select 1 from connections c where c.id = ${ownerId} and c.disconnected_at is not null and c.sign_in_id is null
      and not exists (select 1 from platform_sign_ins s where s.secret_owner = c.id)`,
  );
  if (rows.length > 0) await removeSecrets(tx, { tenantId, ownerId });
}
