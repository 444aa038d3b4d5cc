import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createRegistry } from "@postd/connector-kit";
import { type AnalyticsNumberView, type AnalyticsRowView, type AnalyticsView, asId } from "@postd/contracts";
import { type AnalyticsInput, type AnalyticsService, createAnalyticsService } from "@postd/core";
import pg from "pg";
import { createAnalyticsRepo } from "./analytics-repo.ts";
import { createNumbersRepo } from "./numbers-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const tenantId = asId("tenant", "ten_a");
const hour = 3_600_000;
const day = 24 * hour;
const begin = Date.parse("2026-02-01T00:00:00Z");
const days = 300;

const seed = Number(process.env.POSTD_TEST_SEED ?? Date.now() % 1_000_000);
let state = seed + 1;
/** The same numbers for one seed (mulberry32). */
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};
const upTo = (most: number) => Math.floor(random() * most);

let database: TestDatabase;
let app: RolePool;
let system: RolePool;
let admin: pg.Pool;
let analytics: AnalyticsService;

interface Value {
  readonly account: string;
  readonly name: string;
  readonly at: number;
  readonly since?: number;
  readonly value: number;
}
interface Post {
  readonly account: string;
  readonly id: string;
  readonly madeAt: number;
  readonly likes: number | undefined;
}
const values: Value[] = [];
const posts: Post[] = [];

/** Clocks that change in the middle of these months, at midnight too, and by half an hour. */
const zones = [
  ...["UTC", "Europe/Oslo", "America/Los_Angeles", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu"],
  ...["America/Santiago", "Asia/Beirut", "Pacific/Chatham", "America/St_Johns", "Pacific/Kiritimati"],
];

before(async () => {
  database = await createTestDatabase();
  app = openRolePool({ url: database.url, role: "postd_app", max: 2 });
  system = openRolePool({ url: database.url, role: "postd_system", max: 1 });
  admin = new pg.Pool({ connectionString: database.url, max: 1 });
  await setClockOffset(admin, begin + days * day - Date.now());
  await admin.query(`
    insert into tenants (id, name, slug, created_at, time_zone) values ('ten_a', 'a', 'a', domain_now(), 'Europe/Oslo');
    insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
      select 'con_' || id, 'ten_a', case when id < 'c' then 'one' else 'two' end, 'keys', id, 'page', 'A', '{}', '{}', '{}', 'healthy', id = 'd', 'u', domain_now(), domain_now()
      from (values ('a'), ('b'), ('c'), ('d')) as v(id);`);
  const repo = createNumbersRepo(app.db, system.db);
  analytics = createAnalyticsService({
    numbers: repo,
    analytics: createAnalyticsRepo(app.db),
    connections: { forTenant: () => ({ find: async () => ({}) }) } as never,
    registry: createRegistry([]),
    clock: { now: () => new Date(begin + days * day) },
  });
  for (const account of ["con_a", "con_b", "con_c", "con_d"]) makeValues(account);
  const mine = repo.forTenant(tenantId);
  for (const account of ["con_a", "con_b", "con_c", "con_d"]) {
    const own = values.filter((value) => value.account === account);
    await mine.keepAccount(
      asId("connection", account),
      own.map(({ name, at, since, value }) => ({
        ...{ name, value, platformName: name.toUpperCase(), at: new Date(at) },
        ...(since !== undefined && { since: new Date(since) }),
      })),
    );
  }
  // Kept in one go, each has to find the reading before it among the others.
  await admin.query(`update account_numbers n set growth = n.value - e.before, before_at = e.before_at from (
    select connection_id, platform_name, at, lag(value) over w as before, lag(at) over w as before_at from account_numbers where since is null
    window w as (partition by connection_id, platform_name order by at)) e
    where n.connection_id = e.connection_id and n.platform_name = e.platform_name and n.at = e.at and n.since is null`);
  for (let index = 0; index < 400; index += 1)
    posts.push({
      ...{ account: `con_${"abcd"[upTo(4)]}`, id: `acp_${index}`, madeAt: begin + upTo(days * day) },
      likes: random() < 0.7 ? upTo(50) : undefined,
    });
  await admin.query(
    `with made as (insert into account_posts (id, tenant_id, connection_id, external_id, format, made_at, seen_at)
        select id, 'ten_a', account, id, 'text', to_timestamp(made / 1000.0), domain_now() from jsonb_to_recordset($1) as p(id text, account text, made float8))
      insert into account_post_numbers (tenant_id, account_post_id, fetched_at, metrics)
        select 'ten_a', id, to_timestamp(made / 1000.0) + n * interval '1 hour',
          jsonb_build_array(jsonb_build_object('name', 'likes', 'platformName', 'L', 'value', case when n = 2 then likes else 1000 end, 'at', '2026-02-01T00:00:00.000Z'),
            jsonb_build_object('name', 'reach', 'platformName', 'R', 'value', 5, 'at', '2026-02-01T00:00:00.000Z'))
        from jsonb_to_recordset($1) as p(id text, made float8, likes float8), generate_series(1, 2) n where likes is not null`,
    [JSON.stringify(posts.map(({ id, account, madeAt, likes }) => ({ id, account, made: madeAt, likes })))],
  );
});
after(async () => {
  await admin?.end();
  await app?.close();
  await system?.close();
  await database?.drop();
});

/** Totals read at odd hours with gaps of days and weeks, and counts of whole days with holes. */
function makeValues(account: string) {
  let followers = 1_000;
  for (let index = 0; index < days; index += 1) {
    const midnight = begin + index * day;
    if (index % 97 < 20 && account === "con_b") continue;
    followers += upTo(21) - 8;
    if (random() < 0.8) values.push({ account, name: "followers", at: midnight + upTo(day), value: followers });
    if (random() < 0.85) values.push({ account, name: "views", since: midnight, at: midnight + day, value: upTo(100) });
  }
}

const ask = async (input: Partial<AnalyticsInput>): Promise<AnalyticsView> => {
  const answer = await analytics.summary({ tenantId } as never, { by: "platform", limit: 200, ...input });
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer.value;
};
const numberOf = (row: AnalyticsRowView | undefined, name: string) =>
  row?.numbers.find((number) => number.name === name);
const toldOf = (row: AnalyticsRowView | undefined, name: string) => numberOf(row, name)?.value ?? null;
const sumOf = (rows: readonly AnalyticsRowView[], name: string): number | null => {
  const known = rows.flatMap((row) => toldOf(row, name) ?? []);
  return known.length === 0 ? null : known.reduce((one, other) => one + other, 0);
};
const real = (view: AnalyticsView) => view.rows.filter(({ simulated }) => !simulated);
const totalOf = (view: AnalyticsView) => view.totals?.find(({ simulated }) => !simulated);

/** The same numbers without a database. */
function model(from: number, to: number) {
  const accounts = ["con_a", "con_b", "con_c"];
  const likes = posts.filter((post) => accounts.includes(post.account) && post.madeAt >= from && post.madeAt < to);
  const known = likes.flatMap((post) => post.likes ?? []);
  const views = values.filter(({ account, since = 0, at, name }) => {
    const middle = since + (at - since) / 2;
    return accounts.includes(account) && name === "views" && middle >= from && middle < to;
  });
  const growths = accounts.flatMap((account) => {
    const own = values.filter((value) => value.account === account && value.name === "followers");
    const inside = own.filter(({ at }) => at >= from && at < to);
    const first = own.findLast(({ at }) => at < from) ?? inside[0];
    const last = inside.at(-1);
    return first && last && first !== last ? [last.value - first.value] : [];
  });
  const sum = (numbers: readonly number[]) => (numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0));
  return {
    posts: likes.length,
    likes: sum(known),
    views: sum(views.map(({ value }) => value)),
    followers: sum(growths),
  };
}

