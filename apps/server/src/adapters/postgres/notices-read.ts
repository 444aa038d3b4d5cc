import { asId, type JsonObject, NoticeKindName, NoticeSubject } from "@postd/contracts";
import type { NoticeRecord, NoticeSettings, TenantNotices } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { runSql } from "./run-sql.ts";
import type { TenantScope } from "./tenant-tx.ts";

export interface NoticeRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly kind: string;
  readonly subject_kind: string;
  readonly subject_id: string;
  readonly data: JsonObject;
  readonly momentary: boolean;
  readonly raised_at: Date;
  readonly settled_at: Date | null;
  readonly read_at: Date | null;
  readonly accounts: readonly NoticeRecord["accounts"][number][] | null;
  readonly waiting: number | null;
  readonly earliest_at: Date | null;
}

const instant = (date: Date | undefined): SQL => sql`${date?.toISOString() ?? null}::timestamptz`;

/** Notices with their accounts as they are now, and the posts that wait for those. */
export const noticesWhere = (where: SQL, reader?: string): SQL => sql`
  select n.id, n.tenant_id, n.kind, n.subject_kind, n.subject_id, n.data, n.momentary, n.raised_at, n.settled_at, r.read_at,
    about.accounts, waiting.count as waiting, waiting.earliest_at
  from notifications n
  left join notification_reads r on r.notification_id = n.id and r.user_id = ${reader ?? null}
  cross join lateral (select array(select jsonb_array_elements_text(case
    when jsonb_typeof(n.data -> 'connectionIds') = 'array' then n.data -> 'connectionIds'
    when n.subject_kind = 'connection' then jsonb_build_array(n.subject_id) else '[]' end)) as ids) named
  left join lateral (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('connectionId', c.id, 'platform', c.platform,
      'name', coalesce(c.own_name, c.name), 'handle', c.handle, 'simulated', c.simulated)) order by c.name, c.id) as accounts
    from connections c where c.id = any (named.ids)) about on true
  left join lateral (select count(*)::int as count, min(j.scheduled_for) as earliest_at from publish_jobs j
    where n.kind = 'connection_attention' and n.settled_at is null and j.connection_id = any (named.ids) and not j.may_be_live
      and (j.state in ('scheduled', 'retrying') or (j.state = 'held' and j.held_reason = 'attention'))) waiting on true
  where ${where}`;

export function noticeRecord(row: NoticeRow): NoticeRecord {
  return {
    id: asId("notification", row.id),
    tenantId: asId("tenant", row.tenant_id),
    kind: NoticeKindName.parse(row.kind),
    subject: NoticeSubject.parse({ kind: row.subject_kind, id: row.subject_id }),
    data: row.data,
    momentary: row.momentary,
    raisedAt: row.raised_at,
    settledAt: row.settled_at ?? undefined,
    readAt: row.read_at ?? undefined,
    accounts: row.accounts ?? [],
    waiting: row.waiting ? { count: row.waiting, earliestAt: row.earliest_at ?? undefined } : undefined,
  };
}

const Settings = z.object({
  app: z.partialRecord(NoticeKindName, z.enum(["at_once", "off"])).default({}),
  mail: z.partialRecord(NoticeKindName, z.enum(["at_once", "daily", "off"])).default({}),
});
/** Choices as stored; a kind that is no longer known says nothing. */
export function settingsOf(row: {
  readonly choices: JsonObject;
  readonly digest_hour: number;
  readonly time_zone: string | null;
}): NoticeSettings {
  const { app, mail } = Settings.catch({ app: {}, mail: {} }).parse(row.choices);
  return { app, mail, digestHour: row.digest_hour, ...(row.time_zone === null ? {} : { timeZone: row.time_zone }) };
}

type Reading = Pick<TenantNotices, "list" | "find" | "unread" | "mark" | "markAll" | "settings" | "saveSettings">;

/** What people read, and what each of them has read and chosen. */
export function noticeReading(own: TenantScope): Reading {
  const records = async (statement: SQL) => (await runSql<NoticeRow>(own, statement)).rows.map(noticeRecord);
  const isUnread = (reader: string) =>
    sql`not exists (select 1 from notification_reads x where x.notification_id = n.id and x.user_id = ${reader})`;
  const shown = (hidden: readonly string[]) => (hidden.length === 0 ? sql`true` : sql`n.kind not in ${[...hidden]}`);
  return {
    async list({ limit, before, reader, unread, open, hidden }) {
      const rows = await records(
        noticesWhere(
          sql`${before ? sql`(n.raised_at, n.id) < (${instant(before.at)}, ${before.id})` : sql`true`} and ${shown(hidden)}
            and ${unread === undefined || !reader ? sql`true` : sql`${isUnread(reader)} = ${unread}`}
            and ${open === undefined ? sql`true` : sql`(n.settled_at is null) = ${open}`}
            order by n.raised_at desc, n.id desc limit ${limit + 1}`,
          reader,
        ),
      );
      return { rows: rows.slice(0, limit), more: rows.length > limit };
    },
    async find(id, reader) {
      return (await records(noticesWhere(sql`n.id = ${id}`, reader)))[0];
    },
    async unread(reader, hidden) {
      const { rows } = await runSql<{ count: number }>(
        own,
        sql`select count(*)::int as count from notifications n where ${isUnread(reader)} and ${shown(hidden)}`,
      );
      return rows[0]?.count ?? 0;
    },
    async mark(id, reader, read) {
      const { rowCount } = read
        ? await runSql(
            own,
            sql`insert into notification_reads (notification_id, user_id, tenant_id, read_at)
              select n.id, ${reader}, n.tenant_id, domain_now() from notifications n where n.id = ${id}
              on conflict (notification_id, user_id) do update set read_at = notification_reads.read_at`,
          )
        : await runSql(
            own,
            sql`with found as (select id from notifications where id = ${id}),
                gone as (delete from notification_reads where notification_id = ${id} and user_id = ${reader})
              select id from found`,
          );
      return rowCount > 0;
    },
    async markAll(reader, until) {
      const { rowCount } = await runSql(
        own,
        sql`insert into notification_reads (notification_id, user_id, tenant_id, read_at)
          select n.id, ${reader}, n.tenant_id, domain_now() from notifications n
          where ${isUnread(reader)} and ${until ? sql`n.raised_at <= ${instant(until)}` : sql`true`}
          on conflict do nothing`,
      );
      return rowCount;
    },
    async settings(userId) {
      const { rows } = await runSql<Parameters<typeof settingsOf>[0]>(
        own,
        sql`select choices, digest_hour, time_zone from notification_settings where user_id = ${userId}`,
      );
      return rows[0] && settingsOf(rows[0]);
    },
    async saveSettings(userId, { app, mail, digestHour, timeZone }) {
      const choices = JSON.stringify({ app, mail });
      await runSql(
        own,
        sql`insert into notification_settings (tenant_id, user_id, choices, digest_hour, time_zone)
          values (${own.tenantId}, ${userId}, ${choices}::jsonb, ${digestHour}, ${timeZone ?? null})
          on conflict (tenant_id, user_id) do update
          set choices = excluded.choices, digest_hour = excluded.digest_hour, time_zone = excluded.time_zone`,
      );
    },
  };
}
