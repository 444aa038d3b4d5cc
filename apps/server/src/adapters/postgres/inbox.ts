import { createHash } from "node:crypto";
import { storableRemark } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import type { EventReceiver, Inbox, InboxItem, InboxTurn, InboxWork } from "@postd/core";
import { newId, storableJson } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { isPassing } from "./database-error.ts";
import { gathered } from "./gathered.ts";
import { readSoon } from "./inbox-entries-repo.ts";
import type { Db, Executor } from "./pools.ts";
import { runSql, type SqlPlace } from "./run-sql.ts";
import { insertEvent } from "./subscriptions-repo.ts";
import { knownVersion, withoutTenant } from "./tenant-tx.ts";

/** A request that failed so often by its own doing is put aside. */
export const faultsAtMost = 6;
/** So many begun and never ended tries mean that the request ends the process. */
const triesAtMost = 50;
/** Ten seconds, then three times as long each time, an hour at most. */
const pause = sql`least(interval '1 hour', interval '10 seconds' * power(3, least(tries, 10)))`;
const isOpen = sql`processed_at is null and dead_at is null`;

type Begun = InboxItem & { readonly tries: number };

/** Inbound requests and their events. `system` finds the connections an account id belongs to, over all tenants. */
export function createInbox(app: Db, system: Db): Inbox {
  const store = gathered<InboxItem>((items) => insertRequests(app, items));
  return {
    store,

    async processNext(work): Promise<InboxTurn> {
      const item = await begin(app);
      if (!item) return { kind: "none" };
      const about = { id: item.id, provider: item.provider, tries: item.tries };
      const failed = async (error: string, isDead: boolean) => {
        await note(app, item.id, sql`error = ${error}, dead_at = ${isDead ? sql`domain_now()` : sql`null`}`);
        return { kind: isDead ? ("buried" as const) : ("failed" as const), ...about, error };
      };
      if (item.tries > triesAtMost) return failed("no try of it ever ended", true);
      try {
        const fault = await withoutTenant(app, (tx) => attempt(item, work, { tx, system }));
        if (fault === undefined) return { kind: "done" };
        return { kind: fault.isDead ? "buried" : "failed", ...about, error: fault.error };
      } catch (error) {
        if (isPassing(error)) return failed(told(error), false);
        const faults = await countFault(app, item.id);
        return failed(told(error), faults >= faultsAtMost);
      }
    },
  };
}

/**
 * One statement for all. The very same request that is there already is left out by looking, as the worker may hold its row
 * for a while; one that arrives in the same moment by the index.
 */
async function insertRequests(app: Db, items: readonly InboxItem[]): Promise<void> {
  const rows = items.map(
    ({ id, provider, appId, clientIds, connectionId, headers, query, body, requestHash, receivedAt }) =>
      sql`(${id}::text, ${provider}::text, ${appId}::text, ${listed(clientIds)}, ${connectionId ?? null}::text,
        ${receivedAt?.toISOString() ?? null}::timestamptz, ${JSON.stringify(storableJson({ headers, query }))}::jsonb,
        ${Buffer.from(body)}::bytea, ${requestHash ?? null}::text)`,
  );
  await runSql(
    app,
    sql`insert into webhook_inbox (id, platform, app_id, client_ids, connection_id, received_at, headers, body, request_hash)
      select id, platform, app_id, client_ids, connection_id, coalesce(received_at, domain_now()), headers, body, request_hash
        from (values ${sql.join(rows, sql`, `)})
          as sent (id, platform, app_id, client_ids, connection_id, received_at, headers, body, request_hash)
        where not exists (select from webhook_inbox known where known.request_hash = sent.request_hash)
      on conflict do nothing`,
  );
}

/** A list as one value: text of any content. */
const listed = (values: readonly string[]): SQL =>
  sql`array(select jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))`;

/** Counts the try and puts the next one off; from here on the request can end the process and is tried again all the same. */
async function begin(app: Db): Promise<Begun | undefined> {
  const { rows } = await runSql<{
    id: string;
    platform: string;
    app_id: string;
    client_ids: string[];
    connection_id: string | null;
    headers: Pick<InboxItem, "headers" | "query">;
    body: Buffer;
    tries: number;
  }>(
    app,
    knownVersion,
    sql`update webhook_inbox set tries = tries + 1, next_try_at = domain_now() + ${pause}, error = null
      where id = (select id from webhook_inbox where ${isOpen} and (next_try_at is null or next_try_at <= domain_now())
        order by id limit 1 for update skip locked)
      returning id, platform, app_id, client_ids, connection_id, headers, body, tries`,
  );
  const [row] = rows;
  return (
    row && {
      id: row.id,
      provider: row.platform,
      appId: row.app_id,
      clientIds: row.client_ids,
      connectionId: row.connection_id === null ? undefined : asId("connection", row.connection_id),
      ...row.headers,
      body: row.body,
      tries: row.tries,
    }
  );
}

