import { asId } from "@postd/contracts";
import type { ComparedSignIn, SignInsRepo, TenantSignIns } from "@postd/core";
import { and, eq, inArray, isNull, lt, sql } from "drizzle-orm";
import { domainNow } from "./connections-row.ts";
import { secretsOf } from "./connections-standing.ts";
import type { Db, Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { connections, platformSignIns } from "./schema.ts";
import { dropEmptySignIn, removeLeftover } from "./sign-ins-row.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";
import { removeSecrets, writeSealed } from "./vault-store.ts";

/** Sign-ins on PostgreSQL, as joining needs them. `system` finds the tenants that have something to join. */
export function createSignInsRepo({ app, system }: { readonly app: TenantDb; readonly system: Db }): SignInsRepo {
  return {
    // Joining serves every tenant; it learns their ids, and everything else in each one's own scope.
    async waiting() {
      const { rows } = await runSql<{ tenant_id: string }>(
        system,
        sql`select distinct tenant_id from platform_sign_ins where unjoined or ended_at < domain_now() - interval '1 day' order by 1`,
      );
      return rows.map((row) => asId("tenant", row.tenant_id));
    },
    forTenant: (tenantId) => tenantSignIns(app, tenantId),
  };
}

function tenantSignIns(db: TenantDb, tenantId: string): TenantSignIns {
  const run = <T>(fn: (tx: Executor) => Promise<T>) => withTenant(db, tenantId, fn);
  return {
    all: () => run((tx) => readAll(tx, tenantId)),
    promote: (id, provider) =>
      run(async (tx) => {
        const { rowCount } = await runSql(
          tx,
          sql`update platform_sign_ins s set provider = ${provider}, twin_of = '', unjoined = false, updated_at = ${domainNow}
            where s.id = ${id} and s.unjoined and s.ended_at is null and not exists (select 1 from platform_sign_ins o
              where o.tenant_id = s.tenant_id and o.provider = ${provider} and o.app_id = s.app_id and o.auth_kind = s.auth_kind
                and o.simulated = s.simulated and o.subject = s.subject and o.twin_of = '')
            `,
        );
        return rowCount === 1;
      }),
    keepApart: (id, provider) =>
      run(async (tx) => {
        await tx
          .update(platformSignIns)
          .set({ provider, unjoined: false, updatedAt: domainNow })
          .where(and(eq(platformSignIns.id, id), eq(platformSignIns.unjoined, true)));
      }),
    join: (input) => run((tx) => join(tx, tenantId, input)),
    removeEnded: () =>
      run(async (tx) => {
        const ended = await tx
          .delete(platformSignIns)
          .where(lt(platformSignIns.endedAt, sql`domain_now() - interval '1 day'`))
          .returning({ id: platformSignIns.id, secretOwner: platformSignIns.secretOwner });
        for (const { id, secretOwner } of ended) {
          await removeSecrets(tx, { tenantId, ownerId: id });
          await removeLeftover(tx, { tenantId, ownerId: secretOwner });
        }
        return ended.length;
      }),
  };
}

async function readAll(tx: Executor, tenantId: string): Promise<readonly ComparedSignIn[]> {
  const rows = await tx
    .select({ signIn: platformSignIns, platform: sql<string>`min(${connections.platform})` })
    .from(platformSignIns)
    .innerJoin(connections, eq(connections.signInId, platformSignIns.id))
    .where(isNull(platformSignIns.endedAt))
    .groupBy(platformSignIns.id)
    .orderBy(platformSignIns.createdAt, platformSignIns.id);
  const secrets = await secretsOf(
    tx,
    tenantId,
    rows.map(({ signIn }) => signIn.secretOwner),
  );
  return rows.map(({ signIn, platform }) => ({
    id: asId("signIn", signIn.id),
    platform,
    provider: signIn.provider,
    authKind: signIn.authKind,
    appId: signIn.appId,
    simulated: signIn.simulated,
    subject: signIn.subject,
    unjoined: signIn.unjoined,
    isTwin: signIn.twinOf !== "",
    version: signIn.credentialVersion,
    secretOwner: signIn.secretOwner,
    credentials: secrets.get(signIn.secretOwner),
  }));
}

async function join(
  tx: Executor,
  tenantId: string,
  { from, to, keepOwn, sealed }: Parameters<TenantSignIns["join"]>[0],
): Promise<boolean> {
  await runSql(tx, sql`select 1 from connections where sign_in_id in (${from.id}, ${to.id}) order by id for update`);
  const both = await tx
    .select()
    .from(platformSignIns)
    .where(
      and(
        inArray(platformSignIns.id, [from.id, to.id]),
        isNull(platformSignIns.endedAt),
        sql`(${platformSignIns.refreshLeaseUntil} is null or ${platformSignIns.refreshLeaseUntil} <= domain_now())`,
        sql`not exists (select 1 from connections m where m.sign_in_id = ${platformSignIns.id} and m.refresh_lease_until > domain_now())`,
      ),
    )
    .orderBy(platformSignIns.id)
    .for("update");
  const [old, kept] = [from, to].map(({ id, version }) =>
    both.find((row) => row.id === id && row.credentialVersion === version),
  );
  if (!old?.unjoined || !kept || kept.unjoined) return false;
  if (keepOwn)
    await tx
      .update(connections)
      .set({ ownSecret: true })
      .where(
        and(inArray(connections.signInId, sealed ? [from.id, to.id] : [from.id]), isNull(connections.disconnectedAt)),
      );
  await tx.update(connections).set({ signInId: to.id }).where(eq(connections.signInId, from.id));
  if (sealed) await writeSealed(tx, sealed);
  await tx
    .update(platformSignIns)
    .set({
      ...(sealed ? { secretOwner: to.id } : {}),
      refreshIntentAt: kept.refreshIntentAt ?? old.refreshIntentAt,
      updatedAt: domainNow,
    })
    .where(eq(platformSignIns.id, to.id));
  await dropEmptySignIn(tx, tenantId, from.id);
  return true;
}
