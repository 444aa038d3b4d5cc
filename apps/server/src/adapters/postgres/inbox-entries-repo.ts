import type { InboxEntry } from "@postd/connector-kit";
import { asId, type InboxCountsView, type InboxEntryId, type TenantId } from "@postd/contracts";
import { type InboxEntriesRepo, type InboxEntryRecord, newId, type TenantInboxEntries } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { chosen, type EntryRow, entriesWhere, entryRecord, state } from "./inbox-entry-row.ts";
import type { Db } from "./pools.ts";
import { runSql, type SqlPlace } from "./run-sql.ts";
import { forTenant, type TenantDb, type TenantScope } from "./tenant-tx.ts";

const at = (date: Date | undefined): SQL => sql`${date?.toISOString() ?? null}::timestamptz`;
/** A list as one value: text of any content. */
const listed = (values: readonly string[]): SQL =>
  sql`array(select jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))`;
/** A talk is looked at this deep, and shown to this many entries. */
const deepest = 50;
const longestTalk = 300;

/** What people wrote, on PostgreSQL. `system` reads whose accounts are due, over all tenants, and nothing else. */
export function createInboxEntriesRepo(app: TenantDb, system: Db): InboxEntriesRepo {
  return {
    async due({ platforms, limit, onlyAsked }) {
      if (platforms.length === 0) return [];
      const isDue = onlyAsked
        ? sql`r.asked and r.next_at <= domain_now()`
        : sql`(r.next_at is null or r.next_at <= domain_now())`;
      const ofKind = sql.join(
        platforms.map(({ id, kinds }) =>
          kinds ? sql`c.platform = ${id} and c.account_kind in ${[...kinds]}` : sql`c.platform = ${id}`,
        ),
        sql` or `,
      );
      const { rows } = await runSql<{ tenant_id: string; id: string; platform: string; account_kind: string }>(
        system,
        sql`select c.tenant_id, c.id, c.platform, c.account_kind from connections c left join inbox_readings r on r.connection_id = c.id
          where (${ofKind}) and c.disconnected_at is null and c.status in ('healthy', 'expiring_soon') and ${isDue}
          order by r.next_at nulls first limit ${limit}`,
      );
      return rows.map(({ tenant_id, id, platform, account_kind }) => ({
        tenantId: asId("tenant", tenant_id),
        connectionId: asId("connection", id),
        platform,
        accountKind: account_kind,
      }));
    },
    forTenant: (tenantId) => tenantEntries(forTenant(app, tenantId), tenantId),
  };
}

/** The platform said that the account has news: it is read at once. */
export const readSoon = (on: SqlPlace, owner: { readonly tenantId: string; readonly connectionId: string }) =>
  runSql(on, hastened(owner, sql`told`), wakeReader);

const wakeReader = sql`select pg_notify('postd_inbox', '')`;

const hastened = ({ tenantId, connectionId }: { tenantId: string; connectionId: string }, why: SQL): SQL =>
  sql`insert into inbox_readings (connection_id, tenant_id, next_at, ${why}) values (${connectionId}, ${tenantId}, domain_now(), true)
    on conflict (connection_id) do update set next_at = least(inbox_readings.next_at, excluded.next_at), ${why} = true`;

