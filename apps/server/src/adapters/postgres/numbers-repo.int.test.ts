import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Metric } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import type { NumbersRepo, TenantNumbers } from "@postd/core";
import pg from "pg";
import { createNumbersRepo } from "./numbers-repo.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { withTenant } from "./tenant-tx.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const tenant = asId("tenant", "ten_a");
const account = asId("connection", "con_a");
const hour = 3_600_000;
const day = 24 * hour;

let database: TestDatabase;
let app: RolePool;
let system: RolePool;
let admin: pg.Pool;
let repo: NumbersRepo;
let numbers: TenantNumbers;

before(async () => {
  database = await createTestDatabase();
  app = openRolePool({ url: database.url, role: "postd_app", max: 2 });
  system = openRolePool({ url: database.url, role: "postd_system", max: 1 });
  admin = new pg.Pool({ connectionString: database.url, max: 1 });
  await admin.query(`
    insert into tenants (id, name, slug, created_at) values ('ten_a', 'a', 'a', domain_now());
    insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
      values ('con_a', 'ten_a', 'model', 'keys', 'a', 'page', 'A', '{}', '{}', '{}', 'healthy', true, 'u', domain_now(), domain_now());
    insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      values ('post_a', 'ten_a', 'approved', '{}', '[]', '{}', 'usr_x', domain_now(), domain_now());`);
  repo = createNumbersRepo(app.db, system.db);
  numbers = repo.forTenant(tenant);
});
beforeEach(async () => {
  await admin.query(
    "delete from account_posts; delete from account_numbers; delete from number_readings; delete from publish_jobs",
  );
  await moveTo("2026-11-10T12:00:00Z");
});
after(async () => {
  await admin?.end();
  await app?.close();
  await system?.close();
  await database?.drop();
});

const moveTo = (instant: string) => setClockOffset(admin, Date.parse(instant) - Date.now());
const due = async (onlyAsked = false) =>
  (await repo.due({ limit: 10, onlyAsked })).map(({ connectionId }) => connectionId as string);
const until = (ms: number) => new Date(Date.now() + 400 * day + ms);
const total = (at: string, value: number): Metric => ({
  ...{ name: "followers", platformName: "followers_count", value, at: new Date(at) },
});

async function makeJob(id: string, more: { state?: string; format?: string } = {}) {
  await admin.query(
    `insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, content, needs_person, simulated, created_at, updated_at)
     values ($1, 'ten_a', 'post_a', 'con_a', 'model', 'publishing', domain_now(), $2, false, true, domain_now(), domain_now())`,
    [id, { format: more.format ?? "text", text: "Fresh beans" }],
  );
  await withTenant(app.db, tenant, (tx) =>
    tx.$client.query(
      "update publish_jobs set state = $2, external_post_id = $1 || '_there', published_at = domain_now() where id = $1",
      [id, more.state ?? "published"],
    ),
  );
}
const posts = async () =>
  (
    await admin.query(
      "select external_id, job_id, extract(epoch from next_at - made_at)::int / 3600 as hours, gone_at is not null as gone from account_posts order by external_id",
    )
  ).rows.map(({ external_id, job_id, hours, gone }) => [external_id, job_id, hours, gone]);

test("a post is planned the moment it goes live, answers are not, and one that is taken down is read no more", async () => {
  await makeJob("job_1");
  await makeJob("job_2", { format: "reply" });
  assert.deepEqual(await posts(), [["job_1_there", "job_1", 1, false]]);
  await admin.query("update publish_jobs set external_post_id = 'edited' where id = 'job_1'");
  assert.deepEqual(await posts(), [["edited", "job_1", 1, false]]);
  await admin.query("update publish_jobs set state = 'removed' where id = 'job_1'");
  assert.deepEqual(await posts(), [["edited", "job_1", null, true]]);
});

test("an account is due once a day, when a post of it is, and when somebody asks; never while it waits", async () => {
  assert.deepEqual([await due(), await due(true)], [["con_a"], []]);
  assert.equal(await numbers.begin(account, new Date("2026-11-10T12:15:00Z")), undefined);
  assert.deepEqual(await due(), []);
  await numbers.ended(account, { day: { zone: "UTC", delayMs: 0 } });
  assert.deepEqual(await due(), []);
  await makeJob("job_1");
  assert.deepEqual(await due(), []);
  await moveTo("2026-11-10T13:00:01Z");
  assert.deepEqual(await due(), ["con_a"]);
  const [first] = await numbers.duePosts(account, 10);
  assert.deepEqual([first?.externalId, first?.madeElsewhere, first?.readAt], ["job_1_there", false, undefined]);
  await numbers.keepNumbers([{ id: first?.id ?? "", nextAt: new Date("2026-11-10T18:00:00Z") }]);
  assert.deepEqual(await due(), []);
  await moveTo("2026-11-11T02:00:01Z");
  assert.deepEqual(await due(), ["con_a"]);
  await numbers.failed(account, { at: new Date("2026-11-11T03:00:00Z"), failure: { kind: "unavailable" } });
  assert.deepEqual(await due(), []);
  assert.equal(await numbers.hasten(account), true);
  assert.deepEqual([await due(true), (await numbers.begin(account, until(0)))?.asked], [["con_a"], true]);
});

