import type { ConnectionRecord, ConnectionsRepo, TenantConnections } from "@postd/core";
import { and, desc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import { sliceIds } from "./byte-slice.ts";
import { connectAccount } from "./connections-connect.ts";
import { describeConnection } from "./connections-describe.ts";
import { beginWithdrawing, claimWithdrawal, eraseCredentials, markDisconnected } from "./connections-end.ts";
import { eraseAccount } from "./connections-erase.ts";
import { readWithSecret } from "./connections-read.ts";
import { claimRefresh, endRefresh, storeRefreshed } from "./connections-refresh.ts";
import { domainNow, recordOf, signedInSince, writeAudit } from "./connections-row.ts";
import { readStanding } from "./connections-standing.ts";
import { recordCheck, setStatus } from "./connections-status.ts";
import { readTimeline } from "./connections-timeline.ts";
import { logChecks, readHealthLog } from "./health-log.ts";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { connections } from "./schema.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";

/** Connections on PostgreSQL. Every method is one short transaction of the tenant it was made for. */
export function createConnectionsRepo(db: TenantDb): ConnectionsRepo {
  return { forTenant: (tenantId) => tenantConnections(db, tenantId) };
}

function tenantConnections(db: TenantDb, tenantId: string): TenantConnections {
  const run = <T>(fn: (tx: Executor) => Promise<T>) => withTenant(db, tenantId, fn);
  const target = (connectionId: string) => ({ tenantId, connectionId });
  return {
    find: (id) => run(async (tx) => first(await tx.select().from(connections).where(eq(connections.id, id)))),
    findWithSecret: (id) => readWithSecret(db, tenantId, id),
    findAccount: ({ platform, externalId, authKind }) =>
      run(async (tx) =>
        first(
          await tx
            .select()
            .from(connections)
            .where(
              and(
                eq(connections.platform, platform),
                eq(connections.externalId, externalId),
                eq(connections.authKind, authKind),
              ),
            ),
        ),
      ),
    list: ({ limit, afterId, platform }) =>
      run(async (tx) => {
        const { rows: ids, more } = await sliceIds(
          tx,
          {
            ids: sql`select id from connections
            where ${afterId === undefined ? sql`true` : sql`id < ${afterId}`}
              and ${platform === undefined ? sql`true` : sql`platform = ${platform}`} order by id desc`,
            sizesOf: (asked) =>
              sql`select id, octet_length(c::text) as bytes from connections c where id in ${[...asked]}`,
          },
          { limit },
        );
        const rows = await tx
          .select()
          .from(connections)
          .where(inArray(connections.id, [...ids]))
          .orderBy(desc(connections.id));
        return { rows: rows.map(recordOf), more };
      }),
    twins: (records) => run((tx) => findTwins(tx, records)),
    standing: (id) => run((tx) => readStanding(tx, tenantId, id)),
    connect: (input) => connectAccount(db, tenantId, input),
    claimRefresh: (input) => run((tx) => claimRefresh(tx, input)),
    storeRefreshed: (input) => storeRefreshed(db, tenantId, input),
    endRefresh: (input) => run((tx) => endRefresh(tx, tenantId, input)),
    setStatus: (input) => run((tx) => setStatus(tx, tenantId, input)),
    blockUntil: (id, until, allOfApp) =>
      run(async (tx) => {
        // What the provider calls the app says which accounts are meant, whoever registered it here. Where that is not
        // known, the registration of this server is every tenant's, and a tenant's own concerns its accounts alone.
        if (allOfApp) {
          await runSql(
            tx,
            sql`insert into client_blocks (platform, auth_kind, simulated, client_id, until)
            select platform, auth_kind, simulated, client_id, ${until.toISOString()}::timestamptz from connections where id = ${id} and client_id is not null
            on conflict (platform, auth_kind, simulated, client_id) do update set until = greatest(client_blocks.until, excluded.until)`,
          );
          await runSql(
            tx,
            sql`insert into app_blocks (platform, auth_kind, simulated, until)
            select platform, auth_kind, simulated, ${until.toISOString()}::timestamptz from connections where id = ${id} and app_id = 'instance'
            on conflict (platform, auth_kind, simulated) do update set until = greatest(app_blocks.until, excluded.until)`,
          );
        }
        const sameApp = sql`(${connections.appId} <> 'instance' and ${connections.appId} = (select c.app_id from connections c where c.id = ${id}))`;
        // A later answer never shortens what the platform asked for before.
        await tx
          .update(connections)
          .set({
            blockedUntil: sql`greatest(blocked_until, ${until.toISOString()}::timestamptz)`,
            updatedAt: domainNow,
          })
          .where(allOfApp ? or(eq(connections.id, id), sameApp) : eq(connections.id, id));
      }),
    recordCheck: (input) => run((tx) => recordCheck(tx, tenantId, input)),
    logCheck: (id, check) => run(async (tx) => void (await logChecks(tx, tenantId, [id], check))),
    healthLog: (input) => run((tx) => readHealthLog(tx, tenantId, input)),
    describe: (id, change, entry) => run((tx) => describeConnection(tx, target(id), change, entry)),
    markEnding: (id, entry) =>
      run(async (tx) => {
        const record = first(
          await tx
            .update(connections)
            .set({ endingAt: domainNow, updatedAt: domainNow })
            .where(and(eq(connections.id, id), isNull(connections.disconnectedAt), isNull(connections.endingAt)))
            .returning(),
        );
        if (record) await writeAudit(tx, target(id), entry);
        return record;
      }),
    markDisconnected: (id, entry, options) => run((tx) => markDisconnected(tx, target(id), entry, options)),
    signedInSince: (id, at) =>
      run(async (tx) => {
        const { rows } = await runSql<{ newer: boolean }>(tx, sql`select ${signedInSince(id, at)} as newer`);
        return rows[0]?.newer === true;
      }),
    beginWithdrawing: (id, forMs) => run((tx) => beginWithdrawing(tx, id, forMs)),
    claimWithdrawal: (id, begun, forMs) => run((tx) => claimWithdrawal(tx, id, begun, forMs)),
    eraseCredentials: (id, entry, options) => run((tx) => eraseCredentials(tx, target(id), entry, options)),
    eraseAccount: (input) => run((tx) => eraseAccount(tx, tenantId, input)),
    audit: (id, entry) => run((tx) => writeAudit(tx, target(id), entry)),
    timeline: (input) => run((tx) => readTimeline(tx, tenantId, input)),
  };
}

const first = (rows: readonly (typeof connections.$inferSelect)[]): ConnectionRecord | undefined =>
  rows[0] && recordOf(rows[0]);

async function findTwins(tx: Executor, records: readonly ConnectionRecord[]) {
  const twins = new Map<string, ConnectionRecord[]>();
  if (records.length === 0) return twins;
  const rows = await tx
    .select()
    .from(connections)
    .where(
      and(
        inArray(connections.externalId, [...new Set(records.map(({ externalId }) => externalId))]),
        isNull(connections.disconnectedAt),
      ),
    );
  const others = rows.map(recordOf);
  for (const { id, platform, externalId } of records) {
    const same = others.filter((it) => it.id !== id && it.platform === platform && it.externalId === externalId);
    if (same.length > 0) twins.set(id, same);
  }
  return twins;
}
