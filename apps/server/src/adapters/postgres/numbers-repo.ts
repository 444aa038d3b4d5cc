import type { Metric } from "@postd/connector-kit";
import { asId, type JsonObject, type TenantId } from "@postd/contracts";
import {
  type AccountPostRecord,
  type AnalyticsQuery,
  type NumbersRepo,
  type NumbersSummary,
  newId,
  type PostNumbersRecord,
  type TenantNumbers,
} from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb, type TenantScope } from "./tenant-tx.ts";

const at = (date: Date | undefined): SQL => sql`${date?.toISOString() ?? null}::timestamptz`;
/** As much of the text of a post of ours is kept as of any other. */
const mostText = 300;

/** Numbers on PostgreSQL. `system` reads whose are due, over all tenants, and nothing else. */
export function createNumbersRepo(app: TenantDb, system: Db): NumbersRepo {
  return {
    async due({ limit, onlyAsked }) {
      const { rows } = await runSql<{ tenant_id: string; id: string; platform: string }>(
        system,
        sql`select c.tenant_id, c.id, c.platform from connections c left join number_readings r on r.connection_id = c.id
          where c.disconnected_at is null and c.status in ('healthy', 'expiring_soon')
            and ${onlyAsked ? sql`r.asked and` : sql`(r.next_at is null or`} r.next_at <= domain_now()${onlyAsked ? sql`` : sql`)`}
          order by r.next_at nulls first limit ${limit}`,
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
    async reading(connectionId) {
      const { rows } = await runSql<{ read_at: Date | null; failure: JsonObject | null }>(
        own,
        sql`select read_at, failure from number_readings where connection_id = ${connectionId}`,
      );
      return rows[0] && { readAt: rows[0].read_at ?? undefined, failure: rows[0].failure ?? undefined };
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
      const { rows } = await runSql<PostRow>(
        own,
        sql`select id, external_id, permalink, format, made_at from account_posts
          where connection_id = ${connectionId} and next_at <= domain_now() order by made_at desc limit ${limit}`,
      );
      return rows.map(dueOf);
    },
    async keepNumbers(readings) {
      const rows = readings.map(({ id, metrics, nextAt }) => ({
        id,
        metrics: metrics ?? null,
        next_at: nextAt?.toISOString() ?? null,
      }));
      const table = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id text, metrics jsonb, next_at timestamptz)`;
      await runSql(
        own,
        sql`insert into account_post_numbers (tenant_id, account_post_id, fetched_at, metrics)
          select p.tenant_id, p.id, domain_now(), r.metrics from ${table} join account_posts p on p.id = r.id
          where r.metrics is not null and r.metrics <> 'null' on conflict do nothing`,
        sql`update account_posts p set next_at = r.next_at,
            read_at = case when r.metrics is null or r.metrics = 'null' then p.read_at else domain_now() end
          from ${table} where p.id = r.id`,
      );
    },
    async keepAccount(connectionId, metrics) {
      const rows = metrics.map(({ name, platformName, value, at: end, since }) => ({
        name,
        platform_name: platformName,
        value,
        at: end.toISOString(),
        since: since?.toISOString() ?? null,
      }));
      await runSql(
        own,
        sql`insert into account_numbers (tenant_id, connection_id, name, platform_name, at, since, value)
          select distinct on (n.platform_name, n.at) ${tenantId}, ${connectionId}, n.name, n.platform_name, n.at, n.since, n.value
          from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
            as n(name text, platform_name text, at timestamptz, since timestamptz, value float8)
          on conflict (connection_id, platform_name, at) do update set value = excluded.value, since = excluded.since`,
      );
    },
    async putOff(connectionId, until) {
      await runSql(
        own,
        sql`insert into number_readings (connection_id, tenant_id, next_at) values (${connectionId}, ${tenantId}, ${at(until)})
          on conflict (connection_id) do update set next_at = excluded.next_at, asked = false`,
      );
    },
    async ended(connectionId, { at: nextAt, failure }) {
      await runSql(
        own,
        sql`insert into number_readings (connection_id, tenant_id, read_at, next_at, failure)
          values (${connectionId}, ${tenantId}, ${failure ? sql`null` : sql`domain_now()`}, ${at(nextAt)},
            ${failure ? JSON.stringify(failure) : null}::jsonb)
          on conflict (connection_id) do update set next_at = excluded.next_at, failure = excluded.failure,
            read_at = coalesce(excluded.read_at, number_readings.read_at)`,
      );
    },
    async hasten(connectionId) {
      const { rowCount } = await runSql(
        own,
        sql`with there as (select id, tenant_id from connections where id = ${connectionId} and disconnected_at is null)
          insert into number_readings (connection_id, tenant_id, next_at, asked) select id, tenant_id, domain_now(), true from there
          on conflict (connection_id) do update set next_at = least(number_readings.next_at, excluded.next_at), asked = true`,
        sql`update account_posts set next_at = domain_now() where connection_id = ${connectionId} and next_at is not null`,
        sql`select 1 from connections where id = ${connectionId} and disconnected_at is null`,
      );
      return rowCount > 0;
    },
    async list(connectionId, { limit, before, madeElsewhere }) {
      const which =
        madeElsewhere === undefined ? sql`true` : madeElsewhere ? sql`p.job_id is null` : sql`p.job_id is not null`;
      const { rows } = await runSql<PostRow>(
        own,
        sql`${postsWithNumbers} where p.connection_id = ${connectionId} and ${which}
          ${before === undefined ? sql`` : sql`and (p.made_at, p.id) < (${at(before.at)}, ${before.id})`}
          order by p.made_at desc, p.id desc limit ${limit + 1}`,
      );
      return { rows: rows.slice(0, limit).map(postOf), more: rows.length > limit };
    },
    ofPost: (postId) => ofPost(own, postId),
    summary: (query) => summaryOf(own, query),
  };
}

interface PostRow {
  readonly id: string;
  readonly connection_id: string;
  readonly platform: string;
  readonly simulated: boolean;
  readonly external_id: string;
  readonly permalink: string | null;
  readonly format: string;
  readonly text: string | null;
  readonly made_at: Date;
  readonly read_at: Date | null;
  readonly job_id: string | null;
  readonly post_id: string | null;
  readonly metrics: readonly StoredMetric[] | null;
}

type StoredMetric = Omit<Metric, "at" | "since"> & { readonly at: string; readonly since?: string };

const newest = sql`left join lateral (select metrics from account_post_numbers n where n.account_post_id = p.id
  order by fetched_at desc limit 1) latest on true`;
const postsWithNumbers = sql`select p.*, c.platform, c.simulated, j.post_id, latest.metrics from account_posts p
  join connections c on c.id = p.connection_id left join publish_jobs j on j.id = p.job_id ${newest}`;

const metricsOf = (stored: readonly StoredMetric[] | null): readonly Metric[] =>
  (stored ?? []).map(({ at: told, since, ...metric }) => ({
    ...metric,
    at: new Date(told),
    ...(since && { since: new Date(since) }),
  }));

const dueOf = (row: PostRow) => ({
  id: row.id,
  externalId: row.external_id,
  ...(row.permalink !== null && { permalink: row.permalink }),
  format: row.format,
  createdAt: row.made_at,
});

const postOf = (row: PostRow): AccountPostRecord => ({
  ...dueOf(row),
  connectionId: asId("connection", row.connection_id),
  platform: row.platform,
  simulated: row.simulated,
  text: row.text ?? undefined,
  job: row.job_id !== null && row.post_id !== null ? { id: row.job_id, postId: row.post_id } : undefined,
  readAt: row.read_at ?? undefined,
  metrics: metricsOf(row.metrics),
});

async function ofPost(own: TenantScope, postId: string): Promise<PostNumbersRecord | undefined> {
  const { rows } = await runSql<PostRow & { readonly published_at: Date | null }>(
    own,
    sql`select coalesce(p.id, '') as id, j.connection_id, j.platform, j.simulated, coalesce(j.external_post_id, '') as external_id,
        j.permalink, coalesce(p.format, j.content ->> 'format', '') as format, p.text, j.published_at as made_at, j.published_at, p.read_at,
        j.id as job_id, po.id as post_id, latest.metrics
      from posts po left join publish_jobs j on j.post_id = po.id left join account_posts p on p.job_id = j.id ${newest}
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
        return { ...told, publishedAt: row.published_at ?? undefined };
      }),
    history: history
      .map(({ job_id, fetched_at, metrics }) => ({ jobId: job_id, readAt: fetched_at, metrics: metricsOf(metrics) }))
      .reverse(),
  };
}

