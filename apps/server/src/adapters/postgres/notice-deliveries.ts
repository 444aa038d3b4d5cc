import { asId } from "@postd/contracts";
import type { NoticeDelivery, NoticeMember, TenantNotices } from "@postd/core";
import { sql } from "drizzle-orm";
import { type NoticeRow, noticeRecord, noticesWhere, settingsOf } from "./notices-read.ts";
import { roleOf } from "./people-repo.ts";
import { runSql } from "./run-sql.ts";
import type { TenantScope } from "./tenant-tx.ts";

type Delivering = Pick<
  TenantNotices,
  | "workspace"
  | "members"
  | "unplanned"
  | "plan"
  | "planDigest"
  | "toldBetween"
  | "digestSince"
  | "claim"
  | "settleDelivery"
>;

interface MemberRow {
  readonly user_id: string;
  readonly email: string;
  readonly role: string;
  readonly zone: string;
  readonly choices: Parameters<typeof settingsOf>[0]["choices"] | null;
  readonly digest_hour: number | null;
  readonly time_zone: string | null;
}

interface ClaimRow {
  readonly id: string;
  readonly notification_id: string | null;
  readonly digest_day: string | null;
  readonly channel: NoticeDelivery["channel"];
  readonly recipient: string;
  readonly tries: number;
  readonly created_at: Date;
}

/** Who is told of what, once; a delivery is sent by whoever takes it, and by nobody else until its lease ends. */
export function noticeDelivering(own: TenantScope): Delivering {
  const at = (date: Date) => sql`${date.toISOString()}::timestamptz`;
  return {
    async workspace() {
      const { rows } = await runSql<{ name: string; time_zone: string }>(
        own,
        sql`select name, time_zone from tenants where id = ${own.tenantId}`,
      );
      return rows[0] && { name: rows[0].name, timeZone: rows[0].time_zone };
    },
    async members() {
      const { rows } = await runSql<MemberRow>(
        own,
        sql`select m.user_id, u.email, m.role, s.choices, s.digest_hour, s.time_zone, coalesce(s.time_zone, t.time_zone) as zone
          from members m join users u on u.id = m.user_id join tenants t on t.id = m.tenant_id
          left join notification_settings s on s.tenant_id = m.tenant_id and s.user_id = m.user_id
          where m.tenant_id = ${own.tenantId} and u.email_verified order by m.created_at, m.id`,
      );
      return rows.map(
        ({ user_id, email, role, zone, choices, digest_hour, time_zone }): NoticeMember => ({
          userId: asId("user", user_id),
          email,
          role: roleOf(role),
          settings: choices === null ? undefined : settingsOf({ choices, digest_hour: digest_hour ?? 8, time_zone }),
          timeZone: zone,
        }),
      );
    },
    async unplanned(limit) {
      const { rows } = await runSql<NoticeRow>(
        own,
        noticesWhere(sql`n.planned_at is null
          and (n.kind not in ('posts_failed', 'posts_unknown', 'posts_missed') or n.raised_at <= domain_now() - interval '1 minute')
          order by n.raised_at, n.id limit ${limit}`),
      );
      return rows.map(noticeRecord);
    },
    async plan(id, to) {
      await runSql(
        own,
        sql`with planned as (update notifications set planned_at = domain_now() where id = ${id} and planned_at is null returning id, tenant_id)
          insert into notification_deliveries (id, tenant_id, notification_id, channel, recipient, state, due_at, created_at)
          select r.id, p.tenant_id, p.id, r.channel, r.recipient, 'pending', domain_now(), domain_now()
          from planned p, jsonb_to_recordset(${JSON.stringify(to)}::jsonb) as r(id text, channel text, recipient text)
          on conflict do nothing`,
      );
    },
    async planDigest({ id, userId, day, until, empty }) {
      await runSql(
        own,
        sql`insert into notification_deliveries (id, tenant_id, digest_day, channel, recipient, state, due_at, created_at)
          values (${id}, ${own.tenantId}, ${day}, 'mail', ${userId}, ${empty ? "dropped" : "pending"}, domain_now(), ${at(until)})
          on conflict do nothing`,
      );
    },
    async toldBetween(since, until) {
      const { rows } = await runSql<NoticeRow>(
        own,
        noticesWhere(
          sql`n.raised_at >= ${at(since)} and n.raised_at < ${at(until)} order by n.raised_at, n.id limit 500`,
        ),
      );
      return rows.map(noticeRecord);
    },
    async digestSince(userId, day, until) {
      const { rows } = await runSql<{ since: Date }>(
        own,
        sql`select greatest(${at(until)} - interval '7 days', (select m.created_at from members m where m.tenant_id = ${own.tenantId} and m.user_id = ${userId}),
            (select max(created_at) from notification_deliveries where recipient = ${userId} and digest_day < ${day})) as since`,
      );
      return rows[0]?.since ?? until;
    },
    async claim(id, leaseMs) {
      const { rows } = await runSql<ClaimRow>(
        own,
        sql`update notification_deliveries set lease_until = domain_now() + ${leaseMs} * interval '1 millisecond', tries = tries + 1
          where id = ${id} and state = 'pending' and due_at <= domain_now() and (lease_until is null or lease_until <= domain_now())
          returning id, notification_id, digest_day, channel, recipient, tries, created_at`,
      );
      const row = rows[0];
      return (
        row && {
          id: row.id,
          notificationId: row.notification_id === null ? undefined : asId("notification", row.notification_id),
          digestDay: row.digest_day ?? undefined,
          channel: row.channel,
          recipient: row.recipient,
          tries: row.tries,
          createdAt: row.created_at,
        }
      );
    },
    async settleDelivery({ id, tries }, outcome) {
      const error = "error" in outcome ? outcome.error.slice(0, 500) : null;
      const afterMs = "afterMs" in outcome ? outcome.afterMs : 0;
      await runSql(
        own,
        sql`update notification_deliveries set state = ${outcome.state}, error = ${error}, lease_until = null,
            due_at = domain_now() + ${afterMs} * interval '1 millisecond', sent_at = case when ${outcome.state} = 'sent' then domain_now() end
          where id = ${id} and tries = ${tries} and state = 'pending'`,
      );
    },
  };
}
