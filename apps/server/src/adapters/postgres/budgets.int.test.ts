import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { asId } from "@postd/contracts";
import type { AskedBudget, BudgetLedger } from "@postd/core";
import { sql } from "drizzle-orm";
import pg from "pg";
import { createBudgetLedger } from "./budgets-repo.ts";
import { databaseErrorDetail } from "./database-error.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { forTenant } from "./tenant-tx.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const tenantId = asId("tenant", "ten_a");
const page = asId("connection", "con_page");

let database: TestDatabase;
let app: RolePool;
let system: RolePool;
let admin: pg.Pool;
let ledger: BudgetLedger;

before(async () => {
  database = await createTestDatabase();
  app = openRolePool({ url: database.url, role: "postd_app", max: 10 });
  system = openRolePool({ url: database.url, role: "postd_system", max: 2 });
  admin = new pg.Pool({ connectionString: database.url, max: 2 });
  await admin.query(`
    insert into tenants (id, name, slug, created_at) values ('ten_a', 'a', 'a', domain_now()), ('ten_b', 'b', 'b', domain_now());
    insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
      select 'con_' || name, tenant, 'model', kind, external, 'page', name, '{}', '{}', '{}', 'healthy', true, 'u', domain_now(), domain_now()
      from (values ('page', 'ten_a', 'keys', '1'), ('other', 'ten_a', 'keys', '2'), ('elsewhere', 'ten_b', 'keys', '1')) as v(name, tenant, kind, external);`);
  ledger = createBudgetLedger(app.db, system.db);
});
beforeEach(async () => {
  await admin.query("delete from rate_budgets");
  await setClockOffset(admin, 0);
});
after(async () => {
  await admin?.end();
  await app?.close();
  await system?.close();
  await database?.drop();
});

const minute: AskedBudget = {
  budget: "model.posts",
  scope: "account",
  windowMs: 60_000,
  limit: 10,
  upTo: 1,
  units: 1,
  saidForMs: 60_000,
  con: page,
};
const spend = (asked: readonly AskedBudget[], connection: string = page, tenant = "ten_a") =>
  runSql(forTenant(app.db, tenant), sql`select spend_budgets(${connection}, ${JSON.stringify(asked)}::jsonb)`).then(
    () => "spent",
    (error: unknown) => {
      const budget = databaseErrorDetail(error, "PD002");
      if (budget === undefined) throw error;
      return `full: ${budget}`;
    },
  );
const clockNow = async (): Promise<number> => (await admin.query("select domain_now() as now")).rows[0].now.getTime();
/** Spends, and answers when that was; undefined: there was no room. */
const spendNow = (one: AskedBudget): Promise<number | undefined> =>
  runSql<{ now: Date }>(
    forTenant(app.db, "ten_a"),
    sql`select domain_now() as now from spend_budgets(${page}, ${JSON.stringify([one])}::jsonb)`,
  ).then(
    ({ rows }) => rows[0]?.now.getTime(),
    (error: unknown) => (databaseErrorDetail(error, "PD002") === undefined ? Promise.reject(error) : undefined),
  );
const standing = async (asked: AskedBudget, connectionId = page) => {
  const [one] = await ledger.standings({ tenantId, connectionId }, [asked]);
  assert.ok(one);
  return one;
};
/** The domain's clock stands at this moment, but for the milliseconds that pass meanwhile. */
const setClock = (at: Date) => setClockOffset(admin, at.getTime() - Date.now());

test("of 40 that take a place at the same moment in four pools exactly as many get one as there are, and no more", async (t) => {
  const pools = Array.from({ length: 4 }, () => openRolePool({ url: database.url, role: "postd_app", max: 5 }));
  try {
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const pool = pools[i % pools.length];
        assert.ok(pool);
        return runSql(
          forTenant(pool.db, "ten_a"),
          sql`select spend_budgets(${page}, ${JSON.stringify([minute])}::jsonb)`,
        ).then(
          () => 1,
          (error: unknown) => (databaseErrorDetail(error, "PD002") === undefined ? Promise.reject(error) : 0),
        );
      }),
    );
    const got = all.reduce<number>((sum, one) => sum + one, 0);
    t.diagnostic(`40 at once for 10 places: ${got} got one`);
    assert.equal(got, 10);
    assert.equal((await standing(minute)).used, 10);
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
});

