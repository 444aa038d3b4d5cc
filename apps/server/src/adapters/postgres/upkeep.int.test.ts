import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { PlatformFailure } from "@postd/connector-kit";
import { asId, type ConnectionId, type TenantId } from "@postd/contracts";
import { checkAccounts, renewSignIns, tendSubscriptions, unreadMost } from "@postd/core";
import { PgDialect } from "drizzle-orm/pg-core";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";
import { letRecordsGo } from "./testing/let-records-go.ts";
import { dueChecks, dueSignIns } from "./upkeep-repo.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let fixture: Fixture;
let tenantId: TenantId;
let connectionId: ConnectionId;

before(async () => {
  fixture = await createFixture();
});
after(() => fixture.close());
beforeEach(async () => {
  // Each test is about its own account alone.
  await sql(`${letRecordsGo}; delete from tenants`);
  Object.assign(fixture.platform, {
    refreshes: 0,
    refuseRefresh: undefined,
    health: undefined,
    duringRefresh: async () => {},
    accounts: [{ id: "acc-1", name: "Harbour Bakery" }],
    tokenLifeMs: 60 * day,
  });
  fixture.held.length = 0;
  fixture.released.length = 0;
  tenantId = await fixture.tenant();
  await connect();
});

const sql = async (text: string, values: readonly unknown[] = []) =>
  (await fixture.admin.pool.query(text, [...values])).rows;

async function connect(): Promise<void> {
  const connected = await fixture.process().service.connectWithKeys(fixture.caller(tenantId), {
    platform: "blog",
    keys: { identifier: "ida", password: "right" },
  });
  assert.ok(connected.ok);
  connectionId = asId("connection", connected.value.connections[0]?.id ?? "");
}
const connection = async () => (await sql("select * from connections where id = $1", [connectionId]))[0];
const signIn = async () => (await sql("select * from platform_sign_ins where ended_at is null"))[0];
const log = async (type: string) =>
  sql("select * from connection_health_log where connection_id = $1 and check_type = $2 order by at, id", [
    connectionId,
    type,
  ]);
const now = async () => (await sql("select domain_now() as now"))[0].now as Date;
const inMs = async (at: Date) => at.getTime() - (await now()).getTime();
const renew = (process = fixture.process()) => renewSignIns(process.upkeep);
const look = (process = fixture.process()) => checkAccounts(process.upkeep);
const down: PlatformFailure = { kind: "unavailable", message: "The platform is away." };

test("a token of 60 days is renewed once, 7 days before its end, without anybody using it, and then planned anew", async () => {
  await renew();
  assert.equal(fixture.platform.refreshes, 0);
  for (let at = 0; at < 53; at += 1) {
    await fixture.moveClock(day);
    await renew();
  }
  assert.equal(fixture.platform.refreshes, 1);
  const { token_expires_at, next_refresh_at, refresh_tries } = await signIn();
  assert.ok((await inMs(token_expires_at)) > 59 * day);
  assert.ok((await inMs(next_refresh_at)) <= 6 * hour);
  assert.equal(refresh_tries, 0);
  const [entry, ...others] = await log("token_refresh");
  assert.deepEqual([entry.ok, others.length], [true, 0]);
});

test("two processes that find the same sign-in due renew it once", async () => {
  await fixture.moveClock(54 * day);
  const [one, other] = [fixture.process(), fixture.process()];
  await Promise.all([renew(one), renew(other), renew(one), renew(other)]);
  assert.equal(fixture.platform.refreshes, 1);
  assert.equal((await signIn()).credential_version, 2);
});

test("a platform that does not answer is asked again after 1, 3, 9 and 27 minutes, each try is in the history, and nothing is lost", async () => {
  fixture.platform.refuseRefresh = down;
  await fixture.moveClock(54 * day);
  const waits: number[] = [];
  for (let tries = 1; tries <= 5; tries += 1) {
    await renew();
    const { next_refresh_at, refresh_tries } = await signIn();
    const waitMs = await inMs(next_refresh_at);
    waits.push(Math.round(waitMs / minute));
    assert.equal(refresh_tries, tries);
    await fixture.moveClock(waitMs + 1_000);
  }
  assert.deepEqual(waits, [1, 3, 9, 27, 27]);
  const tried = await log("token_refresh");
  assert.deepEqual(
    tried.map(({ ok, result }) => [ok, result.kind]),
    Array.from({ length: 5 }, () => [false, "unavailable"]),
  );
  const { items } = await timeline();
  assert.equal(items.filter(({ checkType }) => checkType === "token_refresh").length, 5);
  assert.equal((await connection()).status, "healthy");
  fixture.platform.refuseRefresh = undefined;
  await renew();
  const { refresh_tries, credential_version } = await signIn();
  assert.deepEqual([refresh_tries, credential_version], [0, 2]);
});