test(`days add up to weeks, months and the whole, with gaps, in zones whose clocks change: POSTD_TEST_SEED=${seed}`, async (t) => {
  let asked = 0;
  for (const timeZone of zones) {
    const start = begin + upTo((days - 60) * day);
    const length = (1 + upTo(240)) * day + upTo(day);
    const from = new Date(start).toISOString();
    const to = new Date(Math.min(start + length, begin + days * day)).toISOString();
    const span = upTo(2) === 0 ? { from, to } : { from: from.slice(0, 10), to: to.slice(0, 10) };
    const what = `${timeZone} ${JSON.stringify(span)}`;
    const [whole, byDay, byWeek, byMonth] = await Promise.all(
      (["platform", "day", "week", "month"] as const).map((by) => ask({ ...span, by, timeZone })),
    );
    assert.ok(whole && byDay && byWeek && byMonth);
    asked += 4;
    const expected = model(Date.parse(whole.from), Date.parse(whole.to));
    for (const view of [byDay, byWeek, byMonth]) {
      const rows = real(view);
      assert.equal(rows[0]?.period?.from, view.from, what);
      assert.equal(rows.at(-1)?.period?.to, view.to, what);
      rows.forEach((row, index) => {
        if (index > 0) assert.equal(row.period?.from, rows[index - 1]?.period?.to, `${what}: a hole in time`);
      });
      for (const name of ["likes", "views", "followers"] as const) {
        assert.equal(sumOf(rows, name), expected[name], `${what} ${view.by} ${name}`);
        assert.equal(toldOf(totalOf(view), name), expected[name], `${what} ${view.by} ${name} in all`);
      }
      assert.equal(
        rows.reduce((sum, { posts = 0 }) => sum + posts, 0),
        expected.posts,
        what,
      );
    }
    for (const name of ["likes", "views", "followers"] as const)
      assert.equal(sumOf(real(whole), name), expected[name], `${what} platforms ${name}`);
    // Each week and month is the sum of its days.
    for (const view of [byWeek, byMonth])
      for (const row of real(view)) {
        const inside: readonly AnalyticsRowView[] = real(byDay).filter(
          ({ period }) => period && row.period && period.from >= row.period.from && period.to <= row.period.to,
        );
        for (const name of ["likes", "views", "followers"])
          assert.equal(sumOf(inside, name), toldOf(row, name), `${what} ${row.period?.from} ${name}`);
      }
    const nothing = byDay.rows.flatMap(({ numbers }) => numbers).filter(({ value }) => value === null);
    assert.ok(
      nothing.every(({ missing }) => missing),
      "what is not known says why",
    );
  }
  t.diagnostic(`${asked} answers in ${zones.length} zones, ${values.length} readings, ${posts.length} posts`);
});

