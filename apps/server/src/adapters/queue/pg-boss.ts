import type { JobQueue, Task } from "@postd/core";
import { sql } from "drizzle-orm";
import type pg from "pg";
import { PgBoss } from "pg-boss";
import { z } from "zod";
import type { Listener } from "../postgres/listen.ts";
import { runSql } from "../postgres/run-sql.ts";
import { type Consumer, startConsumer } from "./consumer.ts";
import { engineSchema, taskQueue } from "./pg-boss-schema.ts";

export interface QueueLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const Payload = z.object({
  tenantId: z.string(),
  jobId: z.string(),
  connectionId: z.string().exactOptional(),
  platform: z.string().exactOptional(),
});
const Depth = z.object({ waiting: z.coerce.number(), oldestMs: z.coerce.number() });

/** Beyond this many the exact number says nothing more, and counting would cost. */
const countedTasks = 100_000;

/**
 * The queue in the same database, by pg-boss. Pushing wakes consumers everywhere in the same statement; a poll backs
 * that up. Finished tasks are deleted rather than kept as completed: a hint has no history, the ledger does.
 * `pool` acts as `postd_system`; the schema must be installed. A database that goes away later is waited for.
 */
export async function startPgBossQueue(options: {
  readonly pool: pg.Pool;
  readonly listener: Listener;
  readonly log: QueueLog;
  readonly pollMs?: number;
  /** Removes what died or was never taken. Any number of processes may; workers do. */
  readonly maintain: boolean;
}): Promise<JobQueue> {
  const { pool, listener, log } = options;
  const consumers = new Set<Consumer>();
  const wakeAll = () => {
    for (const consumer of consumers) consumer.wake();
  };
  const boss = new PgBoss({
    db: {
      executeSql: (text, values) => pool.query(text, values),
      // pg-boss calls its own workers here; we take tasks ourselves, to match batches with free slots.
      async listen(channel) {
        const unsubscribe = listener.subscribe(channel, wakeAll);
        return { close: async () => unsubscribe() };
      },
    },
    schema: engineSchema,
    migrate: false,
    createSchema: false,
    schedule: false,
    supervise: options.maintain,
    // Rebuilding indexes and judging vacuum need rights that the runtime role does not have.
    reindex: false,
    monitorVacuum: false,
    useListenNotify: true,
  });
  boss.on("error", (error) => log.warn({ engine: "pg-boss", error: describe(error) }, "the queue engine had an error"));
  boss.on("warning", (warning) => log.warn({ engine: "pg-boss", warning: warning.message }, "the queue engine warns"));
  await boss.start();

  return {
    async push(tasks) {
      if (tasks.length === 0) return;
      await boss.insert(
        taskQueue,
        tasks.map(({ tenantId, jobId, connectionId, platform }) => ({
          data: {
            tenantId,
            jobId,
            ...(connectionId !== undefined && { connectionId }),
            ...(platform !== undefined && { platform }),
          },
        })),
      );
    },
    async consume({ concurrency }, handle) {
      const consumer = startConsumer({
        concurrency,
        pollMs: options.pollMs ?? 1_000,
        handle,
        async take(limit) {
          const jobs = await boss.fetch<unknown>(taskQueue, { batchSize: limit });
          return jobs.map(({ id, data }) => ({ id, ...parseTask(data) }));
        },
        async settle(ids) {
          await boss.deleteJob(taskQueue, [...ids]);
        },
        onError: (error, { doing, task }) =>
          log.warn({ engine: "pg-boss", doing, ...task, error: describe(error) }, `could not ${doing} a task`),
      });
      consumers.add(consumer);
      return {
        async stop() {
          consumers.delete(consumer);
          await consumer.stop();
        },
      };
    },
    async depth() {
      const { rows } = await runSql(
        pool,
        sql`select count(*) as waiting,
                coalesce(extract(epoch from clock_timestamp() - min(created_on)) * 1000, 0)::bigint as "oldestMs"
           from (select created_on from ${sql.identifier(engineSchema)}.job_common
                  where name = ${taskQueue} and state < 'active' order by created_on limit ${countedTasks}) as task`,
      );
      return Depth.parse(rows[0]);
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      consumers.clear();
      await boss.stop({ graceful: false, close: false });
    },
  };
}

function parseTask(data: unknown): { readonly task?: Task } {
  const payload = Payload.safeParse(data);
  return payload.success ? { task: payload.data } : {};
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
