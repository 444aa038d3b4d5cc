import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "@postd/connector-kit";
import { HealthView } from "@postd/contracts";
import type { HealthReader } from "../../ports/health.ts";
import { canarySentAt, canaryTask, noticingCanaries } from "./canary.ts";
import { createHealthService, type HealthDeps } from "./health.ts";

const now = new Date("2026-05-01T12:00:00Z");
const gone = () => Promise.reject(new Error("connection refused"));

function service(flow: HealthReader["flow"], answers: HealthReader["answers"] = async () => void (await flow())) {
  const deps: HealthDeps = {
    reader: { answers, flow, recordCanary: gone, tenantJobs: gone, tenantOutages: gone, tenantFigures: gone },
    queue: { depth: gone },
    engine: "none",
    registry: createRegistry([]),
    facts: { isSimulated: () => false, isConfigured: () => false, apiVersion: () => "1" },
    clock: { now: () => now },
    version: "0.1.0",
  };
  return createHealthService(deps);
}

test("without a database health answers that work does not flow, instead of failing itself", async () => {
  const health = service(gone);
  const view = HealthView.parse(await health.health());
  assert.equal(view.flowing, false);
  assert.equal(view.status, "down");
  assert.match(view.summary, /database/);
  assert.equal(view.oldestDueMs, undefined);
  assert.equal((await health.ready()).ready, false);
});

test("everybody who asks at the same time shares one reading, and a failed one is not kept", async () => {
  let asked = 0;
  const health = service(async () => {
    asked += 1;
    if (asked === 1) throw new Error("connection refused");
    return {
      now,
      canaryRanAt: now,
      canaryLatencyMs: 3,
      pausedAt: undefined,
      oldestDueMs: 0,
      trouble: [],
      outages: [],
      inbound: { oldestMs: 0, waiting: 0, dead: 0 },
    };
  });
  assert.equal((await health.ready()).ready, false);
  const answers = await Promise.all([health.ready(), health.health(), health.ready(), health.platformHealth()]);
  assert.equal(answers[0].ready, true);
  assert.equal(answers[1].status, "ok");
  assert.ok(asked <= 3, `${asked}`);
});

test("a database that went away a moment ago is not ready, although a reading of it is fresh", async () => {
  let isAway = false;
  const reading = {
    now,
    canaryRanAt: now,
    canaryLatencyMs: 3,
    pausedAt: undefined,
    oldestDueMs: 0,
    trouble: [],
    outages: [],
    inbound: { oldestMs: 0, waiting: 0, dead: 0 },
  };
  const health = service(
    async () => reading,
    async () => (isAway ? gone() : undefined),
  );
  assert.deepEqual([(await health.health()).status, (await health.ready()).ready], ["ok", true]);
  isAway = true;
  assert.deepEqual([(await health.health()).status, (await health.ready()).ready], ["down", false]);
  isAway = false;
  assert.deepEqual([(await health.health()).status, (await health.ready()).ready], ["ok", true]);
});

test("a canary is noted with its travelling time and never reaches the publisher", async () => {
  const noted: number[] = [];
  const handled: string[] = [];
  const handle = noticingCanaries(
    {
      clock: { now: () => new Date(now.getTime() + 42) },
      reader: {
        async recordCanary(latencyMs) {
          noted.push(latencyMs);
        },
      },
    },
    async ({ jobId }) => {
      handled.push(jobId);
    },
  );
  await handle(canaryTask(now));
  await handle({ tenantId: "ten_a", jobId: "job_a" });
  assert.deepEqual([noted, handled], [[42], ["job_a"]]);
  assert.equal(canarySentAt({ tenantId: "ten_a", jobId: "canary_1" }), undefined);
});
