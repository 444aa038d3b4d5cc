import { asId, type EventType, type JsonObject } from "@postd/contracts";
import type { EventFeed, EventPlace, EventRecord } from "@postd/core";
import { sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { forTenant } from "./tenant-tx.ts";

interface PlaceRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly position: string;
  readonly type: EventType;
}

interface EventRow extends PlaceRow {
  readonly subject_kind: string;
  readonly subject_id: string;
  readonly at: Date;
  readonly data: JsonObject;
}

const placeOf = (row: PlaceRow): EventPlace => ({
  id: asId("event", row.id),
  tenantId: asId("tenant", row.tenant_id),
  position: Number(row.position),
  type: row.type,
});

const recordOf = (row: EventRow): EventRecord => ({
  ...placeOf(row),
  subjectKind: row.subject_kind,
  subjectId: row.subject_id,
  at: row.at,
  data: row.data,
});

/** How many get their position in one turn. */
const numberedAtOnce = 5_000;

/** One reader serves every tenant, so it crosses them with ids, positions and words alone; the rest is read in each one's scope. */
export function createEventFeed(app: Db, system: Db): EventFeed {
  const head = async () => {
    const { rows } = await runSql<{ last: string }>(system, sql`select last from event_counter where id = 1`);
    return Number(rows[0]?.last ?? 0);
  };
  return {
    async number() {
      const { rows } = await runSql<{ n: number }>(system, sql`select number_events(${numberedAtOnce}) as n`);
      return rows[0]?.n ?? 0;
    },
    async after(position, limit, tenants) {
      const own = tenants === undefined ? sql`` : sql`and tenant_id = any (${sql.param([...tenants])}::text[])`;
      const { rows } = await runSql<PlaceRow>(
        system,
        sql`select id, tenant_id, position, type from events where position > ${position} ${own} order by position limit ${limit}`,
      );
      return rows.map(placeOf);
    },
    head,
    async cursor(name) {
      const { rows } = await runSql<{ position: string }>(
        system,
        sql`with made as (insert into event_cursors (name, position) values (${name}, ${await head()}) on conflict do nothing returning position)
          select position from made union all select position from event_cursors where name = ${name} limit 1`,
      );
      return Number(rows[0]?.position ?? 0);
    },
    async moveCursor(name, from, to) {
      const { rowCount } = await runSql(
        system,
        sql`update event_cursors set position = ${to} where name = ${name} and position = ${from}`,
      );
      return rowCount === 1;
    },
    forTenant(tenantId) {
      const own = forTenant(app, tenantId);
      return {
        async after(position, limit) {
          const { rows } = await runSql<EventRow>(
            own,
            sql`select * from events where position > ${position} and tenant_id = ${tenantId} order by position limit ${limit}`,
          );
          return rows.map(recordOf);
        },
        async get(id) {
          const { rows } = await runSql<EventRow>(
            own,
            sql`select * from events where id = ${id} and position is not null`,
          );
          return rows[0] && recordOf(rows[0]);
        },
        async listen(listener, until) {
          await runSql(
            own,
            sql`select listen_to_events(${tenantId}, ${listener}, ${until?.toISOString() ?? null}::timestamptz)`,
          );
        },
        async stopListening(listener) {
          await runSql(own, sql`select stop_listening(${tenantId}, ${listener})`);
        },
      };
    },
  };
}
