import type { HealthReader } from "@postd/core";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { readOutages } from "./circuit-rows.ts";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";

/** Raw rows carry instants as text in UTC, which is how drizzle leaves them. */
const time = z.coerce.date();
const instant = time.nullable().transform((date) => date ?? undefined);
const maybeNumber = z.coerce
  .number()
  .nullable()
  .transform((value) => value ?? undefined);

const Flow = z.object({
  now: time,
  canary_ran_at: instant,
  canary_latency_ms: maybeNumber,
  paused_at: instant,
  oldest_due_ms: z.coerce.number(),
  inbound_oldest_ms: z.coerce.number(),
  inbound_waiting: z.coerce.number(),
  inbound_dead: z.coerce.number(),
});
const Trouble = z.object({
  platform: z.string(),
  held_for_outage: z.coerce.number(),
  last_held_at: instant,
  retrying: z.coerce.number(),
});
const JobsInState = z.object({
  state: z.string(),
  count: z.coerce.number(),
  due: z.coerce.number(),
  oldest_due_ms: z.coerce.number(),
});
const Figures = z.object({
  platform: z.string(),
  published: z.coerce.number(),
  failed: z.coerce.number(),
  p50_ms: maybeNumber,
  p95_ms: maybeNumber,
  simulated: z.boolean(),
});

const dueMs = sql`greatest(0, coalesce(extract(epoch from domain_now() - min(wake_at) filter (where wake_at <= domain_now())) * 1000, 0))::float8`;

/** Probes give up after a few seconds as a rule; a server that hangs must be told before. */
const answerWithinMs = 3_000;

/** Readings for health. `system` sees ids, times and states of every tenant; what a tenant asks runs as that tenant. */
export function createHealthReader(pools: { readonly system: Db; readonly app: TenantDb }): HealthReader {
  const { system, app } = pools;
  return {
    async answers() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error("timeout expired: the database does not answer")), answerWithinMs);
      });
      const answer = runSql(system, sql`select 1`);
      // When it fails after the limit nobody waits for it any more.
      answer.catch(() => {});
      await Promise.race([answer, late]).finally(() => clearTimeout(timer));
    },
    // Health is one answer for the whole instance: times and counts, nothing an author wrote.
    async flow() {
      const [flow, outages, trouble] = await Promise.all([
        runSql(
          system,
          sql`
          select domain_now() as now, canary_ran_at, canary_latency_ms, paused_at,
                 (select greatest(0, coalesce(extract(epoch from domain_now() - min(wake_at)) * 1000, 0))::float8
                    from publish_jobs) as oldest_due_ms,
                 coalesce((select greatest(0, extract(epoch from domain_now() - min(received_at)) * 1000)::float8
                    from webhook_inbox where processed_at is null and dead_at is null), 0) as inbound_oldest_ms,
                 (select count(*) from webhook_inbox where processed_at is null and dead_at is null) as inbound_waiting,
                 (select count(*) from webhook_inbox where dead_at is not null) as inbound_dead
            from instance where id = 1`,
        ),
        readOutages(system),
        runSql(
          system,
          sql`
          select platform, count(*) filter (where held_reason = 'outage') as held_for_outage,
                 max(updated_at) filter (where held_reason = 'outage') as last_held_at,
                 count(*) filter (where state = 'retrying') as retrying
            from publish_jobs where state in ('held', 'retrying') group by platform`,
        ),
      ]);
      const row = Flow.parse(flow.rows[0]);
      return {
        now: row.now,
        canaryRanAt: row.canary_ran_at,
        canaryLatencyMs: row.canary_latency_ms,
        pausedAt: row.paused_at,
        oldestDueMs: row.oldest_due_ms,
        inbound: { oldestMs: row.inbound_oldest_ms, waiting: row.inbound_waiting, dead: row.inbound_dead },
        outages,
        trouble: z
          .array(Trouble)
          .parse(trouble.rows)
          .map((one) => ({
            platform: one.platform,
            heldForOutage: one.held_for_outage,
            lastHeldAt: one.last_held_at,
            retrying: one.retrying,
          })),
      };
    },
    async recordCanary(latencyMs) {
      await runSql(
        system,
        sql`update instance set canary_ran_at = domain_now(), canary_latency_ms = ${Math.round(latencyMs)} where id = 1`,
      );
    },
    async tenantJobs(tenantId) {
      const { rows } = await withTenant(app, tenantId, (tx) =>
        runSql(
          tx,
          sql`
          select state, count(*), count(*) filter (where wake_at <= domain_now()) as due, ${dueMs} as oldest_due_ms
            from publish_jobs where tenant_id = ${tenantId} group by state`,
        ),
      );
      const states = z.array(JobsInState).parse(rows);
      return {
        due: states.reduce((sum, { due }) => sum + due, 0),
        oldestDueMs: Math.max(0, ...states.map((state) => state.oldest_due_ms)),
        states: Object.fromEntries(states.map(({ state, count }) => [state, count])),
      };
    },
    tenantOutages: (tenantId) => readOutages(system, tenantId),
    async tenantFigures(tenantId, since) {
      const from = sql`${since.toISOString()}::timestamptz`;
      const tookMs = sql`extract(epoch from published_at - first_claimed_at) * 1000`;
      const { rows } = await withTenant(app, tenantId, (tx) =>
        runSql(
          tx,
          sql`
          select platform, count(*) filter (where published_at is not null) as published,
                 count(*) filter (where published_at is null) as failed,
                 percentile_cont(0.5) within group (order by ${tookMs}) as p50_ms,
                 percentile_cont(0.95) within group (order by ${tookMs}) as p95_ms,
                 bool_or(simulated) as simulated
            from (select * from publish_jobs where tenant_id = ${tenantId} and published_at >= ${from}
                  union all
                  select * from publish_jobs
                   where tenant_id = ${tenantId} and state = 'failed' and published_at is null and updated_at >= ${from}
                 ) as job
           group by platform order by platform`,
        ),
      );
      return z
        .array(Figures)
        .parse(rows)
        .map(({ p50_ms: p50Ms, p95_ms: p95Ms, ...figures }) => ({ ...figures, p50Ms, p95Ms }));
    },
  };
}