async function summaryOf(
  own: TenantScope,
  { from, to, connectionId, platform }: AnalyticsQuery,
): Promise<NumbersSummary> {
  const account = sql`${connectionId === undefined ? sql`true` : sql`c.id = ${connectionId}`}
    and ${platform === undefined ? sql`true` : sql`c.platform = ${platform}`}`;
  const made = sql`from account_posts p join connections c on c.id = p.connection_id ${newest}
    where p.made_at >= ${at(from)} and p.made_at < ${at(to)} and ${account}`;
  const group = sql`c.platform, c.simulated, p.job_id is null`;
  const { rows: totals } = await runSql<{
    platform: string;
    simulated: boolean;
    elsewhere: boolean;
    name: string;
    total: number;
    posts: number;
  }>(
    own,
    sql`select platform, simulated, elsewhere, name, sum(value)::float8 as total, count(distinct id)::int as posts from (
        select c.platform, c.simulated, p.job_id is null as elsewhere, p.id, m ->> 'name' as name, (m ->> 'value')::float8 as value
        from account_posts p join connections c on c.id = p.connection_id ${newest}
          cross join lateral jsonb_array_elements(latest.metrics) m
        where p.made_at >= ${at(from)} and p.made_at < ${at(to)} and ${account}) each
      group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  );
  const { rows: posts } = await runSql<{
    platform: string;
    simulated: boolean;
    elsewhere: boolean;
    count: number;
    oldest: Date | null;
  }>(
    own,
    sql`select c.platform, c.simulated, p.job_id is null as elsewhere, count(*)::int as count, min(p.read_at) as oldest ${made}
      group by ${group} order by 1, 2, 3`,
  );
  const { rows: accounts } = await runSql<{
    id: string;
    platform: string;
    simulated: boolean;
    looked: boolean;
    read_at: Date | null;
    failure: JsonObject | null;
    metrics: readonly StoredMetric[] | null;
  }>(
    own,
    sql`select c.id, c.platform, c.simulated, r.connection_id is not null as looked, r.read_at, r.failure, (
        select jsonb_agg(jsonb_build_object('name', n.name, 'platformName', n.platform_name, 'value', n.value, 'at', n.at, 'since', n.since)
          order by n.at, n.platform_name)
        from account_numbers n where n.connection_id = c.id and n.at > ${at(from)} and n.at <= ${at(to)}) as metrics
      from connections c left join number_readings r on r.connection_id = c.id
      where c.disconnected_at is null and ${account} order by c.id`,
  );
  return {
    totals: totals.map(({ elsewhere, ...row }) => ({ ...row, madeElsewhere: elsewhere })),
    posts: posts.map(({ elsewhere, oldest, ...row }) => ({
      ...row,
      madeElsewhere: elsewhere,
      oldestReadAt: oldest ?? undefined,
    })),
    accounts: accounts.map((row) => ({
      connectionId: asId("connection", row.id),
      platform: row.platform,
      simulated: row.simulated,
      reading: row.looked ? { readAt: row.read_at ?? undefined, failure: row.failure ?? undefined } : undefined,
      metrics: metricsOf(row.metrics),
    })),
  };
}
