import { z } from "zod";
import { PlatformId } from "./ids.ts";
import { OutageView } from "./outages.ts";

const Instant = z.iso.datetime();

export const LiveView = z.object({ status: z.literal("ok"), version: z.string() });
export type LiveView = z.infer<typeof LiveView>;

export const ReadyView = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
});
export type ReadyView = z.infer<typeof ReadyView>;

/** Does work flow? Answered with 503 when it does not, so that any probe understands. */
export const HealthView = z.object({
  status: z.enum(["ok", "degraded", "down"]),
  /** One plain sentence: "Posts are flowing, test task 14 s ago". */
  summary: z.string(),
  flowing: z.boolean(),
  checkedAt: Instant,
  canary: z.object({
    ranAt: Instant.optional(),
    ageMs: z.number().optional(),
    latencyMs: z.number().optional(),
  }),
  /** How late the oldest due job is; 0 when none waits, absent while nobody can know. */
  oldestDueMs: z.number().optional(),
  /** What platforms sent; absent while nobody can know. */
  inbound: z
    .object({
      /** How long the oldest request has waited that nobody has worked on; 0 when none waits. */
      oldestMs: z.number(),
      waiting: z.number().int(),
      /** Put aside for an operator; GET /api/inbound/dead. */
      dead: z.number().int(),
    })
    .optional(),
  pausedAt: Instant.optional(),
  platforms: z.array(
    z.object({
      id: PlatformId,
      name: z.string(),
      status: z.enum(["ok", "degraded", "down", "unknown", "not_configured"]),
      apiVersion: z.string(),
      sunsetAt: z.string().optional(),
      simulated: z.boolean(),
      note: z.string().optional(),
      circuit: OutageView.optional(),
    }),
  ),
  warnings: z.array(z.string()),
  version: z.string(),
  simulated: z.boolean(),
});
export type HealthView = z.infer<typeof HealthView>;

export const QueueView = z.object({
  engine: z.string(),
  /** Hints waiting in the engine, and the age of the oldest. */
  waiting: z.number().int(),
  oldestMs: z.number(),
  /** Jobs of this tenant whose time has come and that nobody has started. */
  due: z.number().int(),
  oldestDueMs: z.number(),
  /** Jobs of this tenant by state. */
  states: z.record(z.string(), z.number().int()),
  /** Platforms that do not answer, with what of this tenant waits for them. */
  outages: z.array(z.object({ platform: PlatformId, simulated: z.boolean(), ...OutageView.shape })),
});
export type QueueView = z.infer<typeof QueueView>;

/** Figures of the last 24 hours for this tenant. */
export const MetricsView = z.object({
  since: Instant,
  until: Instant,
  platforms: z.array(
    z.object({
      platform: PlatformId,
      published: z.number().int(),
      failed: z.number().int(),
      /** 0 to 1; absent while nothing was sent. */
      successRate: z.number().optional(),
      p50Ms: z.number().optional(),
      p95Ms: z.number().optional(),
      simulated: z.boolean(),
    }),
  ),
  simulated: z.boolean(),
});
export type MetricsView = z.infer<typeof MetricsView>;
