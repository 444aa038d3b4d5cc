import { asId } from "@postd/contracts";
import type { ConnectionChange, TenantConnections } from "@postd/core";
import { isBroken } from "@postd/core";
import { and, eq, isNull, sql } from "drizzle-orm";
import { domainNow, reasonJson, writeAudit } from "./connections-row.ts";
import { logChecks } from "./health-log.ts";
import type { Executor } from "./pools.ts";
import { connections, platformSignIns } from "./schema.ts";
import { lockMembers } from "./sign-ins-row.ts";

type Input<K extends keyof TenantConnections> = Parameters<TenantConnections[K]>[0];

export async function setStatus(
  tx: Executor,
  tenantId: string,
  { id, credentialVersion, status, statusReason, audit, wholeSignIn = false }: Input<"setStatus">,
): ReturnType<TenantConnections["setStatus"]> {
  const seen = { status, statusReason: reasonJson(statusReason), updatedAt: domainNow };
  if (wholeSignIn) await lockMembers(tx, { signInId: (await signInOf(tx, id)) ?? "", connectionId: id });
  const [own] = await tx
    .update(connections)
    .set(seen)
    .where(sameCredentials(id, credentialVersion))
    .returning({ id: connections.id, signInId: connections.signInId, ownSecret: connections.ownSecret });
  if (!own) return [];
  const changed = [own.id];
  if (wholeSignIn && own.signInId && !own.ownSecret) {
    await tx.update(platformSignIns).set(seen).where(eq(platformSignIns.id, own.signInId));
    const broken = sql`(${connections.status} in ('attention', 'revoked') and ${connections.statusReason} ->> 'code' = 'signed_out')`;
    const others = await tx
      .update(connections)
      .set(seen)
      .where(
        and(
          eq(connections.signInId, own.signInId),
          eq(connections.ownSecret, false),
          isNull(connections.disconnectedAt),
          sql`${connections.id} <> ${id}`,
          // Signed out, all are; working again heals those that lacked nothing else.
          isBroken({ status }) ? sql`not ${broken}` : broken,
        ),
      )
      .returning({ id: connections.id });
    changed.push(...others.map((it) => it.id));
  }
  for (const connectionId of changed) await writeAudit(tx, { tenantId, connectionId }, audit);
  return changed.map((connectionId) => asId("connection", connectionId));
}

export async function recordCheck(tx: Executor, tenantId: string, input: Input<"recordCheck">): Promise<void> {
  const { id, credentialVersion, check, change, unread, audit } = input;
  const at = await logChecks(tx, tenantId, [id], check);
  // Whatever it was looked at with, its turn is over.
  if (check.nextCheckAt)
    await tx
      .update(connections)
      .set({ nextCheckAt: check.nextCheckAt })
      .where(and(eq(connections.id, id), isNull(connections.disconnectedAt)));
  const { checkType, ok, latencyMs, result } = check;
  const lastCheck = {
    checkType,
    at: at.toISOString(),
    ok,
    latencyMs,
    ...(ok ? {} : { kind: result.kind ?? null, message: result.message ?? null }),
    ...(unread > 0 ? { unread } : {}),
  };
  const [updated] = await tx
    .update(connections)
    .set({ ...columnsOf(change), lastCheck, checkedAt: domainNow, checkLatencyMs: latencyMs, updatedAt: domainNow })
    .where(sameCredentials(id, credentialVersion))
    .returning({ signInId: connections.signInId, ownSecret: connections.ownSecret });
  if (!updated) return;
  const { tokenExpiresAt, scopes } = change;
  if (updated.signInId && !updated.ownSecret && (tokenExpiresAt || scopes))
    await tx
      .update(platformSignIns)
      .set({
        ...(tokenExpiresAt ? { tokenExpiresAt } : {}),
        ...(scopes ? { scopes: [...scopes] } : {}),
        updatedAt: domainNow,
      })
      .where(eq(platformSignIns.id, updated.signInId));
  if (audit) await writeAudit(tx, { tenantId, connectionId: id }, audit);
}

async function signInOf(tx: Executor, id: string): Promise<string | null | undefined> {
  const [row] = await tx.select({ signInId: connections.signInId }).from(connections).where(eq(connections.id, id));
  return row?.signInId;
}

/** What was seen with older credentials says nothing about the ones stored now. */
const sameCredentials = (id: string, version: number) =>
  and(eq(connections.id, id), eq(connections.credentialVersion, version), isNull(connections.disconnectedAt));

function columnsOf({ scopes, missingScopes, statusReason, ...rest }: ConnectionChange) {
  return {
    ...rest,
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    ...(missingScopes === undefined ? {} : { missingScopes: [...missingScopes] }),
    ...(statusReason === undefined ? {} : { statusReason: reasonJson(statusReason) }),
  };
}