function tenantEntries(own: TenantScope, tenantId: TenantId): TenantInboxEntries {
  const records = async (statement: SQL): Promise<readonly InboxEntryRecord[]> =>
    (await runSql<EntryRow>(own, statement)).rows.map(entryRecord);
  const find = async (id: InboxEntryId) => (await records(entriesWhere(sql`e.id = ${id}`)))[0];
  return {
    async list({ limit, before, ...query }) {
      const place = before ? sql`(e.created_at, e.id) < (${at(before.at)}, ${before.id})` : sql`true`;
      // The page is chosen before anything is looked up for its entries.
      const rows = await records(
        sql`with page as materialized (
            select e.id from inbox_entries e join connections c on c.id = e.connection_id where not e.own and ${place} and ${chosen(query)}
            order by e.created_at desc, e.id desc limit ${limit + 1})
          ${entriesWhere(sql`e.id in (select id from page)`)} order by e.created_at desc, e.id desc`,
      );
      return { rows: rows.slice(0, limit), more: rows.length > limit };
    },
    find,
    thread: (id) =>
      records(
        sql`${talkOf(id)} ${entriesWhere(sql`e.id in (select id from talk limit ${longestTalk})`)} order by e.created_at, e.id`,
      ),
    async isPost(id) {
      return (await runSql(own, sql`select 1 from posts where id = ${id} and deleted_at is null`)).rowCount > 0;
    },
    async mark(id, read) {
      const { rowCount } = await runSql(
        own,
        sql`update inbox_entries set read_at = ${read ? sql`coalesce(read_at, domain_now())` : sql`null`} where id = ${id}`,
      );
      return rowCount > 0;
    },
    async tend(id, { assigneeId, snoozedUntil, done }) {
      const wanted = assigneeId ?? null;
      const settled = done === undefined ? sql`done_at` : done ? sql`coalesce(done_at, domain_now())` : sql`null`;
      const until = snoozedUntil === undefined ? sql`snoozed_until` : at(snoozedUntil ?? undefined);
      const { rows } = await runSql<{ entry: boolean; member: boolean; ahead: boolean; done: boolean }>(
        own,
        sql`with checked as (select ${wanted}::text is null or exists (select from members m where m.id = ${wanted} and m.tenant_id = ${tenantId}) as member,
              ${snoozedUntil ? sql`${at(snoozedUntil)} > domain_now()` : sql`true`} as ahead),
            changed as (update inbox_entries set assignee_id = ${assigneeId === undefined ? sql`assignee_id` : sql`${wanted}::text`},
              done_at = ${snoozedUntil && done === undefined ? sql`null` : settled}, snoozed_until = ${done ? sql`null` : until}
              from checked where inbox_entries.id = ${id} and checked.member and checked.ahead returning inbox_entries.id)
          select exists (select from inbox_entries e where e.id = ${id}) as entry, c.member, c.ahead, exists (select from changed) as done from checked c`,
      );
      const [row] = rows;
      if (row?.done) return "done";
      if (!row?.entry) return "no_entry";
      return row.member ? "past" : "no_member";
    },
    async counts({ connectionId, actorId }) {
      const { rows } = await runSql<InboxCountsView>(
        own,
        sql`select count(*) filter (where k.state = 'open')::int as open, count(*) filter (where k.state = 'snoozed')::int as snoozed,
            count(*) filter (where k.state = 'done')::int as done, count(*) filter (where k.state = 'open' and k.read_at is null)::int as unread,
            count(*) filter (where k.state = 'open' and m.id is not null)::int as mine,
            count(*) filter (where k.state = 'open' and k.assignee_id is null)::int as unassigned
          from (select ${state} as state, e.read_at, e.assignee_id from inbox_entries e where not e.own
            and ${connectionId === undefined ? sql`true` : sql`e.connection_id = ${connectionId}`}) k
          left join members m on m.id = k.assignee_id and m.tenant_id = ${tenantId} and m.user_id = ${actorId}`,
      );
      return rows[0] ?? { open: 0, snoozed: 0, done: 0, unread: 0, mine: 0, unassigned: 0 };
    },
    async isMember(id) {
      return (await runSql(own, sql`select 1 from members where id = ${id} and tenant_id = ${tenantId}`)).rowCount > 0;
    },
    async note(id, { hidden, liked }) {
      await runSql(
        own,
        sql`update inbox_entries set hidden = coalesce(${hidden ?? null}::boolean, hidden), liked = coalesce(${liked ?? null}::boolean, liked)
          where id = ${id}`,
      );
    },
    async reading(connectionId) {
      const { rows } = await runSql<{
        read_at: Date | null;
        whole_at: Date | null;
        asked: boolean | null;
        active_at: Date | null;
      }>(
        own,
        sql`select r.read_at, r.whole_at, r.asked, greatest(
            (select max(e.created_at) from inbox_entries e where e.connection_id = ${connectionId} and not e.own),
            (select max(j.published_at) from publish_jobs j where j.connection_id = ${connectionId}),
            (select max(p.made_at) from account_posts p where p.connection_id = ${connectionId})) as active_at
          from (select ${connectionId}::text as id) c left join inbox_readings r on r.connection_id = c.id`,
      );
      const [row] = rows;
      return {
        readAt: row?.read_at ?? undefined,
        wholeAt: row?.whole_at ?? undefined,
        asked: row?.asked ?? false,
        activeAt: row?.active_at ?? undefined,
      };
    },
    async posts(connectionId, { since, readSince, limit }) {
      const recent = readSince
        ? sql`(p.at > ${at(readSince)} or exists (select from inbox_entries e where e.connection_id = ${connectionId}
            and e.post_external_id = p.external_id and e.created_at > ${at(readSince)}))`
        : sql`true`;
      const { rows } = await runSql<{ external_id: string }>(
        own,
        sql`select p.external_id from (
            select a.external_id, a.made_at as at from account_posts a where a.connection_id = ${connectionId} and a.made_at > ${at(since)}
            union
            select j.external_post_id, j.published_at from publish_jobs j where j.connection_id = ${connectionId}
              and j.external_post_id is not null and j.published_at > ${at(since)} and j.state in ('published', 'partly_published')
              and j.content ->> 'format' is distinct from 'reply'
              and not exists (select from account_posts a where a.job_id = j.id)) p
          where ${recent} group by p.external_id order by max(p.at) desc limit ${limit}`,
      );
      return rows.map(({ external_id }) => external_id);
    },
    async keep(connectionId, entries, how) {
      if (entries.length === 0) return 0;
      const { rows } = await runSql<{ changed: number }>(own, kept(tenantId, connectionId, entries, how));
      return rows[0]?.changed ?? 0;
    },
    async markGone(connectionId, { postExternalId, since, seen }) {
      await runSql(
        own,
        sql`update inbox_entries set gone_at = domain_now() where connection_id = ${connectionId} and gone_at is null and hidden is not true
          and created_at >= ${at(since)} and not external_id = any(${listed(seen)})
          and ${postExternalId === undefined ? sql`true` : sql`post_external_id = ${postExternalId}`}`,
      );
    },
    async putOff(connectionId, until) {
      await runSql(
        own,
        sql`insert into inbox_readings (connection_id, tenant_id, next_at) values (${connectionId}, ${tenantId}, ${at(until)})
          on conflict (connection_id) do update set next_at = excluded.next_at, asked = false, told = false`,
      );
    },
    async ended(connectionId, { at: nextAt, whole, failure }) {
      const now = failure ? sql`null::timestamptz` : sql`domain_now()`;
      await runSql(
        own,
        sql`insert into inbox_readings as r (connection_id, tenant_id, read_at, whole_at, next_at, failure)
          values (${connectionId}, ${tenantId}, ${now}, ${whole ? now : sql`null`}, ${at(nextAt)}, ${failure ? JSON.stringify(failure) : null}::jsonb)
          on conflict (connection_id) do update set failure = excluded.failure, read_at = coalesce(excluded.read_at, r.read_at),
            whole_at = coalesce(excluded.whole_at, r.whole_at), next_at = case when r.asked or r.told then r.next_at else excluded.next_at end`,
      );
    },
    async hasten(connectionId) {
      await runSql(own, hastened({ tenantId, connectionId }, sql`asked`), wakeReader);
    },
  };
}