async function timeline() {
  const page = await fixture.process().service.timeline(fixture.caller(tenantId), connectionId, { limit: 50 });
  assert.ok(page.ok);
  return page.value;
}

test("a sign-in that is refused asks for a person, holds what is planned, and is not tried again and again", async () => {
  fixture.platform.refuseRefresh = { kind: "auth_revoked", message: "It was taken back." };
  await fixture.moveClock(54 * day);
  await renew();
  const { status, status_reason } = await connection();
  assert.deepEqual(
    [status, status_reason.code, status_reason.message],
    ["attention", "signed_out", "It was taken back."],
  );
  assert.deepEqual(fixture.held, [connectionId]);
  const asked = fixture.platform.refreshes;
  for (let at = 0; at < 8; at += 1) {
    await fixture.moveClock(6 * hour);
    await renew();
  }
  assert.equal(fixture.platform.refreshes, asked);
});

test("a process that died in the middle of a renewal is waited for, and the next one takes over", async () => {
  await fixture.moveClock(54 * day);
  const record = await connection();
  const claim = await fixture
    .process()
    .deps.connections.forTenant(tenantId)
    .claimRefresh({ id: connectionId, credentialVersion: 1, fence: Number(record.refresh_fence), leaseMs: 60_000 });
  assert.ok(claim);
  await renew();
  assert.equal(fixture.platform.refreshes, 0, "nobody asks while its lease holds");
  await fixture.moveClock(62_000);
  await renew();
  assert.equal(fixture.platform.refreshes, 1);
  const told = await sql("select 1 from connection_audit where action = 'refreshed' and detail ? 'afterCutOffAt'");
  assert.equal(told.length, 1, "the history says so");
});

test("a token of an hour is renewed by nobody while the account is idle, and once in the day before its post", async () => {
  fixture.platform.tokenLifeMs = hour;
  await connect();
  for (let at = 0; at < 8; at += 1) {
    await renew();
    await fixture.moveClock(6 * hour);
  }
  assert.equal(fixture.platform.refreshes, 0, "idle");
  await sql(
    `with made as (insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
      values ('post_1', $1, 'approved', '{}', '[]', '{}', 'u', domain_now(), domain_now()) returning id)
    insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, simulated, created_at, updated_at)
      select 'job_1', $1, id, $2, 'blog', 'scheduled', domain_now() + interval '60 hours', domain_now() + interval '60 hours', true, domain_now(), domain_now() from made`,
    [tenantId, connectionId],
  );
  const counts: number[] = [];
  for (let hours = 0; hours < 60; hours += 2) {
    await renew();
    counts.push(fixture.platform.refreshes);
    await fixture.moveClock(2 * hour);
  }
  assert.equal(counts[17], 0, "two days before");
  assert.equal(counts.at(-1), 1, "once");
  assert.ok(counts.indexOf(1) * 2 <= 60 - 22, "at least 22 hours before it is due");
});

test("the sign-in of a disabled account is left alone, and renewed once somebody enables it; pausing keeps none from it", async () => {
  await sql("update connections set disabled_at = domain_now() where id = $1", [connectionId]);
  await fixture.moveClock(54 * day);
  await renew();
  assert.equal(fixture.platform.refreshes, 0);
  await sql("update connections set disabled_at = null, paused_at = domain_now() where id = $1", [connectionId]);
  await sql("update instance set paused_at = domain_now()");
  await fixture.moveClock(6 * hour);
  await renew();
  await sql("update instance set paused_at = null");
  assert.equal(fixture.platform.refreshes, 1);
});

