import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createDomainClock, type ProcessTime } from "./domain-clock.ts";
import { openListener } from "./listen.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const hourMs = 3_600_000;
let database: TestDatabase;
let app: RolePool;

before(async () => {
  database = await createTestDatabase();
  app = openRolePool({ url: database.url, role: "postd_app", max: 2 });
});
after(async () => {
  await app.close();
  await database.drop();
});

test("the domain clock tells the database's time, never behind it", async () => {
  const clock = await createDomainClock({ pool: app.pool });
  const { rows } = await app.pool.query<{ now: Date }>("select domain_now() as now");
  const aheadMs = clock.now().getTime() - (rows[0]?.now.getTime() ?? Number.NaN);
  assert.ok(aheadMs >= -1 && aheadMs < 500, `${aheadMs} ms ahead`);
  await clock.close();
});

test("a moved offset reaches every process by notification, forwards and back", async () => {
  const listener = openListener({ url: database.url });
  const moved: number[] = [];
  let wake = () => {};
  listener.subscribe("postd_clock", () => wake());
  const clock = await createDomainClock({ pool: app.pool, listener, everyMs: hourMs });
  await listener.ready();
  for (const offsetMs of [hourMs, -hourMs, 0]) {
    const before = clock.now().getTime();
    const notified = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await setClockOffset(app.pool, offsetMs);
    await notified;
    // The notification has started a sync; a second one, asked later, ends after it.
    await clock.sync();
    moved.push(Math.round((clock.now().getTime() - before) / hourMs));
  }
  assert.deepEqual(moved, [1, -2, 1]);
  await clock.close();
  await listener.close();
});

test("a machine that slept is noticed before the next sync", async () => {
  const asleep = { wallMs: 0, monotonicMs: 0 };
  const time: ProcessTime = { wallMs: () => asleep.wallMs, monotonicMs: () => asleep.monotonicMs };
  const clock = await createDomainClock({ pool: app.pool, time, everyMs: hourMs });
  const before = clock.now().getTime();
  asleep.wallMs += 8 * hourMs; // monotonic time stands still while the machine sleeps
  assert.equal(clock.now().getTime() - before, 8 * hourMs);
  await clock.close();
});

test("a wall clock that is set back does not turn domain time back", async () => {
  const set = { wallMs: 5 * hourMs, monotonicMs: 0 };
  const time: ProcessTime = { wallMs: () => set.wallMs, monotonicMs: () => set.monotonicMs };
  const clock = await createDomainClock({ pool: app.pool, time, everyMs: hourMs });
  const before = clock.now().getTime();
  set.wallMs -= hourMs;
  set.monotonicMs += 7;
  assert.equal(clock.now().getTime() - before, 7);
  await clock.close();
});

test("a wall clock that was set forward is corrected at the next sync", async () => {
  const set = { wallMs: 0, monotonicMs: 0 };
  const time: ProcessTime = { wallMs: () => set.wallMs, monotonicMs: () => set.monotonicMs };
  const clock = await createDomainClock({ pool: app.pool, time, everyMs: hourMs });
  const before = clock.now().getTime();
  set.wallMs += hourMs;
  assert.equal(clock.now().getTime() - before, hourMs);
  set.monotonicMs += 1;
  await clock.sync();
  const passedMs = clock.now().getTime() - before;
  assert.ok(passedMs >= 0 && passedMs < 60_000, `${passedMs} ms passed`);
  await clock.close();
});
