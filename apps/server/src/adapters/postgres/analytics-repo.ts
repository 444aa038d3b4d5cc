import { asId, type ConnectionId, type JsonObject, type TenantId } from "@postd/contracts";
import type {
  AccountGroup,
  AnalyticsFilter,
  AnalyticsRepo,
  GroupQuery,
  LastTotal,
  Period,
  PeriodInput,
  PostGroup,
  TenantAnalytics,
} from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import pg from "pg";
import { newestNumbers, type PostRow, postOf, postsWithNumbers } from "./account-post-row.ts";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb, type TenantScope } from "./tenant-tx.ts";

const at = (date: Date): SQL => sql`${date.toISOString()}::timestamptz`;
const list = (dates: readonly Date[]): SQL =>
  sql`${`{${dates.map((date) => `"${date.toISOString()}"`).join(",")}}`}::timestamptz[]`;
/** No total is taken to be what an account had later than this. */
const lastTotalWithin = sql`interval '35 days'`;

/** Numbers by account, platform and part of the time, on PostgreSQL, which knows the zones and adds up. */
export function createAnalyticsRepo(app: TenantDb): AnalyticsRepo {
  return { forTenant: (tenantId) => tenantAnalytics(forTenant(app, tenantId), tenantId) };
}

function tenantAnalytics(own: TenantScope, tenantId: TenantId): TenantAnalytics {
  return {
    period: (input) => resolve(own, tenantId, input),
    async posts({ period, compare, key, ...filter }) {
      const { rows } = await runSql<{
        part: number;
        key: string;
        simulated: boolean;
        name: string | null;
        posts: number;
        sum: number | null;
      }>(own, postGroups(tenantId, { period, compare, key, ...filter }));
      return rows.map(
        ({ name, sum, ...row }): PostGroup => ({ ...row, name: name ?? undefined, sum: sum ?? undefined }),
      );
    },
    async accounts(query) {
      const { rows } = await runSql<{
        part: number;
        key: string;
        simulated: boolean;
        name: string;
        is_growth: boolean;
        sum: number | null;
        values: number;
        accounts: number;
      }>(own, accountGroups(tenantId, query));
      const parts = timeOf(query).starts.length;
      return rows
        .filter(({ part }) => part > 0 && part <= parts)
        .map(({ is_growth, sum, ...row }): AccountGroup => ({ ...row, isGrowth: is_growth, sum: sum ?? undefined }));
    },
    async lastTotals(query) {
      const { period } = query;
      const { rows } = await runSql<LastTotal>(
        own,
        sql`select key, simulated, name, sum(value)::float8 as sum, count(*)::int as accounts from (
            select distinct on (n.connection_id, n.platform_name) ${keyOf(query)} as key, c.simulated, n.name, n.value
            from account_numbers n join connections c on c.id = n.connection_id
            where n.tenant_id = ${tenantId} and n.since is null and n.at < ${at(period.to)} and n.at >= ${at(period.to)} - ${lastTotalWithin}
              and ${chosen(query)}
            order by n.connection_id, n.platform_name, n.at desc) last
          group by key, simulated, name`,
      );
      return rows;
    },
    async standings({ limit, after, ...filter }) {
      const { rows } = await runSql<{
        id: string;
        platform: string;
        simulated: boolean;
        looked: boolean;
        read_at: Date | null;
        failure: JsonObject | null;
      }>(
        own,
        sql`select c.id, c.platform, c.simulated, r.connection_id is not null as looked, r.read_at, r.failure
          from connections c left join number_readings r on r.connection_id = c.id
          where c.disconnected_at is null and ${chosen(filter)} and ${after === undefined ? sql`true` : sql`c.id > ${after}`}
          order by c.id limit ${limit + 1}`,
      );
      return {
        more: rows.length > limit,
        rows: rows.slice(0, limit).map(({ id, platform, simulated, looked, read_at, failure }) => ({
          connectionId: asId("connection", id),
          platform,
          simulated,
          reading: looked ? { readAt: read_at ?? undefined, failure: failure ?? undefined } : undefined,
        })),
      };
    },
    async countPosts({ period, ...filter }) {
      const { rows } = await runSql<{ posts: number }>(
        own,
        sql`select count(*)::int as posts from account_posts p join connections c on c.id = p.connection_id
          where ${madeIn(tenantId, period.from, period.to)} and ${chosen(filter)} and ${madeWhere(filter)}`,
      );
      return rows[0]?.posts ?? 0;
    },
    async rankedPosts({ period, sort, limit, after, ...filter }) {
      const number = sql`coalesce((select max((m ->> 'value')::float8) from jsonb_array_elements(latest.metrics) m
        where m ->> 'name' = ${sort ?? ""}), '-infinity'::float8)`;
      const rank = sort === undefined ? sql`(extract(epoch from p.made_at) * 1000)::float8` : number;
      const place = after === undefined ? sql`true` : sql`(rank, id) < (${after.rank}::float8, ${after.id})`;
      const order = sort === undefined ? sql`made_at desc, id desc` : sql`rank desc, id desc`;
      // By time the page is chosen before anything is looked up for its posts.
      const { rows } = await runSql<PostRow & { readonly rank: number }>(
        own,
        sql`with ranked as (
            select p.id, p.made_at, ${rank} as rank from account_posts p join connections c on c.id = p.connection_id
              ${sort === undefined ? sql`` : newestNumbers}
            where ${madeIn(tenantId, period.from, period.to)} and ${chosen(filter)} and ${madeWhere(filter)}),
          page as materialized (select id, rank from ranked where ${place} order by ${order} limit ${limit + 1})
          select * from (${postsWithNumbers(sql`page.rank`, sql`join page on page.id = p.id`)}) shown order by ${order}`,
      );
      return {
        more: rows.length > limit,
        rows: rows.slice(0, limit).map((row) => ({ ...postOf(row), rank: row.rank })),
      };
    },
  };
}