test("every account is looked at every 6 hours, with what was found and when it is looked at again", async () => {
  await look();
  assert.equal((await log("synthetic_ping")).length, 0, "it was just connected");
  for (let hours = 0; hours < 24; hours += 1) {
    await fixture.moveClock(hour);
    await look();
  }
  const looks = await log("synthetic_ping");
  assert.ok(looks.length === 4 || looks.length === 3, `${looks.length} looks in a day`);
  for (const { ok, status, api_version, next_check_at } of looks) {
    assert.deepEqual([ok, status, api_version], [true, "healthy", "1"]);
    assert.ok(next_check_at);
  }
  const seen = await fixture.process().service.get(fixture.caller(tenantId), connectionId);
  assert.ok(seen.ok);
  const { lastCheck, nextCheckAt, status } = seen.value;
  assert.deepEqual([lastCheck?.ok, lastCheck?.checkType, status], [true, "synthetic_ping", "healthy"]);
  assert.ok(nextCheckAt && (await inMs(new Date(nextCheckAt))) <= 6 * hour);
  const first = await health();
  const rest = await health(first.nextCursor);
  const told = [...first.items, ...rest.items];
  assert.equal(new Set(told.map(({ id }) => id)).size, 4);
  assert.deepEqual(
    told.map(({ at }) => at),
    told.map(({ at }) => at).sort((a, b) => b.localeCompare(a)),
    "newest first",
  );
});

async function health(cursor?: string) {
  const page = await fixture
    .process()
    .service.health(fixture.caller(tenantId), connectionId, { limit: 2, ...(cursor && { cursor }) });
  assert.ok(page.ok);
  return page.value;
}

test("a disabled account and a disconnected one are left alone, and a paused one is not", async () => {
  const calls = async (change: string) => {
    await sql(`update connections set ${change} where id = $1`, [connectionId]);
    const before = (await log("synthetic_ping")).length;
    await fixture.moveClock(7 * hour);
    await look();
    return (await log("synthetic_ping")).length - before;
  };
  assert.equal(await calls("disabled_at = domain_now()"), 0);
  assert.equal(await calls("disabled_at = null, paused_at = domain_now()"), 1);
  assert.equal(await calls("ending_at = domain_now()"), 0);
  assert.equal(await calls("ending_at = null, disconnected_at = domain_now()"), 0);
});

test("a platform that is down says nothing about the account, and is asked again within the hour", async () => {
  fixture.platform.health = down;
  await fixture.moveClock(6 * hour);
  await look();
  const { status, last_check, next_check_at } = await connection();
  assert.deepEqual([status, last_check.ok, last_check.kind], ["healthy", false, "unavailable"]);
  assert.ok((await inMs(next_check_at)) <= hour);
});

test(`an answer that is not understood is not healthy: with the ${unreadMost}rd in a row posts are held, and they go on when it is understood`, async () => {
  fixture.platform.health = { kind: "unexpected_response", status: 200, message: "Nobody knows this answer." };
  const statuses: string[] = [];
  for (let at = 0; at < unreadMost; at += 1) {
    await fixture.moveClock(6 * hour);
    await look();
    statuses.push((await connection()).status);
  }
  assert.deepEqual(statuses, ["healthy", "healthy", "attention"]);
  const { status_reason, last_check } = await connection();
  assert.deepEqual(
    [status_reason.code, status_reason.actor, last_check.ok],
    ["check_not_understood", "operator", false],
  );
  assert.deepEqual(fixture.held, [connectionId]);
  fixture.platform.health = undefined;
  await fixture.moveClock(6 * hour);
  await look();
  assert.equal((await connection()).status, "healthy");
  assert.deepEqual(fixture.released, [connectionId]);
});

test("access that was taken back is `revoked` within one look, and signing in again makes it healthy", async () => {
  fixture.platform.health = { kind: "auth_revoked", message: "The person removed the app.", withdrawn: true };
  await fixture.moveClock(6 * hour);
  await look();
  const { status, status_reason, next_check_at } = await connection();
  assert.deepEqual([status, status_reason.code], ["revoked", "signed_out"]);
  assert.ok((await inMs(next_check_at)) > 20 * hour);
  assert.deepEqual(fixture.held, [connectionId]);
  fixture.platform.health = undefined;
  await connect();
  const healed = await connection();
  assert.deepEqual([healed.status, healed.last_check], ["healthy", null]);
  assert.ok((await inMs(healed.next_check_at)) > 5 * hour);
});