/** From the topmost entry that is known, everything below it. */
const talkOf = (id: InboxEntryId): SQL => sql`with recursive up as (
    select e.id, e.connection_id, e.external_id, e.parent_external_id, 0 as depth from inbox_entries e where e.id = ${id}
    union all
    select p.id, p.connection_id, p.external_id, p.parent_external_id, up.depth + 1 from up
      join inbox_entries p on p.connection_id = up.connection_id and p.external_id = up.parent_external_id where up.depth < ${deepest}
  ), talk as (
    select id, connection_id, external_id, 0 as depth from (select * from up order by depth desc limit 1) top
    union
    select c.id, c.connection_id, c.external_id, talk.depth + 1 from talk
      join inbox_entries c on c.connection_id = talk.connection_id and c.parent_external_id = talk.external_id where talk.depth < ${deepest}
  )`;

const rowOf = ({ author, answer, createdAt, editedAt, ...entry }: InboxEntry) => ({
  id: newId("inboxEntry"),
  external_id: entry.externalId,
  kind: entry.kind,
  post_external_id: entry.postId ?? null,
  parent_external_id: entry.parentId ?? null,
  author: author ?? null,
  text: entry.text,
  rating: entry.rating ?? null,
  permalink: entry.permalink ?? null,
  own: entry.isOwn === true,
  hidden: entry.isHidden ?? null,
  liked: entry.isLiked ?? null,
  answer: answer ? { ...answer, ...(answer.at && { at: answer.at.toISOString() }) } : null,
  cannot: entry.cannot ?? [],
  created_at: createdAt.toISOString(),
  edited_at: editedAt?.toISOString() ?? null,
});

