import { z } from "zod";
import { HealthView, LiveView, MetricsView, QueueView, ReadyView } from "../health-views.ts";
import { defineOperation } from "../operation.ts";
import { at, later } from "./examples.ts";

const operate = { kind: "caller", by: ["session", "key"], scope: "operations:read" } as const;

export const live = defineOperation({
  id: "live",
  unlimited: true,
  method: "GET",
  path: "/api/live",
  summary: "Is the process alive",
  description: "Answers as long as the process runs, whatever else is broken.",
  tags: ["operations"],
  auth: { kind: "public" },
  response: LiveView,
  errors: [],
  example: { response: { status: "ok", version: "0.1.0" } },
});

export const ready = defineOperation({
  id: "ready",
  unlimited: true,
  method: "GET",
  path: "/api/ready",
  summary: "Can it serve requests",
  description: "503 while the database cannot be reached.",
  tags: ["operations"],
  auth: { kind: "public" },
  response: ReadyView,
  also: [503],
  errors: ["unavailable"],
  example: { response: { ready: true, checks: [{ name: "database", ok: true }] } },
});

export const health = defineOperation({
  id: "health",
  unlimited: true,
  method: "GET",
  path: "/api/health",
  summary: "Does work flow",
  description:
    "A test task goes through the queue and a worker every minute; 503 with the same body when it does not arrive.",
  tags: ["operations"],
  auth: { kind: "public" },
  response: HealthView,
  also: [503],
  errors: ["unavailable"],
  example: {
    response: {
      status: "ok",
      summary: "Posts are flowing, test task 14 s ago.",
      flowing: true,
      checkedAt: at,
      canary: { ranAt: at, ageMs: 14_000, latencyMs: 35 },
      oldestDueMs: 0,
      platforms: [{ id: "bluesky", name: "Bluesky", status: "ok", apiVersion: "1", simulated: true }],
      warnings: [],
      version: "0.1.0",
      simulated: true,
    },
  },
});

export const healthQueue = defineOperation({
  id: "healthQueue",
  method: "GET",
  path: "/api/health/queue",
  summary: "What waits",
  description: "Tasks in the engine, and this tenant's jobs by state with the oldest that is due.",
  tags: ["operations"],
  auth: operate,
  response: QueueView,
  errors: [],
  example: {
    response: {
      engine: "pg-boss",
      waiting: 0,
      oldestMs: 0,
      due: 0,
      oldestDueMs: 0,
      states: { scheduled: 12, published: 240 },
      outages: [],
    },
  },
});

export const healthMetrics = defineOperation({
  id: "healthMetrics",
  method: "GET",
  path: "/api/health/metrics",
  summary: "Figures of the last day",
  description: "Per platform: published, failed, success rate, and how long publishing took.",
  tags: ["operations"],
  auth: operate,
  response: MetricsView,
  errors: [],
  example: {
    response: {
      since: at,
      until: later,
      platforms: [
        {
          platform: "bluesky",
          published: 24,
          failed: 0,
          successRate: 1,
          p50Ms: 420,
          p95Ms: 910,
          simulated: true,
        },
      ],
      simulated: true,
    },
  },
});

export const prometheus = defineOperation({
  id: "prometheus",
  method: "GET",
  path: "/metrics",
  summary: "Metrics for Prometheus",
  description:
    "Text exposition format. Served to this machine and private networks, or to whoever shows the metrics token where one is configured.",
  tags: ["operations"],
  auth: { kind: "public" },
  response: z.string(),
  answer: "text",
  errors: ["forbidden"],
  example: { response: "# HELP postd_jobs_published_total Posts that went live\n" },
});
