import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "./metrics.ts";

const readings = {
  oldestDueMs: async () => 1_500,
  queueWaiting: async () => 7,
  inbound: async () => ({ oldestMs: 2_500, dead: 3 }),
  openCircuits: async () =>
    new Map([
      ["bluesky", 0],
      ["facebook", 1],
    ]),
};

test("what happened is on the page, in Prometheus's format", async () => {
  const metrics = createMetrics(readings);
  metrics.pipeline.published({ platform: "bluesky", latenessMs: 750, jobId: "job_secretid", tenantId: "ten_secretid" });
  metrics.pipeline.failed({
    platform: "threads",
    kind: "content_rejected",
    jobId: "job_secretid",
    tenantId: "ten_secretid",
  });
  metrics.pipeline.attempt({
    platform: "bluesky",
    step: "create",
    outcome: "ok",
    jobId: "job_secretid",
    tenantId: "ten_secretid",
  });
  metrics.egress.call({ host: "bsky.social", method: "POST", outcome: "2xx", effect: "visible", durationMs: 120 });
  const { contentType, text } = await metrics.render();
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  for (const line of [
    /^postd_jobs_published_total\{.*platform="bluesky".*\} 1$/m,
    /^postd_publish_lateness_seconds_bucket\{.*platform="bluesky".*le="1"\} 1$/m,
    /^postd_publish_lateness_seconds_bucket\{.*platform="bluesky".*le="0\.5"\} 0$/m,
    /^postd_jobs_failed_total\{.*kind="content_rejected".*\} 1$/m,
    /^postd_attempts_total\{.*outcome="ok".*\} 1$/m,
    /^postd_egress_calls_total\{.*host="bsky\.social".*\} 1$/m,
    /^postd_oldest_due_seconds(\{.*\})? 1\.5$/m,
    /^postd_circuit_open\{.*platform="bluesky".*\} 0$/m,
    /^postd_circuit_open\{.*platform="facebook".*\} 1$/m,
    /^postd_queue_waiting(\{.*\})? 7$/m,
  ])
    assert.match(text, line);
  assert.doesNotMatch(text, /secretid/);
  assert.match(text, /^postd_inbound_oldest_seconds\{?.* 2\.5$/m);
  assert.match(text, /^postd_inbound_dead\{?.* 3$/m);
  assert.doesNotMatch(text, /^postd_inbound_spooled/m, "a process that keeps nothing says nothing of it");
  metrics.watchSpool(() => 4);
  assert.match((await metrics.render()).text, /^postd_inbound_spooled\{?.* 4$/m);
  await metrics.close();
});

test("a reading that cannot be had leaves its line out, and the page is served all the same", async () => {
  const metrics = createMetrics({ ...readings, oldestDueMs: () => Promise.reject(new Error("no database")) });
  const { text } = await metrics.render();
  assert.doesNotMatch(text, /^postd_oldest_due/m);
  assert.match(text, /^postd_queue_waiting/m);
  await metrics.close();
});

test("servers that people name cannot grow the page without end", async () => {
  const metrics = createMetrics(readings);
  for (let i = 0; i < 500; i += 1)
    metrics.egress.call({ host: `${i}.example.org`, method: "GET", outcome: "2xx", effect: "none", durationMs: 1 });
  const { text } = await metrics.render();
  const calls = text.split("\n").filter((line) => line.startsWith("postd_egress_calls_total{"));
  assert.equal(calls.length, 201);
  assert.ok(calls.some((line) => /host="other".* 300$/.test(line)));
  await metrics.close();
});
