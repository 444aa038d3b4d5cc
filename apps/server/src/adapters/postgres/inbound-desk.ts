import type { InboundDesk, StoredEvent } from "@postd/core";
import { sql } from "drizzle-orm";
import { sliceIds } from "./byte-slice.ts";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { withTenant } from "./tenant-tx.ts";

const isOver = sql`(processed_at is not null or dead_at is not null)`;
/** As if it had just come. */
const opened = sql`dead_at = null, processed_at = null, event_count = null, next_try_at = null, error = null, tries = 0, faults = 0`;

/** Requests of platforms belong to no tenant; events do, and are read as theirs. */
export function createInboundDesk(app: Db): InboundDesk {
  return {
    async dead({ limit, before, provider }) {
      const { rows } = await runSql<DeadRow>(
        app,
        sql`select id, platform, app_id, received_at, dead_at, tries, error, octet_length(body) as size from webhook_inbox
          where dead_at is not null and ${before === undefined ? sql`true` : sql`id < ${before}`}
            and ${provider === undefined ? sql`true` : sql`platform = ${provider}`}
          order by id desc limit ${limit + 1}`,
      );
      return {
        rows: rows.slice(0, limit).map((row) => ({
          id: row.id,
          provider: row.platform,
          appId: row.app_id,
          receivedAt: row.received_at,
          deadAt: row.dead_at,
          tries: row.tries,
          error: row.error ?? undefined,
          sizeBytes: row.size,
        })),
        more: rows.length > limit,
      };
    },
    async replay(id) {
      const done = await runSql(app, sql`update webhook_inbox set ${opened} where id = ${id} and ${isOver}`);
      if (done.rowCount > 0) return "replayed";
      const there = await runSql(app, sql`select id from webhook_inbox where id = ${id}`);
      return there.rowCount > 0 ? "waiting" : "missing";
    },
    async replayMany({ provider, from, to, all }, limit) {
      const at = (instant: Date) => sql`${instant.toISOString()}::timestamptz`;
      const { rowCount } = await runSql(
        app,
        sql`update webhook_inbox set ${opened} where id in (select id from webhook_inbox
          where ${all ? isOver : sql`dead_at is not null`}
            and ${provider === undefined ? sql`true` : sql`platform = ${provider}`}
            and ${from === undefined ? sql`true` : sql`received_at >= ${at(from)}`}
            and ${to === undefined ? sql`true` : sql`received_at < ${at(to)}`}
          order by id limit ${limit} for update skip locked)`,
      );
      return rowCount;
    },
    eventsOf: (tenantId, { connectionId, limit, before }) =>
      withTenant(app, tenantId, async (tx) => {
        const { rows: ids, more } = await sliceIds(
          tx,
          {
            ids: sql`select id from webhook_events where connection_id = ${connectionId}
              and ${before === undefined ? sql`true` : sql`id < ${before}`} order by id desc`,
            sizesOf: (asked) =>
              sql`select e.id, octet_length(e::text) as bytes from webhook_events e where e.id in ${[...asked]}`,
          },
          { limit },
        );
        if (ids.length === 0) return { rows: [], more };
        const { rows } = await runSql<EventRow>(
          tx,
          sql`select id, platform, type, occurred_at, received_at, data from webhook_events where id in ${[...ids]} order by id desc`,
        );
        return { rows: rows.map(eventOf), more };
      }),
  };
}

interface DeadRow {
  readonly id: string;
  readonly platform: string;
  readonly app_id: string;
  readonly received_at: Date;
  readonly dead_at: Date;
  readonly tries: number;
  readonly error: string | null;
  readonly size: number;
}

interface EventRow extends Pick<StoredEvent, "id" | "platform" | "type" | "data"> {
  readonly occurred_at: Date | null;
  readonly received_at: Date;
}

const eventOf = ({ occurred_at, received_at, ...event }: EventRow): StoredEvent => ({
  id: event.id,
  platform: event.platform,
  type: event.type,
  data: event.data,
  occurredAt: occurred_at ?? undefined,
  receivedAt: received_at,
});