/**
 * One of an author's own, and one older than that, is not unread; words or stars that changed are. What a list leaves out
 * (whose post it is, who wrote it) stays as another list told it.
 */
function kept(
  tenantId: TenantId,
  connectionId: string,
  entries: readonly InboxEntry[],
  { unreadSince, keepUntil }: Parameters<TenantInboxEntries["keep"]>[2],
): SQL {
  const isReworded = sql`not e.own and (e.text, e.rating) is distinct from (excluded.text, excluded.rating)`;
  return sql`with known as (
      select e.external_id, e.text, e.rating, e.answer, e.gone_at from inbox_entries e where e.connection_id = ${connectionId}
        and e.external_id = any(${listed(entries.map(({ externalId }) => externalId))})
    ), told as (
      select distinct on (n.external_id) n.* from jsonb_to_recordset(${JSON.stringify(entries.map(rowOf))}::jsonb) as n(id text,
        external_id text, kind text, post_external_id text, parent_external_id text, author jsonb, text text, rating float8, permalink text,
        own boolean, hidden boolean, liked boolean, answer jsonb, cannot jsonb, created_at timestamptz, edited_at timestamptz)
    ), written as (
      insert into inbox_entries as e (id, tenant_id, connection_id, external_id, kind, post_external_id, parent_external_id, author, text, rating,
        permalink, own, hidden, liked, answer, cannot, created_at, edited_at, seen_at, read_at, keep_until)
      select n.id, ${tenantId}, ${connectionId}, n.external_id, n.kind, n.post_external_id, n.parent_external_id, nullif(n.author, 'null'), n.text,
        n.rating, n.permalink, n.own, n.hidden, n.liked, nullif(n.answer, 'null'), array(select jsonb_array_elements_text(n.cannot)),
        n.created_at, n.edited_at, domain_now(), case when n.own or n.created_at < ${at(unreadSince)} then domain_now() end, ${at(keepUntil)}
      from told n
      on conflict (connection_id, external_id) do update set kind = excluded.kind,
        post_external_id = coalesce(excluded.post_external_id, e.post_external_id),
        parent_external_id = coalesce(excluded.parent_external_id, e.parent_external_id), author = coalesce(excluded.author, e.author),
        text = excluded.text, rating = excluded.rating, permalink = coalesce(excluded.permalink, e.permalink), own = excluded.own,
        hidden = coalesce(excluded.hidden, e.hidden), liked = coalesce(excluded.liked, e.liked), answer = excluded.answer,
        cannot = excluded.cannot, created_at = excluded.created_at, edited_at = excluded.edited_at, seen_at = excluded.seen_at, gone_at = null,
        keep_until = excluded.keep_until, read_at = case when ${isReworded} then null else e.read_at end,
        done_at = case when ${isReworded} then null else e.done_at end
    )
    select count(*)::int as changed from told n left join known k on k.external_id = n.external_id
      where k.external_id is null or (k.text, k.rating, k.answer) is distinct from (n.text, n.rating, nullif(n.answer, 'null')) or k.gone_at is not null`;
}
