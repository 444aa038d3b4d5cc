import type { InboundEvent } from "@postd/connector-kit";
import { asId, type TenantId } from "@postd/contracts";
import { newId, type SubscriptionOwner, type SubscriptionRecord, type SubscriptionsRepo } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { readSoon } from "./inbox-entries-repo.ts";
import type { Db } from "./pools.ts";
import { runSql, type SqlPlace } from "./run-sql.ts";
import { forTenant, type TenantDb, withTenant } from "./tenant-tx.ts";
import { removeSecrets, writeSealed } from "./vault-store.ts";

interface Row {
  readonly id: string;
  readonly connection_id: string;
  readonly provider: string;
  readonly app_id: string;
  readonly client_id: string | null;
  readonly external_id: string | null;
  readonly expires_at: Date | null;
  readonly cursor: string | null;
  readonly is_pull_due: boolean;
}

const columns = sql`id, connection_id, provider, app_id, client_id, external_id, expires_at, cursor,
  pull_at is not null and pull_at <= domain_now() as is_pull_due`;
const instant = (at: Date | undefined): SQL => sql`${at?.toISOString() ?? null}::timestamptz`;

/** Subscriptions on PostgreSQL. `system` reads whose they are and when they are due, over all tenants, and nothing else. */
export function createSubscriptionsRepo(app: TenantDb, system: Db): SubscriptionsRepo {
  const owners = async (which: SQL): Promise<readonly SubscriptionOwner[]> => {
    const { rows } = await runSql<{ id: string; tenant_id: string; connection_id: string; provider: string }>(
      system,
      sql`select id, tenant_id, connection_id, provider from webhook_subscriptions ${which}`,
    );
    return rows.map(({ id, provider, ...row }) => ({
      id,
      provider,
      tenantId: asId("tenant", row.tenant_id),
      connectionId: asId("connection", row.connection_id),
    }));
  };
  return {
    owner: async (id) => (await owners(sql`where id = ${id}`))[0],
    due: (limit) =>
      owners(
        sql`where renew_at <= domain_now() or pull_at <= domain_now() order by least(renew_at, pull_at) limit ${limit}`,
      ),
    forTenant: (tenantId) => tenantSubscriptions(app, tenantId),
  };
}

function tenantSubscriptions(app: TenantDb, tenantId: TenantId): ReturnType<SubscriptionsRepo["forTenant"]> {
  const own = forTenant(app, tenantId);
  return {
    async of(connectionId) {
      const { rows } = await runSql<Row>(
        own,
        sql`select ${columns} from webhook_subscriptions where connection_id = ${connectionId}`,
      );
      return rows[0] && recordOf(rows[0]);
    },
    async begin({ id, connectionId, provider, appId, clientId }) {
      const { rows } = await runSql<Row>(
        own,
        sql`insert into webhook_subscriptions (id, tenant_id, connection_id, provider, app_id, client_id, created_at, updated_at)
          values (${id}, ${tenantId}, ${connectionId}, ${provider}, ${appId}, ${clientId ?? null}, domain_now(), domain_now())
          on conflict (connection_id) do update set updated_at = domain_now() returning ${columns}`,
      );
      const [row] = rows;
      if (!row) throw new Error("a subscription was neither made nor there");
      return recordOf(row);
    },
    keep: ({ id, externalId, expiresAt, renewAt, sealed }) =>
      withTenant(app, tenantId, async (tx) => {
        const { rowCount } = await runSql(
          tx,
          sql`update webhook_subscriptions set external_id = ${externalId}, expires_at = ${instant(expiresAt)},
            renew_at = ${instant(renewAt)}, updated_at = domain_now() where id = ${id}`,
        );
        // The account may have been disconnected meanwhile; then nothing of it is kept.
        if (rowCount === 1 && sealed) await writeSealed(tx, sealed);
      }),
    async putOff(id, what, until) {
      const column = what === "renew" ? sql`renew_at` : sql`pull_at`;
      await runSql(own, sql`update webhook_subscriptions set ${column} = ${instant(until)} where id = ${id}`);
    },
    keepPulled: ({ id, connectionId, events, readInbox, cursor, again }) =>
      withTenant(app, tenantId, async (tx) => {
        const { rowCount } = await runSql(
          tx,
          sql`update webhook_subscriptions set cursor = ${cursor}, pull_at = ${again ? sql`domain_now()` : sql`null`},
            updated_at = domain_now() where id = ${id}`,
        );
        if (rowCount === 0) return;
        let isNew = false;
        for (const event of events) isNew = (await insertEvent(tx, { tenantId, connectionId }, event)) || isNew;
        if (readInbox && isNew) await readSoon(tx, { tenantId, connectionId });
      }),
    async isShared(connectionId) {
      const { rows } = await runSql<{ shared: boolean }>(own, sql`select events_elsewhere(${connectionId}) as shared`);
      return rows[0]?.shared !== false;
    },
    remove: (id) =>
      withTenant(app, tenantId, async (tx) => {
        await runSql(tx, sql`delete from webhook_subscriptions where id = ${id}`);
        await removeSecrets(tx, { tenantId, ownerId: id });
      }),
  };
}

/** False: this event was already there. */
export async function insertEvent(
  on: SqlPlace,
  receiver: { readonly tenantId: string; readonly connectionId: string },
  event: InboundEvent,
): Promise<boolean> {
  const { rowCount } = await runSql(
    on,
    sql`insert into webhook_events (id, tenant_id, connection_id, platform, type, dedupe_key, occurred_at, received_at, data)
      values (${newId("webhookEvent")}, ${receiver.tenantId}, ${receiver.connectionId}, ${event.platform}, ${event.type}, ${event.dedupeKey},
        ${event.occurredAt?.toISOString() ?? null}::timestamptz, domain_now(), ${JSON.stringify(event.data)}::jsonb) on conflict do nothing`,
  );
  return rowCount === 1;
}

const recordOf = (row: Row): SubscriptionRecord => ({
  id: row.id,
  connectionId: asId("connection", row.connection_id),
  provider: row.provider,
  appId: row.app_id,
  clientId: row.client_id ?? undefined,
  externalId: row.external_id ?? undefined,
  expiresAt: row.expires_at ?? undefined,
  cursor: row.cursor ?? undefined,
  isPullDue: row.is_pull_due,
});