/** The work and its mark in one transaction. A fault of single events keeps the others and leaves the request open. */
async function attempt(
  item: Begun,
  work: Parameters<Inbox["processNext"]>[0],
  on: { readonly tx: Executor; readonly system: Db },
): Promise<{ readonly error: string; readonly isDead: boolean } | undefined> {
  const locked = await runSql(
    on.tx,
    sql`select id from webhook_inbox where id = ${item.id} and ${isOpen} for update skip locked`,
  );
  // Somebody else is at it, or done with it.
  if (locked.rowCount === 0) return undefined;
  const faults: unknown[] = [];
  const { events } = await work(item, workOn(on, faults));
  if (faults.length === 0) {
    await note(on.tx, item.id, sql`processed_at = domain_now(), event_count = ${events}`);
    return undefined;
  }
  const error = told(faults[0]);
  const isDead = (await countFault(on.tx, item.id)) >= faultsAtMost;
  await note(
    on.tx,
    item.id,
    sql`event_count = ${events - faults.length}, error = ${error}, dead_at = ${isDead ? sql`domain_now()` : sql`null`}`,
  );
  return { error, isDead };
}

function workOn({ tx, system }: { readonly tx: Executor; readonly system: Db }, faults: unknown[]): InboxWork {
  return {
    async receivers({ appId, clientIds, platforms, accountExternalId, within, disconnected = false }) {
      const { rows } = await runSql<{ id: string; tenant_id: string }>(
        system,
        sql`
        select id, tenant_id from connections where platform in ${[...platforms]} and (external_id = ${accountExternalId} or person_id = ${accountExternalId})
          and (${disconnected} or disconnected_at is null)
          and case when ${within ?? null}::text is null then app_id = ${appId} or (client_id = any(${listed(clientIds)}) and (${appId} = 'instance'
            or (app_id <> 'instance' and tenant_id = (select a.tenant_id from tenant_apps a where a.id = ${appId})))) else id = ${within ?? null} end`,
      );
      return rows.map((row): EventReceiver => ({ tenantId: row.tenant_id, connectionId: row.id }));
    },
    async keepEvent(receiver, event) {
      // The receivers of one request belong to several tenants; each row is written as its own.
      await runSql(tx, sql`select set_config('app.tenant_id', ${receiver.tenantId}, true)`);
      return insertEvent(tx, receiver, event);
    },
    async hasten(receiver, { names, isNewPost }) {
      await runSql(tx, sql`select set_config('app.tenant_id', ${receiver.tenantId}, true)`);
      const { rowCount } = await runSql(
        tx,
        sql`update publish_jobs set wake_at = domain_now() where connection_id = ${receiver.connectionId} and wake_at > domain_now()
          and lease_until is null and ((${isNewPost} and may_be_live and probe is not null and not needs_person)
            or (probe is null and (state = 'processing' or (state = 'handed_over' and not native_schedule))
              and exists (select from jsonb_each_text(step_state -> 'connector') as known where known.value = any(${listed(names)}))))`,
      );
      if (rowCount) await runSql(tx, sql`select pg_notify('postd_due', '')`);
    },
    async readSoon(receiver) {
      await runSql(tx, sql`select set_config('app.tenant_id', ${receiver.tenantId}, true)`);
      await readSoon(tx, receiver);
    },
    async checkSoon(receiver) {
      await runSql(tx, sql`select set_config('app.tenant_id', ${receiver.tenantId}, true)`);
      await runSql(
        tx,
        sql`update connections set next_check_at = least(next_check_at,
            greatest(domain_now(), coalesce(checked_at + interval '1 minute', domain_now())))
          where id = ${receiver.connectionId} and disconnected_at is null`,
      );
    },
    async askForPull(receiver) {
      await runSql(tx, sql`select set_config('app.tenant_id', ${receiver.tenantId}, true)`);
      await runSql(
        tx,
        sql`update webhook_subscriptions set pull_at = domain_now() where connection_id = ${receiver.connectionId}`,
      );
    },
    async keepUnmatched(event) {
      const about = [event.platform, event.accountExternalId, event.dedupeKey];
      const dedupeHash = createHash("sha256").update(JSON.stringify(about)).digest("hex");
      await runSql(
        tx,
        sql`insert into webhook_unmatched (id, platform, account_external_id, type, received_at, data, dedupe_hash)
          values (${newId("webhookEvent")}, ${event.platform}, ${event.accountExternalId}, ${event.type}, domain_now(),
            ${JSON.stringify(event.data)}::jsonb, ${dedupeHash}) on conflict do nothing`,
      );
    },
    async apart(run) {
      await runSql(tx, sql`savepoint event`);
      try {
        await run();
        await runSql(tx, sql`release savepoint event`);
      } catch (error) {
        if (isPassing(error)) throw error;
        await runSql(tx, sql`rollback to savepoint event`);
        faults.push(error);
      }
    },
  };
}

async function countFault(on: SqlPlace, id: string): Promise<number> {
  const { rows } = await runSql<{ faults: number }>(
    on,
    sql`update webhook_inbox set faults = faults + 1 where id = ${id} and ${isOpen} returning faults`,
  );
  return rows[0]?.faults ?? 0;
}

/** Nothing is changed on a request that is done or put aside already: a commit whose answer was lost has counted. */
const note = (on: SqlPlace, id: string, change: SQL) =>
  runSql(on, sql`update webhook_inbox set ${change} where id = ${id} and ${isOpen}`);

/** A database's own words name no values; its `detail` does, and is left out. */
const told = (error: unknown): string => storableRemark(error instanceof Error ? error.message : "failed", 300);
