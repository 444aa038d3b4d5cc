import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "@postd/connector-kit";
import { createHealthService, noticingCanaries } from "@postd/core";
import { createDomainClock } from "../postgres/domain-clock.ts";
import { createHealthReader } from "../postgres/health-repo.ts";
import { createLeases } from "../postgres/leases.ts";
import { openListener } from "../postgres/listen.ts";
import { openRolePool } from "../postgres/pools.ts";
import { setClockOffset } from "../postgres/testing/set-clock-offset.ts";
import { createTestDatabase } from "../postgres/testing/test-database.ts";
import { startPgBossQueue } from "./pg-boss.ts";
import { sendCanaries } from "./send-canaries.ts";

const unexpected = (error: unknown) => {
  throw error;
};

test("health is well while canaries travel through the engine to a worker, and fails a minute after the last", async () => {
  const database = await createTestDatabase();
  const { url } = database;
  const system = openRolePool({ url, role: "postd_system", max: 4 });
  const app = openRolePool({ url, role: "postd_app", max: 1 });
  const listener = openListener({ url });
  const clock = await createDomainClock({ pool: system.pool, listener });
  const queue = await startPgBossQueue({ pool: system.pool, listener, log: { warn() {} }, maintain: true });
  const reader = createHealthReader({ system: system.db, app: app.db });
  // A service anew for every look, because one keeps its reading for two seconds.
  const look = () =>
    createHealthService({
      reader,
      queue,
      engine: "pg-boss",
      registry: createRegistry([]),
      facts: { isSimulated: () => false, isConfigured: () => false, apiVersion: () => "1" },
      clock,
      version: "0.1.0",
    }).health();

  const leases = createLeases({ pool: system.pool, owner: "test" });
  const canaries = sendCanaries({ leases, queue, clock, onError: unexpected });
  assert.equal((await look()).flowing, false);

  const noted = Promise.withResolvers<void>();
  const watched = {
    async recordCanary(latencyMs: number) {
      await reader.recordCanary(latencyMs);
      noted.resolve();
    },
  };
  const worker = await queue.consume(
    { concurrency: 1 },
    noticingCanaries({ clock, reader: watched }, async () => assert.fail("a canary reached the publisher")),
  );
  await noted.promise;
  const well = await look();
  assert.deepEqual([well.status, well.flowing], ["ok", true]);
  assert.ok(well.canary.latencyMs !== undefined && well.canary.latencyMs < 60_000);

  await worker.stop();
  await canaries.stop();
  await setClockOffset(system.pool, 90_000);
  const ill = await look();
  assert.deepEqual([ill.status, ill.flowing], ["down", false]);
  assert.match(ill.summary, /worker/);

  await queue.close();
  await clock.close();
  await listener.close();
  await Promise.all([system.close(), app.close()]);
  await database.drop();
});