test("events are looked for once a day: a subscription the platform lost is made again, and posts go on", async () => {
  await fixture.moveClock(day);
  await look();
  // Somewhere in these hours a day ends, or none does: twice at most.
  await fixture.moveClock(6 * hour);
  await look();
  assert.ok((await log("webhook_test")).length <= 2);
  await sql("delete from connection_health_log");
  await fixture.moveClock(day);
  await look();
  assert.deepEqual(
    (await log("webhook_test")).map(({ ok }) => ok),
    [true],
  );
  fixture.platform.forgetsEvents = true;
  await fixture.moveClock(day);
  await look();
  const [, lost] = await log("webhook_test");
  assert.match(lost.result.message, /no longer has the subscription/);
  assert.equal((await connection()).status, "healthy");
  await tendSubscriptions(fixture.process().deps);
  await fixture.moveClock(day);
  await look();
  assert.deepEqual(
    (await log("webhook_test")).map(({ ok }) => ok),
    [true, false, true],
  );
});

test("one whose look breaks holds up no other, and is put off", async () => {
  fixture.platform.accounts = [1, 2, 3].map((at) => ({ id: `acc-${at}`, name: `Account ${at}` }));
  await connect();
  await sql("update connections set last_check = '{\"no\":\"check\"}' where external_id = 'acc-2'");
  await fixture.moveClock(6 * hour);
  await look();
  const rows = await sql(
    "select external_id, last_check ->> 'ok' as ok, next_check_at > domain_now() as later from connections order by 1",
  );
  assert.deepEqual(
    rows.map(({ external_id, ok, later }) => [external_id, ok, later]),
    [
      ["acc-1", "true", true],
      ["acc-2", null, true],
      ["acc-3", "true", true],
    ],
  );
});

test("an end that comes near and that only a person can move is told alike by the API and the operator's views", async () => {
  const shown = async () => {
    const view = await fixture.process().service.get(fixture.caller(tenantId), connectionId);
    assert.ok(view.ok);
    const [token] = await sql("select status, word, renews_itself from api_token_health where connection_id = $1", [
      connectionId,
    ]);
    const [summary] = await sql("select expiring_soon from api_connector_health_summary where tenant_id = $1", [
      tenantId,
    ]);
    return [view.value.status, token.status, token.word, Number(summary.expiring_soon)];
  };
  await sql("update connections set renews = false where id = $1", [connectionId]);
  assert.deepEqual(await shown(), ["healthy", "healthy", "healthy", 0]);
  await fixture.moveClock(54 * day);
  assert.deepEqual(await shown(), ["expiring_soon", "expiring_soon", "expiring", 1]);
  await sql("update connections set renews = true where id = $1", [connectionId]);
  assert.deepEqual(await shown(), ["healthy", "healthy", "healthy", 0]);
  await sql("update connections set sign_in_again_by = domain_now() + interval '2 days' where id = $1", [connectionId]);
  assert.deepEqual(
    await shown(),
    ["expiring_soon", "expiring_soon", "expiring", 1],
    "its tokens last, its person is needed",
  );
});

test("with nothing due a turn is one look at an index, however many accounts there are", async (t) => {
  await sql(
    `insert into platform_sign_ins (id, tenant_id, provider, auth_kind, simulated, subject, secret_owner, scopes, status, granted_at, created_by,
        created_at, updated_at, next_refresh_at)
      select 'sgn_' || n, $1, 'blog', 'password', true, n, 'sgn_' || n, '{}', 'healthy', domain_now(), 'u', domain_now(), domain_now(),
        domain_now() + interval '1 day' from generate_series(1, 10000) n`,
    [tenantId],
  );
  await sql(
    `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated,
        created_by, created_at, updated_at, sign_in_id)
      select 'con_x' || n, $1, 'blog', 'password', 'x' || n, 'page', 'A', '{}', '{}', '{}', 'healthy', true, 'u', domain_now(), domain_now(),
        'sgn_' || n from generate_series(1, 10000) n`,
    [tenantId],
  );
  await renew();
  await sql("analyze platform_sign_ins, connections");
  for (const [index, statement] of [
    ["platform_sign_ins_refresh", dueSignIns(200)],
    ["connections_check", dueChecks(40, 20)],
  ] as const) {
    const { sql: text, params } = new PgDialect().sqlToQuery(statement);
    const plan = JSON.stringify(await sql(`explain (analyze, format json) ${text}`, params));
    assert.match(plan, new RegExp(`"Index Name":"${index}"`));
    const [, ms = "?"] = /"Execution Time":([\d.]+)/.exec(plan) ?? [];
    t.diagnostic(`with 10,000 accounts and nothing due, ${index} is read in ${ms} ms`);
  }
  assert.equal(await renew(), 0);
  assert.equal(await look(), 0);
});
