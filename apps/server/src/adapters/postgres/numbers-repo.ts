import { asId, type JsonObject, type TenantId } from "@postd/contracts";
import { type NumbersRepo, newId, type PostNumbersRecord, type TenantNumbers } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import {
  listedOf,
  metricsOf,
  newestNumbers,
  type PostRow,
  postOf,
  postsWithNumbers,
  type StoredMetric,
} from "./account-post-row.ts";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb, type TenantScope } from "./tenant-tx.ts";

const at = (date: Date | undefined): SQL => sql`${date?.toISOString() ?? null}::timestamptz`;
/** As much of the text of a post of ours is kept as of any other. */
const mostText = 300;
/** A post with numbers is taken to be gone when the platform leaves it out this often in a row. */
const missesUntilGone = 2;
/** Readings without numbers that are kept of one post: more than its plan has. */
const noneKept = 20;
const spreadSeconds = 2 * 60 * 60;
/** Each reading costs calls: what was read just now is not read again at once, however often somebody asks. */
const leastBetween = sql`interval '1 minute'`;

/** Numbers on PostgreSQL. `system` reads whose are due, over all tenants, and nothing else. */
export function createNumbersRepo(app: TenantDb, system: Db): NumbersRepo {
  return {
    async due({ limit, onlyAsked }) {
      const byItself = sql`r.next_at is null or r.next_at <= domain_now()
        or exists (select from account_posts p where p.connection_id = c.id and p.next_at <= domain_now())`;
      const { rows } = await runSql<{ tenant_id: string; id: string; platform: string }>(
        system,
        sql`select c.tenant_id, c.id, c.platform from connections c left join number_readings r on r.connection_id = c.id
          where c.disconnected_at is null and c.status in ('healthy', 'expiring_soon')
            and (r.wait_until is null or r.wait_until <= domain_now()) and (r.asked ${onlyAsked ? sql`` : sql`or ${byItself}`})
          order by coalesce(r.asked, false) desc, r.next_at nulls first limit ${limit}`,
      );
      return rows.map(({ tenant_id, id, platform }) => ({
        tenantId: asId("tenant", tenant_id),
        connectionId: asId("connection", id),
        platform,
      }));
    },
    forTenant: (tenantId) => tenantNumbers(forTenant(app, tenantId), tenantId),
  };
}