const madeIn = (tenantId: TenantId, from: Date, to: Date): SQL =>
  sql`p.tenant_id = ${tenantId} and p.made_at >= ${at(from)} and p.made_at < ${at(to)}`;

/** Which accounts. */
function chosen({ connectionId, platform, connectionIds }: AnalyticsFilter & Pick<GroupQuery, "connectionIds">): SQL {
  const ids = connectionIds === undefined ? sql`true` : among(connectionIds);
  return sql`${connectionId === undefined ? sql`true` : sql`c.id = ${connectionId}`}
    and ${platform === undefined ? sql`true` : sql`c.platform = ${platform}`} and ${ids}`;
}
const among = (ids: readonly ConnectionId[]): SQL =>
  sql`c.id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`;
const madeWhere = ({ madeElsewhere }: AnalyticsFilter): SQL =>
  madeElsewhere === undefined ? sql`true` : madeElsewhere ? sql`p.job_id is null` : sql`p.job_id is not null`;

const keyOf = ({ key }: Pick<GroupQuery, "key">): SQL =>
  ({ platform: sql`c.platform`, account: sql`c.id`, none: sql`''::text` })[key];

const timeOf = ({ period, compare }: GroupQuery) => ({
  first: compare ? period.beforeFrom : period.from,
  starts: compare ? [...period.beforeStarts, ...period.starts] : period.starts,
  to: period.to,
});

/** Posts by when they were made, with what they had gathered: until now, those of the time before as early as these are seen. */
export function postGroups(tenantId: TenantId, query: GroupQuery): SQL {
  const { first, starts, to } = timeOf(query);
  const { from, now, beforeFrom } = query.period;
  const seenUntil = new Date(now.getTime() - (from.getTime() - beforeFrom.getTime()));
  const groups = sql`part, key, simulated`;
  return sql`with made as materialized (
      select width_bucket(p.made_at, ${list(starts)}) as part, ${keyOf(query)} as key, c.simulated, latest.metrics
      from account_posts p join connections c on c.id = p.connection_id
      left join lateral (select n.metrics from account_post_numbers n where n.account_post_id = p.id
        and n.fetched_at <= case when p.made_at < ${at(from)} then ${at(seenUntil)} else 'infinity' end
        order by n.fetched_at desc limit 1) latest on true
      where ${madeIn(tenantId, first, to)} and ${chosen(query)} and ${madeWhere(query)})
    select ${groups}, null::text as name, count(*)::int as posts, null::float8 as sum from made group by ${groups}
    union all
    select ${groups}, m.metric ->> 'name', count(*)::int, sum((m.metric ->> 'value')::float8)
    from made cross join lateral jsonb_array_elements(metrics) as m(metric) group by ${groups}, m.metric ->> 'name'`;
}

/**
 * A count belongs where the middle of its time lies, a growth where it was read: each to one part alone. What lies before the
 * first part or after the last is in parts of its own, which nobody asks for.
 */