test("midnights and months are those of the zone, and a period is compared with as many days or months before it", async () => {
  const told = async (input: Partial<AnalyticsInput>) => {
    const { from, to, before } = await ask(input);
    return [from, to, before?.from, before?.to].map((text) => text?.slice(0, 16));
  };
  // Clocks went forward on 2026-03-29 in Oslo, the workspace's zone.
  assert.deepEqual(await told({ from: "2026-03-28", to: "2026-03-30" }), [
    ...["2026-03-27T23:00", "2026-03-30T22:00", "2026-03-24T23:00", "2026-03-27T23:00"],
  ]);
  assert.deepEqual(await told({ from: "2026-03-01", to: "2026-03-31" }), [
    ...["2026-02-28T23:00", "2026-03-31T22:00", "2026-01-31T23:00", "2026-02-28T23:00"],
  ]);
  assert.deepEqual(await told({ from: "2026-04-01", to: "2026-06-30", timeZone: "America/New_York" }), [
    ...["2026-04-01T04:00", "2026-07-01T04:00", "2026-01-01T05:00", "2026-04-01T04:00"],
  ]);
  assert.deepEqual(await told({ from: "2026-03-01T10:00:00Z", to: "2026-03-01T16:00:00Z", timeZone: "UTC" }), [
    ...["2026-03-01T10:00", "2026-03-01T16:00", "2026-03-01T04:00", "2026-03-01T10:00"],
  ]);
  const { rows } = await ask({ from: "2026-03-25", to: "2026-04-06", by: "week" });
  assert.deepEqual(
    rows.filter(({ simulated }) => !simulated).map(({ period }) => period?.from.slice(0, 13)),
    ["2026-03-24T23", "2026-03-29T22", "2026-04-05T22"],
  );
});

test("what was there before is what the same question about that time answers", async () => {
  const view = await ask({ from: "2026-05-01", to: "2026-05-31", by: "platform" });
  const earlier = await ask({ from: "2026-04-01", to: "2026-04-30", by: "platform" });
  assert.ok(view.rows.length > 0);
  for (const row of view.rows) {
    const other = earlier.rows.find((one) => one.platform === row.platform && one.simulated === row.simulated);
    for (const name of ["views", "followers"]) {
      const { before: told, value, change } = numberOf(row, name) as AnalyticsNumberView;
      assert.equal(told, toldOf(other, name));
      assert.equal(change, value === null || told === null ? null : (value ?? 0) - (told ?? 0));
    }
    assert.equal(row.postsBefore, other?.posts);
  }
});

test("people who were counted once are not added up, and an unknown growth is a dash with its reason, never 0", async () => {
  const view = await ask({ from: "2026-05-01", to: "2026-05-31" });
  const reach = numberOf(view.rows[0], "reach");
  assert.equal(reach?.value, null);
  assert.match(reach?.missing ?? "", /cannot be added up/);
  const first = Math.min(...values.filter(({ name }) => name === "followers").map(({ at }) => at));
  const early = await ask({ from: new Date(first - day).toISOString(), to: new Date(first + 1).toISOString() });
  const growth = early.rows
    .flatMap(({ numbers }) => numbers)
    .find(({ name, accounts }) => name === "followers" && accounts === 1);
  assert.equal(growth?.value, null);
  assert.match(growth?.missing ?? "", /one reading only/);
});

test("the best posts come first, those without the number last, each once over all pages", async () => {
  const seen: (readonly [string, number | null])[] = [];
  let cursor: string | undefined;
  do {
    const view = await ask({
      ...{ by: "post", sort: "likes", limit: 37, from: "2026-02-01", to: "2026-11-28" },
      ...(cursor !== undefined && { cursor }),
    });
    seen.push(...view.rows.map((row) => [row.id ?? "", toldOf(row, "likes")] as const));
    cursor = view.nextCursor;
  } while (cursor !== undefined);
  assert.equal(new Set(seen.map(([id]) => id)).size, posts.length);
  assert.equal(seen.length, posts.length);
  const ranks = seen.map(([, likes]) => likes ?? -1);
  assert.deepEqual(
    ranks,
    [...ranks].sort((a, b) => b - a),
  );
  const newest = await ask({ by: "post", limit: 5, from: "2026-02-01", to: "2026-11-28" });
  const expected = [...posts].sort((a, b) => b.madeAt - a.madeAt).slice(0, 5);
  assert.deepEqual(
    newest.rows.map(({ id }) => id),
    expected.map(({ id }) => id),
  );
});