function tenantNumbers(own: TenantScope, tenantId: TenantId): TenantNumbers {
  return {
    async begin(connectionId, until) {
      const { rows } = await runSql<{
        read_at: Date | null;
        failure: JsonObject | null;
        asked: boolean;
        failures: number;
        is_day: boolean;
      }>(
        own,
        sql`with begun as (
            insert into number_readings (connection_id, tenant_id, next_at, wait_until)
            values (${connectionId}, ${tenantId}, domain_now(), ${at(until)})
            on conflict (connection_id) do update set wait_until = excluded.wait_until, asked = false)
          select read_at, failure, asked, failures, next_at <= domain_now() as is_day from number_readings
          where connection_id = ${connectionId}`,
      );
      const [row] = rows;
      return (
        row && {
          readAt: row.read_at ?? undefined,
          failure: row.failure ?? undefined,
          asked: row.asked,
          failures: row.failures,
          isDay: row.is_day,
        }
      );
    },
    async keepPosts(connectionId, posts) {
      const listed = posts.map(({ externalId, permalink, format, text, createdAt }) => ({
        id: newId("accountPost"),
        external_id: externalId,
        permalink: permalink ?? null,
        format,
        text: text ?? null,
        made_at: createdAt.toISOString(),
      }));
      const ownOnes = sql`select j.external_post_id, j.permalink, coalesce(j.content ->> 'format', ''), left(j.content ->> 'text', ${mostText}),
          j.id, j.published_at from publish_jobs j where j.connection_id = ${connectionId} and j.external_post_id is not null
          and j.state in ('published', 'partly_published', 'processing') and j.published_at > domain_now() - interval '90 days'
          and j.content ->> 'format' is distinct from 'reply'`;
      await runSql(
        own,
        sql`insert into account_posts (id, tenant_id, connection_id, external_id, permalink, format, text, job_id, made_at, seen_at, next_at)
          select l.id, ${tenantId}, ${connectionId}, l.external_id, l.permalink, l.format, l.text,
            (select j.id from publish_jobs j where j.connection_id = ${connectionId}
              and (j.external_post_id = l.external_id or j.permalink = l.permalink) order by j.id limit 1),
            l.made_at, domain_now(), domain_now()
          from jsonb_to_recordset(${JSON.stringify(listed)}::jsonb)
            as l(id text, external_id text, permalink text, format text, text text, made_at timestamptz)
          on conflict (connection_id, external_id) do update set permalink = coalesce(excluded.permalink, account_posts.permalink),
            text = coalesce(excluded.text, account_posts.text), job_id = coalesce(account_posts.job_id, excluded.job_id)`,
        sql`insert into account_posts (id, tenant_id, connection_id, external_id, permalink, format, text, job_id, made_at, seen_at, next_at)
          select 'acp_' || replace(gen_random_uuid()::text, '-', ''), ${tenantId}, ${connectionId}, o.external_id, o.permalink, o.format,
            o.text, o.job_id, o.made_at, domain_now(), domain_now()
          from (${ownOnes}) as o(external_id, permalink, format, text, job_id, made_at)
          where not exists (select from account_posts p where p.job_id = o.job_id)
          on conflict (connection_id, external_id) do update set job_id = excluded.job_id
            where account_posts.job_id is distinct from excluded.job_id`,
      );
    },
    async duePosts(connectionId, limit) {
      // Without the posts of jobs that were taken down.
      const { rows } = await runSql<PostRow>(
        own,
        sql`update account_posts p set next_at = null from publish_jobs j
          where j.id = p.job_id and p.connection_id = ${connectionId} and p.next_at <= domain_now()
            and j.state not in ('published', 'partly_published', 'processing')`,
        sql`select id, external_id, permalink, format, made_at, job_id, read_at from account_posts
          where connection_id = ${connectionId} and next_at <= domain_now() order by made_at desc limit ${limit}`,
      );
      return rows.map((row) => ({
        ...listedOf(row),
        madeElsewhere: row.job_id === null,
        readAt: row.read_at ?? undefined,
      }));
    },
    async keepNumbers(readings) {
      if (readings.length === 0) return;
      const rows = readings.map(({ id, metrics, gone, nextAt }) => ({
        id,
        metrics: metrics ?? null,
        gone: gone ?? null,
        next_at: nextAt?.toISOString() ?? null,
      }));
      const table = sql`(select id, nullif(metrics, 'null') as metrics, gone, next_at from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r(id text, metrics jsonb, gone text, next_at timestamptz)) r`;
      // Left out once may be a hole in the list; a platform that never told of it may not have begun to count.
      const isGone = sql`(r.gone = 'said' or (r.gone = 'left_out' and p.read_at is not null and p.misses + 1 >= ${missesUntilGone}))`;
      const hasNumbers = sql`coalesce(jsonb_array_length(r.metrics), 0) > 0`;
      await runSql(
        own,
        sql`insert into account_post_numbers (tenant_id, account_post_id, fetched_at, metrics)
          select p.tenant_id, p.id, domain_now(), r.metrics from ${table} join account_posts p on p.id = r.id
          where jsonb_array_length(r.metrics) > 0 on conflict do nothing`,
        sql`update account_posts p set next_at = case when ${isGone} then null else r.next_at end,
            gone_at = case when ${isGone} then domain_now() when ${hasNumbers} then null else p.gone_at end,
            misses = case when r.gone is not null then p.misses + 1 when r.metrics is null then p.misses else 0 end,
            none_at = case when jsonb_array_length(r.metrics) = 0 then (p.none_at || domain_now())[1:${noneKept}] else p.none_at end,
            read_at = case when ${hasNumbers} then domain_now() else p.read_at end
          from ${table} where p.id = r.id`,
      );
    },
    async days(connectionId, { zone, delayMs, first, most }) {
      const { rows } = await runSql<{ since: Date; until: Date }>(
        own,
        sql`select d at time zone ${zone} as since, (d + interval '1 day') at time zone ${zone} as until
          from (select date_trunc('day', (domain_now() - ${delayMs} * interval '1 millisecond') at time zone ${zone}) as last,
            (select days_until at time zone ${zone} from number_readings where connection_id = ${connectionId}) as read) now
          cross join lateral generate_series(
            greatest(coalesce(date_trunc('day', read), last - ${first} * interval '1 day'), last - ${most} * interval '1 day'),
            last - interval '1 day', interval '1 day') d order by d`,
      );
      return rows;
    },
    async keepAccount(connectionId, metrics, daysUntil) {
      const rows = metrics.map(({ name, platformName, value, at: end, since }) => ({
        name,
        platform_name: platformName,
        value,
        at: end.toISOString(),
        since: since?.toISOString() ?? null,
      }));
      const told = sql`(select distinct on (platform_name, at) * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r(name text, platform_name text, at timestamptz, since timestamptz, value float8)) n`;
      const before = sql`lateral (select b.at, b.value from account_numbers b where b.connection_id = ${connectionId}
        and b.platform_name = n.platform_name and b.since is null and b.at < n.at order by b.at desc limit 1)`;
      await runSql(
        own,
        sql`delete from account_numbers o using ${told} where o.connection_id = ${connectionId}
          and o.platform_name = n.platform_name and o.since < n.at and o.at > n.since and o.at <> n.at`,
        sql`insert into account_numbers (tenant_id, connection_id, name, platform_name, at, since, value, read_at, before_at, growth)
          select ${tenantId}, ${connectionId}, n.name, n.platform_name, n.at, n.since, n.value, domain_now(), before.at, n.value - before.value
          from ${told} left join ${before} before on n.since is null
          on conflict (connection_id, platform_name, at) do update set value = excluded.value, since = excluded.since,
            read_at = excluded.read_at, before_at = excluded.before_at, growth = excluded.growth`,
        // What was read later grew since this one.
        sql`update account_numbers later set before_at = n.at, growth = later.value - n.value from ${told}
          where n.since is null and later.connection_id = ${connectionId} and later.platform_name = n.platform_name and later.since is null
            and later.at = (select min(l.at) from account_numbers l where l.connection_id = ${connectionId}
              and l.platform_name = n.platform_name and l.since is null and l.at > n.at)`,
        sql`update number_readings set days_until = greatest(days_until, ${at(daysUntil)}) where connection_id = ${connectionId}`,
      );
    },
    async ended(connectionId, { day }) {
      const delay = sql`${day?.delayMs ?? 0} * interval '1 millisecond'`;
      const zone = day?.zone ?? "UTC";
      // Spread, so that the accounts of a platform are not all read at its midnight.
      const nextDay = sql`((date_trunc('day', (domain_now() - ${delay}) at time zone ${zone}) + interval '1 day') at time zone ${zone})
        + ${delay} + (abs(hashtext(connection_id)::bigint) % ${spreadSeconds}) * interval '1 second'`;
      await runSql(
        own,
        sql`update number_readings set read_at = domain_now(), failure = null, failures = 0, wait_until = null
            ${day ? sql`, next_at = ${nextDay}` : sql``}
          where connection_id = ${connectionId}`,
      );
    },
    async failed(connectionId, { at: until, failure }) {
      await runSql(
        own,
        sql`update number_readings set wait_until = ${at(until)}, failure = ${JSON.stringify(failure)}::jsonb, failures = failures + 1
          where connection_id = ${connectionId}`,
      );
    },
    async hasten(connectionId) {
      const { rowCount } = await runSql(
        own,
        sql`with there as (select id, tenant_id from connections where id = ${connectionId} and disconnected_at is null)
          insert into number_readings (connection_id, tenant_id, next_at, asked) select id, tenant_id, domain_now(), true from there
          on conflict (connection_id) do update set asked = true, wait_until = number_readings.read_at + ${leastBetween}`,
        sql`update account_posts set next_at = domain_now() where connection_id = ${connectionId} and next_at is not null`,
        sql`select pg_notify('postd_numbers', '')`,
        sql`select 1 from connections where id = ${connectionId} and disconnected_at is null`,
      );
      return rowCount > 0;
    },
    async list(connectionId, { limit, before, madeElsewhere }) {
      const which =
        madeElsewhere === undefined ? sql`true` : madeElsewhere ? sql`p.job_id is null` : sql`p.job_id is not null`;
      const { rows } = await runSql<PostRow>(
        own,
        sql`${postsWithNumbers()} where p.connection_id = ${connectionId} and ${which}
          ${before === undefined ? sql`` : sql`and (p.made_at, p.id) < (${at(before.at)}, ${before.id})`}
          order by p.made_at desc, p.id desc limit ${limit + 1}`,
      );
      return { rows: rows.slice(0, limit).map(postOf), more: rows.length > limit };
    },
    ofPost: (postId) => ofPost(own, postId),
  };
}