export function accountGroups(tenantId: TenantId, query: GroupQuery): SQL {
  const { first, starts, to } = timeOf(query);
  const part = sql`width_bucket(case when n.since is null then n.at else n.since + (n.at - n.since) * 0.5 end, ${list([...starts, to])})`;
  const sum = sql`sum(case when n.since is null then n.growth else n.value end)::float8`;
  const read = sql`from account_numbers n join connections c on c.id = n.connection_id
    where n.tenant_id = ${tenantId} and n.at >= ${at(first)} and n.at < ${at(to)} + interval '2 days' and ${chosen(query)}`;
  // A year of many accounts is added up in one go: how many they were is told where it can be read off a row.
  if (query.key === "none")
    return sql`select ${part} as part, '' as key, c.simulated, n.name, n.since is null as is_growth, ${sum} as sum,
      count(*)::int as values, 0 as accounts ${read} group by 1, 3, 4, 5`;
  return sql`with each as materialized (
      select ${part} as part, ${keyOf(query)} as key, c.simulated, n.connection_id, n.name, n.since is null as is_growth, ${sum} as sum,
        count(*) as values ${read} group by 1, 2, 3, 4, 5, 6)
    select part, key, simulated, name, is_growth, sum(sum) as sum, sum(values)::int as values, count(*)::int as accounts
    from each group by part, key, simulated, name, is_growth`;
}

const dayText = /^\d{4}-\d{2}-\d{2}$/;
/** The one way a zone is unknown to PostgreSQL. */
const unknownZone = "22023";

async function resolve(own: TenantScope, tenantId: TenantId, input: PeriodInput): Promise<Period | undefined> {
  try {
    return await period(own, tenantId, input);
  } catch (error) {
    if (input.timeZone !== undefined && error instanceof pg.DatabaseError && error.code === unknownZone)
      return undefined;
    throw error;
  }
}

/** Midnights and months are those of the zone, whatever its clocks did in between. */
async function period(
  own: TenantScope,
  tenantId: TenantId,
  { from, to, timeZone, unit }: PeriodInput,
): Promise<Period> {
  const day = (text: string) => sql`(${text}::date)::timestamp`;
  const end =
    to === undefined
      ? sql`domain_now()`
      : dayText.test(to)
        ? sql`((${day(to)} + interval '1 day') at time zone zone)`
        : sql`${to}::timestamptz`;
  const begin =
    from === undefined
      ? sql`((date_trunc('day', until at time zone zone - interval '1 millisecond') - interval '29 days') at time zone zone)`
      : dayText.test(from)
        ? sql`(${day(from)} at time zone zone)`
        : sql`${from}::timestamptz`;
  const beginnings = (since: SQL, until: SQL) =>
    unit === undefined
      ? sql`array[${since}]`
      : sql`(select array_agg(greatest(part at time zone zone, ${since}) order by part) from generate_series(
          date_trunc(${unit}::text, ${since} at time zone zone), (${until} at time zone zone) - interval '1 millisecond', ${`1 ${unit}`}::interval) part
          where part at time zone zone < ${until})`;
  const { rows } = await runSql<{
    now: Date;
    zone: string;
    since: Date;
    until: Date;
    before_since: Date;
    starts: readonly Date[];
    before_starts: readonly Date[];
  }>(
    own,
    sql`with zoned as (select coalesce(${timeZone ?? null}::text, (select known_zone(time_zone) from tenants where id = ${tenantId}), 'UTC') as zone),
      ended as (select zone, ${end} as until from zoned),
      begun as (select zone, until, least(${begin}, until) as since from ended),
      local as (select *, since at time zone zone as l_since, until at time zone zone as l_until from begun),
      measured as (select *,
        l_since = date_trunc('month', l_since) and l_until = date_trunc('month', l_until) and l_until > l_since as is_months,
        l_since = date_trunc('day', l_since) and l_until = date_trunc('day', l_until) as is_days from local),
      compared as (select *, case
          when is_months then (l_since - (extract(year from age(l_until, l_since)) * 12 + extract(month from age(l_until, l_since)))::int * interval '1 month') at time zone zone
          when is_days then (l_since - (l_until::date - l_since::date) * interval '1 day') at time zone zone
          else since - (until - since) end as before_since from measured)
      select domain_now() as now, zone, since, until, before_since, ${beginnings(sql`since`, sql`until`)} as starts,
        ${beginnings(sql`before_since`, sql`since`)} as before_starts from compared`,
  );
  const [row] = rows;
  if (!row) throw new Error("a time has no beginning");
  return {
    now: row.now,
    timeZone: row.zone,
    from: row.since,
    to: row.until,
    beforeFrom: row.before_since,
    starts: row.starts ?? [],
    beforeStarts: row.before_starts ?? [],
  };
}