test("two budgets are taken together or not at all", async () => {
  const tight = { ...minute, budget: "model.tight", limit: 1 };
  assert.equal(await spend([minute, tight]), "spent");
  assert.equal(await spend([minute, tight]), "full: model.tight");
  assert.deepEqual([(await standing(minute)).used, (await standing(tight)).used], [1, 1]);
});

test("an account is one budget for every workspace that has it, another account has its own, and nobody asks about another's", async () => {
  const own = { ...minute, limit: 2 };
  assert.equal(await spend([own]), "spent");
  assert.equal(await spend([own], "con_elsewhere", "ten_b"), "spent");
  assert.equal(await spend([own]), "full: model.posts");
  assert.equal(await spend([own], "con_other"), "spent");
  assert.deepEqual(
    await ledger.standings({ tenantId: asId("tenant", "ten_b"), connectionId: page }, [own]),
    [],
    "a connection of another workspace",
  );
  const { rows } = await admin.query("select encode(key, 'escape') || budget as told from rate_budgets");
  assert.equal(rows.length, 2);
  for (const { told } of rows) assert.doesNotMatch(told, /con_|ten_/);
});

test("at most the limit is spent in any span, however spends fall, as a list of every spend says", async (t) => {
  const seed = Number(process.env.POSTD_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  let took = 0;
  let waited = 0;
  for (let round = 0; round < 4; round += 1) {
    await admin.query("delete from rate_budgets");
    const limit = 1 + Math.floor(random() * 12);
    const windowMs = [60_000, 900_000, 86_400_000][round % 3] ?? 60_000;
    const asked = { ...minute, limit, windowMs };
    const spends: { at: number; units: number }[] = [];
    let at = Date.UTC(2027, 2, 14, 4, 0, 0);
    for (let i = 0; i < 40; i += 1) {
      at += Math.floor(random() ** 3 * windowMs * 0.6);
      await setClock(new Date(at));
      const units = 1 + Math.floor(random() * Math.min(3, limit));
      const earliest = await clockNow();
      const before = await standing({ ...asked, units });
      const spentAt = await spendNow({ ...asked, units });
      const inSpan = (from: number) => spends.reduce((sum, one) => sum + (one.at > from ? one.units : 0), 0);
      if (spentAt !== undefined) {
        took += 1;
        assert.ok(inSpan(spentAt - windowMs) + units <= limit, `more than ${limit} in a span, seed ${seed}`);
        assert.ok(!before.freeAt || before.freeAt.getTime() <= spentAt, `it said that it was full, seed ${seed}`);
        spends.push({ at: spentAt, units });
        continue;
      }
      waited += 1;
      assert.ok(inSpan(earliest - windowMs) + units > limit, `a place was free, seed ${seed}`);
      assert.ok(before.freeAt && before.freeAt.getTime() >= earliest, `it did not say when, seed ${seed}`);
      at = before.freeAt.getTime() + 1;
      await setClock(new Date(at));
      const later = await spendNow({ ...asked, units });
      assert.ok(later !== undefined, `not free when it said so, seed ${seed}`);
      spends.push({ at: later, units });
    }
  }
  t.diagnostic(`seed ${seed}: ${took} went at once, ${waited} waited for their place`);
  assert.ok(took > 10 && waited > 5);
});

test("a day begins at midnight of the place the platform counts by, in summer and where the clock is put forward", async () => {
  const cases = [
    // Zone, a moment, when that day ends.
    ["UTC", "2026-11-27T23:59:30Z", "2026-11-28T00:00:00.000Z"],
    ["America/Los_Angeles", "2026-11-27T07:30:00Z", "2026-11-27T08:00:00.000Z"],
    ["America/Los_Angeles", "2026-07-01T06:59:00Z", "2026-07-01T07:00:00.000Z"],
    // 23 hours long: the clock is put forward at two in the morning.
    ["America/Los_Angeles", "2027-03-14T09:00:00Z", "2027-03-15T07:00:00.000Z"],
    // 25 hours long.
    ["America/Los_Angeles", "2026-11-01T08:00:00Z", "2026-11-02T08:00:00.000Z"],
  ] as const;
  for (const [zone, at, ends] of cases) {
    await admin.query("delete from rate_budgets");
    const { windowMs: _none, ...rest } = minute;
    const asked = { ...rest, zone, limit: 2 };
    await setClock(new Date(at));
    assert.deepEqual([await spend([asked]), await spend([asked])], ["spent", "spent"]);
    assert.equal(await spend([asked]), "full: model.posts", `${zone} ${at}`);
    assert.equal((await standing(asked)).freeAt?.toISOString(), ends, `${zone} ${at}`);
    await setClock(new Date(Date.parse(ends) - 20_000));
    assert.equal(await spend([asked]), "full: model.posts", `${zone} before ${ends}`);
    await setClock(new Date(Date.parse(ends) + 1));
    assert.equal(await spend([asked]), "spent", `${zone} after ${ends}`);
  }
});

test("the platform's own number goes before ours until its end, and then ours counts again", async () => {
  await setClock(new Date("2026-11-27T12:00:00Z"));
  for (let i = 0; i < 3; i += 1) await spend([minute]);
  const now = new Date("2026-11-27T12:00:01Z");
  const resetsAt = new Date("2026-11-27T12:00:30Z");
  const { con: _con, ...counted } = minute;
  await ledger.record([{ ...counted, connection: page, units: 0, said: { used: 9, limit: 12, resetsAt, at: now } }]);
  const said = await standing(minute);
  assert.deepEqual([said.used >= 9, said.limit, said.resetsAt, said.saidAt !== undefined], [true, 12, resetsAt, true]);
  const full = await standing({ ...minute, units: 4 });
  assert.ok(full.freeAt && full.freeAt <= resetsAt, "it waits for the platform's own end");
  await setClock(new Date("2026-11-27T12:00:31Z"));
  const ours = await standing(minute);
  assert.deepEqual([ours.used, ours.limit, ours.saidAt], [3, 12, undefined], "the number it allows is still its own");
});

test("a budget whose limit nobody knows is counted, and holds nothing back until the platform tells one", async () => {
  const { limit: _limit, ...open } = minute;
  for (let i = 0; i < 15; i += 1) assert.equal(await spend([open]), "spent");
  assert.deepEqual([(await standing(open)).used, (await standing(open)).limit], [15, undefined]);
  const { con: _con, ...counted } = open;
  await ledger.record([{ ...counted, connection: page, units: 0, said: { used: 15, limit: 15, at: new Date() } }]);
  assert.equal(await spend([open]), "full: model.posts");
});

test("counts of many connections are written in one statement, and answer where each stands", async () => {
  const { con: _con, ...calls } = { ...minute, budget: "model.calls", limit: 500 };
  const entry = (connection: string, units: number) => ({ ...calls, connection, units });
  const first = await ledger.record([entry("con_page", 5), entry("con_other", 7), entry("con_gone", 9)]);
  assert.deepEqual(first.map(({ connection, used }) => [connection, used]).toSorted(), [
    ["con_other", 7],
    ["con_page", 5],
  ]);
  const [again] = await ledger.record([entry("con_elsewhere", 2)]);
  assert.equal(again?.used, 7, "the same account in another workspace");
});

test("the server's roles reach a budget by their own functions only", async () => {
  await assert.rejects(runSql(forTenant(app.db, "ten_a"), sql`select * from rate_budgets`), /permission denied/);
  await assert.rejects(runSql(forTenant(app.db, "ten_a"), sql`select record_budgets('[]')`), /permission denied/);
  await assert.rejects(runSql(system.db, sql`select key from rate_budgets`), /permission denied/);
  await assert.rejects(runSql(system.db, sql`select budget_key(c, 'account') from connections c`), /permission denied/);
});