test("however often somebody asks, an account is read once a minute", async () => {
  await numbers.begin(account, new Date("2026-11-10T12:15:00Z"));
  await numbers.ended(account, {});
  await numbers.hasten(account);
  assert.deepEqual(await due(true), []);
  await moveTo("2026-11-10T12:01:01Z");
  assert.deepEqual(await due(true), ["con_a"]);
});

test("whole days are those of the platform's zone, the days of a changed clock too, and each is read once", async () => {
  const zone = "America/Los_Angeles";
  // Its clocks went back on 2026-11-01 at 2 in the morning.
  await moveTo("2026-11-03T12:00:00Z");
  await numbers.begin(account, until(0));
  const days = async (delayMs = day) =>
    (await numbers.days(account, { zone, delayMs, first: 3, most: 5 })).map(
      ({ since, until }) => `${since.toISOString().slice(0, 13)} ${(until.getTime() - since.getTime()) / hour}`,
    );
  assert.deepEqual(await days(), ["2026-10-30T07 24", "2026-10-31T07 24", "2026-11-01T07 25"]);
  await numbers.keepAccount(account, [], new Date("2026-11-02T08:00:00Z"));
  assert.deepEqual(await days(), []);
  assert.deepEqual(await days(0), ["2026-11-02T08 24"]);
  // Off for three weeks: the last days are made up for, no more than is bounded.
  await moveTo("2026-11-24T12:00:00Z");
  assert.deepEqual((await days()).length, 5);
});

test("the next day is read when the day after is over there and surely counted", async () => {
  await numbers.begin(account, until(0));
  await numbers.ended(account, { day: { zone: "America/Los_Angeles", delayMs: day } });
  const { rows } = await admin.query<{ next_at: Date }>("select next_at from number_readings");
  const next = rows[0]?.next_at.getTime() ?? 0;
  const earliest = Date.parse("2026-11-11T08:00:00Z");
  assert.ok(next >= earliest && next < earliest + 2 * hour, new Date(next).toISOString());
});

test("a total is kept with what it grew by since the reading before, whatever the order; the first grew by nothing known", async () => {
  const grown = async () =>
    (
      await admin.query("select value, growth, before_at from account_numbers where since is null order by at")
    ).rows.map(({ value, growth, before_at }) => [value, growth, before_at?.toISOString().slice(8, 10)]);
  await numbers.keepAccount(account, [total("2026-11-01T00:00:00Z", 100)]);
  await numbers.keepAccount(account, [total("2026-11-05T00:00:00Z", 90)]);
  assert.deepEqual(await grown(), [
    [100, null, undefined],
    [90, -10, "01"],
  ]);
  await numbers.keepAccount(account, [total("2026-11-03T00:00:00Z", 120)]);
  assert.deepEqual(await grown(), [
    [100, null, undefined],
    [120, 20, "01"],
    [90, -30, "03"],
  ]);
});

test("a count of a period takes the place of those it overlaps, so that no hour is counted twice", async () => {
  const count = (since: string, at: string, value: number): Metric => ({
    ...{ name: "views", platformName: "views", value, since: new Date(since), at: new Date(at) },
  });
  await numbers.keepAccount(account, [
    count("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", 5),
    count("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", 6),
  ]);
  await numbers.keepAccount(account, [count("2026-11-02T08:00:00Z", "2026-11-03T08:00:00Z", 7)]);
  const { rows } = await admin.query("select value from account_numbers order by at");
  assert.deepEqual(
    rows.map(({ value }) => value),
    [5, 7],
  );
});

test("a post that had numbers and is left out twice, or is said to be gone, is read no more; one without numbers stays", async () => {
  for (const id of ["job_1", "job_2", "job_3"]) await makeJob(id);
  await moveTo("2026-11-10T13:00:01Z");
  const [third, second, first] = [...(await numbers.duePosts(account, 10))].sort((a, b) =>
    b.externalId.localeCompare(a.externalId),
  );
  const nextAt = new Date("2026-11-10T18:00:00Z");
  const keep = (id: string | undefined, more: object) => numbers.keepNumbers([{ id: id ?? "", nextAt, ...more }]);
  await keep(first?.id, { metrics: [total("2026-11-10T13:00:00Z", 1)] });
  await keep(first?.id, { gone: "left_out" });
  for (let time = 0; time < 3; time += 1) await keep(second?.id, { gone: "left_out" });
  await keep(third?.id, { gone: "said" });
  assert.deepEqual(
    (await posts()).map(([, job, , gone]) => [job, gone]),
    [
      ["job_1", false],
      ["job_2", false],
      ["job_3", true],
    ],
  );
  await keep(first?.id, { gone: "left_out" });
  assert.deepEqual((await posts())[0], ["job_1_there", "job_1", null, true]);
});
