import type { JsonObject } from "@postd/contracts";
import type { EventReceiver, Inbox, InboxItem } from "@postd/core";
import { newId } from "@postd/core";
import { sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { withoutTenant, withTenant } from "./tenant-tx.ts";

/** Inbound requests and their events. `system` finds the connections an account id belongs to, over all tenants. */
export function createInbox(app: Db, system: Db): Inbox {
  return {
    async store({ id, platform, headers, query, body }) {
      await runSql(
        app,
        sql`insert into webhook_inbox (id, platform, received_at, headers, body)
        values (${id}, ${platform}, domain_now(), ${JSON.stringify({ headers, query })}::jsonb, ${Buffer.from(body)})`,
      );
    },
    processNext: (handle) =>
      withoutTenant(system, async (tx) => {
        const { rows } = await runSql<{
          id: string;
          platform: string;
          headers: Pick<InboxItem, "headers" | "query">;
          body: Buffer;
        }>(
          tx,
          sql`
          select id, platform, headers, body from webhook_inbox where processed_at is null order by id limit 1 for update skip locked`,
        );
        const row = rows[0];
        if (!row) return false;
        const result = await handle({ id: row.id, platform: row.platform, ...row.headers, body: row.body }).catch(
          (error: unknown) => ({ events: 0, error: error instanceof Error ? error.message.slice(0, 300) : "failed" }),
        );
        await runSql(
          tx,
          sql`update webhook_inbox set processed_at = domain_now(), event_count = ${result.events}, error = ${result.error ?? null} where id = ${row.id}`,
        );
        return true;
      }),
    async receivers({ platforms, accountExternalId, disconnected = false }) {
      const { rows } = await runSql<{ id: string; tenant_id: string }>(
        system,
        sql`
        select id, tenant_id from connections where platform in ${[...platforms]} and (external_id = ${accountExternalId} or person_id = ${accountExternalId})
          and (${disconnected} or disconnected_at is null)`,
      );
      return rows.map((row): EventReceiver => ({ tenantId: row.tenant_id, connectionId: row.id }));
    },
    keepEvent: (receiver, event) =>
      withTenant(app, receiver.tenantId, async (tx) => {
        const { rowCount } = await runSql(
          tx,
          sql`insert into webhook_events (id, tenant_id, connection_id, platform, type, dedupe_key, occurred_at, received_at, data)
          values (${newId("webhookEvent")}, ${receiver.tenantId}, ${receiver.connectionId}, ${event.platform}, ${event.type}, ${event.dedupeKey},
            ${event.occurredAt?.toISOString() ?? null}::timestamptz, domain_now(), ${asJson(event.data)}::jsonb) on conflict do nothing`,
        );
        return rowCount === 1;
      }),
    async keepUnmatched(event) {
      await runSql(
        system,
        sql`insert into webhook_unmatched (id, platform, account_external_id, type, received_at, data)
        values (${newId("webhookEvent")}, ${event.platform}, ${event.accountExternalId}, ${event.type}, domain_now(), ${asJson(event.data)}::jsonb)`,
      );
    },
  };
}

/** JSON text for a jsonb column, which takes no NUL character. */
function asJson(data: JsonObject): string {
  return JSON.stringify(data).replaceAll("\\u0000", "");
}
