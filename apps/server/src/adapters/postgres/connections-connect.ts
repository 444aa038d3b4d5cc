import { asId, type ConnectionId } from "@postd/contracts";
import {
  type ConnectingInput,
  instanceApp,
  type LentSecret,
  type NewConnection,
  type NewSignIn,
  type SealedForConnecting,
  type StoredSecret,
  type TenantConnections,
} from "@postd/core";
import { and, eq, ne, sql } from "drizzle-orm";
import { domainNow, reasonJson, recordOf, writeAudit } from "./connections-row.ts";
import { secretsOf } from "./connections-standing.ts";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { connections, platformSignIns } from "./schema.ts";
import {
  consentStands,
  firstCheck,
  healMembers,
  leaveSignIn,
  lockMembers,
  membersOf,
  ofSubject,
  removeLeftover,
} from "./sign-ins-row.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";
import { isKeyGone, removeSecrets, writeSealed } from "./vault-store.ts";

/** The account or sign-in got another id, or either changed, between sealing and storing. */
class SealAgain extends Error {}

const triesMax = 5;

type SignInRow = typeof platformSignIns.$inferSelect;

interface Plan {
  readonly connectionId: ConnectionId;
  readonly existed: boolean;
  readonly signIn: SignInRow | undefined;
  readonly before: StoredSecret | undefined;
  readonly isNewest: boolean;
  /** Other connections that act with the sign-in's tokens. */
  readonly members: readonly string[];
  /** Other sign-ins whose secret this account holds. */
  readonly holds: readonly Held[];
  readonly lent: readonly LentSecret[];
}

type Held = Pick<SignInRow, "id" | "credentialVersion">;

/**
 * Credentials are sealed for ids, so these are found out first; sealing may call a key service and therefore happens
 * outside the transaction. A race for the same account or sign-in starts again with the winner's ids.
 */
export async function connectAccount(
  db: TenantDb,
  tenantId: string,
  input: ConnectingInput,
): ReturnType<TenantConnections["connect"]> {
  for (let tries = 1; ; tries += 1) {
    const plan = await withTenant(db, tenantId, (tx) => readPlan(tx, tenantId, input));
    const { connectionId, before, isNewest, members, lent } = plan;
    const signInId = asId("signIn", plan.signIn?.id ?? input.signIn.id);
    const holder = plan.signIn?.secretOwner;
    const sealed = await input.seal({ connectionId, signInId, members, holder, before, isNewest, lent });
    try {
      return await withTenant(db, tenantId, (tx) => write(tx, tenantId, { input, plan, signInId, sealed }));
    } catch (error) {
      if (tries >= triesMax || !(error instanceof SealAgain || isKeyGone(error))) throw error;
    }
  }
}

async function readPlan(tx: Executor, tenantId: string, { connection, signIn }: ConnectingInput): Promise<Plan> {
  const [existing] = await tx.select({ id: connections.id }).from(connections).where(accountIs(connection));
  const connectionId = asId("connection", existing?.id ?? connection.id);
  const [found] = await ofSubject(tx, signIn);
  const holds = await heldBy(tx, connectionId, found?.id);
  const stored = holds.length > 0 ? (await secretsOf(tx, tenantId, [connectionId])).get(connectionId) : undefined;
  const lent = stored ? holds.map(({ id }) => ({ signInId: asId("signIn", id), stored })) : [];
  if (!found)
    return {
      connectionId,
      existed: existing !== undefined,
      holds,
      lent,
      signIn: undefined,
      before: undefined,
      isNewest: true,
      members: [],
    };
  const before = (await secretsOf(tx, tenantId, [found.secretOwner])).get(found.secretOwner);
  return {
    connectionId,
    existed: existing !== undefined,
    holds,
    lent,
    signIn: found,
    before,
    isNewest: found.endedAt !== null || !before || found.grantedAt < signIn.grantedAt,
    members: await membersOf(tx, found.id, connectionId),
  };
}

/** Sign-ins whose secret is kept under this connection, but for the one it is about to live on. */
const heldBy = (tx: Executor, connectionId: string, except: string | undefined) =>
  tx
    .select({ id: platformSignIns.id, credentialVersion: platformSignIns.credentialVersion })
    .from(platformSignIns)
    .where(and(eq(platformSignIns.secretOwner, connectionId), ne(platformSignIns.id, except ?? "")))
    .orderBy(platformSignIns.id);

interface Writing {
  readonly input: ConnectingInput;
  readonly plan: Plan;
  readonly signInId: string;
  readonly sealed: SealedForConnecting;
}