async function ofPost(own: TenantScope, postId: string): Promise<PostNumbersRecord | undefined> {
  const { rows } = await runSql<
    PostRow & {
      readonly published_at: Date | null;
      readonly next_at: Date | null;
      readonly gone_at: Date | null;
      readonly none_at: readonly Date[] | null;
    }
  >(
    own,
    sql`select coalesce(p.id, '') as id, j.connection_id, j.platform, j.simulated, coalesce(j.external_post_id, '') as external_id,
        j.permalink, coalesce(p.format, j.content ->> 'format', '') as format, p.text, j.published_at as made_at, j.published_at, p.read_at,
        p.next_at, p.gone_at, p.none_at, j.id as job_id, po.id as post_id, latest.metrics
      from posts po left join publish_jobs j on j.post_id = po.id left join account_posts p on p.job_id = j.id ${newestNumbers}
      where po.id = ${postId} order by j.id`,
  );
  if (rows.length === 0) return undefined;
  const { rows: history } = await runSql<{ job_id: string; fetched_at: Date; metrics: readonly StoredMetric[] }>(
    own,
    sql`select p.job_id, n.fetched_at, n.metrics from publish_jobs j join account_posts p on p.job_id = j.id
      join account_post_numbers n on n.account_post_id = p.id where j.post_id = ${postId} order by n.fetched_at desc limit 500`,
  );
  return {
    targets: rows
      .filter((row) => row.job_id !== null)
      .map((row) => {
        const { id: _id, createdAt: _createdAt, ...told } = postOf(row);
        return {
          ...told,
          publishedAt: row.published_at ?? undefined,
          nextAt: row.next_at ?? undefined,
          goneAt: row.gone_at ?? undefined,
          noneAt: row.none_at ?? [],
        };
      }),
    history: history
      .map(({ job_id, fetched_at, metrics }) => ({ jobId: job_id, readAt: fetched_at, metrics: metricsOf(metrics) }))
      .reverse(),
  };
}
