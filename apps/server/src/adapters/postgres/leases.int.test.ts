import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createLeases, runAsLeader } from "./leases.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { setClockOffset } from "./testing/set-clock-offset.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

const minuteMs = 60_000;
let database: TestDatabase;
let system: RolePool;

before(async () => {
  database = await createTestDatabase();
  system = openRolePool({ url: database.url, role: "postd_system", max: 8 });
});
after(async () => {
  await system.close();
  await database.drop();
});

const leasesOf = (owner: string) => createLeases({ pool: system.pool, owner });
const unexpected = (error: unknown) => {
  throw error;
};

test("of many that want it at once exactly one becomes leader", async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => leasesOf(`process-${i}`).acquire("race", minuteMs)),
  );
  assert.equal(answers.filter((lease) => lease !== undefined).length, 1);
});

test("an ended lease passes on with a higher fence, and the old holder can neither renew nor release it", async () => {
  const [first, second] = [leasesOf("first"), leasesOf("second")];
  const old = await first.acquire("pass", minuteMs);
  assert.ok(old);
  assert.equal(await second.acquire("pass", minuteMs), undefined);
  assert.equal(await first.renew(old, minuteMs), true);
  await setClockOffset(system.pool, 2 * minuteMs);
  const taken = await second.acquire("pass", minuteMs);
  assert.ok(taken && taken.fence > old.fence);
  assert.equal(await first.renew(old, minuteMs), false);
  await first.release(old);
  assert.equal(await second.renew(taken, minuteMs), true);
});

test("a lease that ended is lost even when nobody took it", async () => {
  const leases = leasesOf("sleeper");
  const lease = await leases.acquire("sleep", minuteMs);
  assert.ok(lease);
  await setClockOffset(system.pool, 10 * minuteMs);
  assert.equal(await leases.renew(lease, minuteMs), false);
});

test("only the leader runs; when it stops, its run has ended and another takes over at once", async () => {
  const runs: string[] = [];
  let wake = () => {};
  const until = async (isDone: () => boolean) => {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const start = (owner: string) =>
    runAsLeader({
      leases: leasesOf(owner),
      name: "cron",
      ttlMs: minuteMs,
      everyMs: 5,
      onError: unexpected,
      async run() {
        runs.push(`${owner} begins`);
        wake();
        await new Promise((resolve) => setImmediate(resolve));
        runs.push(`${owner} ends`);
      },
    });
  const one = start("one");
  await until(() => runs.length > 2);
  const two = start("two");
  await until(() => runs.length > 8);
  assert.ok(!runs.includes("two begins"));
  await one.stop();
  const stoppedAfter = runs.length;
  assert.equal(runs.at(-1), "one ends");
  await until(() => runs.includes("two begins"));
  assert.ok(!runs.slice(stoppedAfter).includes("one begins"));
  await two.stop();
});

test("a leader that loses its lease while running is told so", async () => {
  const told = Promise.withResolvers<void>();
  const leader = runAsLeader({
    leases: leasesOf("overtaken"),
    name: "long",
    ttlMs: 60,
    everyMs: 20,
    onError: unexpected,
    async run({ signal }) {
      await system.pool.query("update leases set owner = 'thief', fence = fence + 1 where name = 'long'");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      told.resolve();
    },
  });
  await told.promise;
  await leader.stop();
});

test("an error of one run is reported and the next turn runs again", async () => {
  const errors: unknown[] = [];
  const again = Promise.withResolvers<void>();
  let turns = 0;
  const leader = runAsLeader({
    leases: leasesOf("stumbler"),
    name: "stumble",
    ttlMs: minuteMs,
    everyMs: 5,
    onError: (error) => errors.push(error),
    async run() {
      turns += 1;
      if (turns === 1) throw new Error("planted");
      again.resolve();
    },
  });
  await again.promise;
  await leader.stop();
  assert.equal(errors.length, 1);
});