async function write(
  tx: Executor,
  tenantId: string,
  { input, plan, signInId, sealed }: Writing,
): ReturnType<TenantConnections["connect"]> {
  const { connection } = input;
  const id = plan.connectionId;
  await lockMembers(tx, { signInId, connectionId: id });
  if (await isBeingWithdrawn(tx, id, input.signIn)) return "withdrawing";
  if (!(await hasApp(tx, connection.appId))) return "app_gone";
  const [old] = await tx.select({ signInId: connections.signInId }).from(connections).where(eq(connections.id, id));
  await returnSecrets(tx, plan, sealed);
  const { isOwn } = sealed;
  const signIn = await storeSignIn(tx, tenantId, { input, plan, signInId, sealed });
  const ends = isOwn ? connection : signIn;
  const values = {
    ...valuesOf(connection),
    appId: signIn.appId,
    clientId: signIn.clientId,
    signInId,
    ownSecret: isOwn,
    renews: !isOwn && connection.renews,
    nextCheckAt: firstCheck,
    lastCheck: null,
    signInAgainBy: null,
    tokenExpiresAt: ends.tokenExpiresAt ?? null,
    refreshExpiresAt: ends.refreshExpiresAt ?? null,
  };
  const [row] = await tx
    .insert(connections)
    .values({
      ...values,
      id: connection.id,
      tenantId,
      createdBy: connection.createdBy,
      createdAt: domainNow,
      updatedAt: domainNow,
    })
    .onConflictDoUpdate({
      target: [connections.tenantId, connections.platform, connections.externalId, connections.authKind],
      set: {
        ...values,
        credentialVersion: sql`${connections.credentialVersion} + 1`,
        refreshedAt: null,
        refreshLeaseUntil: null,
        refreshIntentAt: null,
        blockedUntil: null,
        disconnectedAt: null,
        endingAt: null,
        updatedAt: domainNow,
      },
    })
    .returning();
  if (row?.id !== id) throw new SealAgain();
  await removeSecrets(tx, { tenantId, ownerId: id });
  for (const secret of [...(sealed.signIn ? [sealed.signIn] : []), ...sealed.held]) await writeSealed(tx, secret);
  if (old?.signInId && old.signInId !== signInId) await leaveSignIn(tx, tenantId, old.signInId);
  const { existed } = plan;
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
  const healed = sealed.signIn ? await healMembers(tx, tenantId, { signInId, except: id }) : [];
  return { record: recordOf(row), existed, healed };
}

/** What other sign-ins kept under this account goes to their own ids, before its place is used for something else. */
async function returnSecrets(tx: Executor, { connectionId, signIn, holds }: Plan, { lent }: SealedForConnecting) {
  const now = await heldBy(tx, connectionId, signIn?.id).for("update");
  if (JSON.stringify(now) !== JSON.stringify(holds)) throw new SealAgain();
  for (const { id } of now) await tx.update(platformSignIns).set({ secretOwner: id }).where(eq(platformSignIns.id, id));
  for (const secret of lent) await writeSealed(tx, secret);
}

/** The account's old access is being ended, or the platform may have taken this consent back with another one. */
async function isBeingWithdrawn(tx: Executor, connectionId: string, signIn: NewSignIn): Promise<boolean> {
  const { rows } = await runSql<{ ends: boolean }>(
    tx,
    sql`select exists (select 1 from connections where id = ${connectionId} and withdrawing_until > domain_now()) as ends`,
  );
  return rows[0]?.ends !== false || !(await consentStands(tx, signIn, signIn.grantedAt));
}

/** Removing an app waits for this, and looks for connections afterwards. */
async function hasApp(tx: Executor, appId: string): Promise<boolean> {
  if (appId === instanceApp) return true;
  const { rows } = await runSql(tx, sql`select 1 from tenant_apps where id = ${appId} for share`);
  return rows.length > 0;
}

async function storeSignIn(
  tx: Executor,
  tenantId: string,
  { input, plan, signInId, sealed }: Writing,
): Promise<SignInRow> {
  const { signIn } = input;
  const [found] = await ofSubject(tx, signIn).for("update");
  if (found?.id !== plan.signIn?.id || found?.credentialVersion !== plan.signIn?.credentialVersion)
    throw new SealAgain();
  if (found && !sealed.signIn) return found;
  const values = {
    provider: signIn.provider,
    appId: signIn.appId,
    clientId: signIn.clientId ?? null,
    subjectName: signIn.subjectName,
    extras: signIn.extras ?? null,
    scopes: [...signIn.scopes],
    status: "healthy" as const,
    statusReason: null,
    tokenExpiresAt: signIn.tokenExpiresAt ?? null,
    refreshExpiresAt: signIn.refreshExpiresAt ?? null,
    grantedAt: signIn.grantedAt,
    updatedAt: domainNow,
  };
  if (!found) {
    const { authKind, simulated, subject } = signIn;
    const made = { ...values, id: signInId, tenantId, authKind, simulated, subject, secretOwner: signInId };
    const [row] = await tx
      .insert(platformSignIns)
      .values({ ...made, createdBy: input.connection.createdBy, createdAt: domainNow })
      .onConflictDoNothing()
      .returning();
    if (!row) throw new SealAgain();
    return row;
  }
  // What a connection from before acts with is its own where this method gives accounts secrets of their own.
  if (sealed.isOwn && found.secretOwner !== signInId && found.secretOwner !== plan.connectionId)
    await tx.update(connections).set({ ownSecret: true }).where(eq(connections.id, found.secretOwner));
  const [row] = await tx
    .update(platformSignIns)
    .set({
      ...values,
      secretOwner: signInId,
      credentialVersion: sql`${platformSignIns.credentialVersion} + 1`,
      refreshedAt: null,
      refreshLeaseUntil: null,
      refreshIntentAt: null,
      endedAt: null,
    })
    .where(eq(platformSignIns.id, signInId))
    .returning();
  if (!row) throw new Error("a locked sign-in is gone");
  await removeLeftover(tx, { tenantId, ownerId: found.secretOwner });
  return row;
}

const accountIs = ({ platform, externalId, authKind }: NewConnection) =>
  sql`${connections.platform} = ${platform} and ${connections.externalId} = ${externalId} and ${connections.authKind} = ${authKind}`;

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
  simulated: it.simulated,
});
