import pg from "pg";
import { PgBoss } from "pg-boss";

export const engineSchema = "pgboss";
export const taskQueue = "publish";

/** Any constant; one starting server at a time installs or upgrades the engine. */
const installLock = 7_602_115;

/**
 * What a queue of hints needs: no retries (a domain rule), a short life for tasks nobody took (the sweeper hands the
 * job over again), and for tasks whose worker died.
 */
const queueOptions = {
  retryLimit: 0,
  expireInSeconds: 300,
  retentionSeconds: 3_600,
  deleteAfterSeconds: 300,
  notify: true,
} as const;

/**
 * Installs or upgrades pg-boss in its own schema, owned by `postd_migrate`, and lets `postd_system` work with it.
 * `postd_app` gets nothing: tasks name jobs of every tenant. Run after `migrateDatabase`, with the same `url`; safe
 * from many processes at once.
 */
export async function installQueueSchema(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "postd_migrator" });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [installLock]);
    await client.query("set role postd_migrate");
    const boss = new PgBoss({
      db: { executeSql: (text, values) => client.query(text, values) },
      schema: engineSchema,
      supervise: false,
      schedule: false,
      reindex: false,
    });
    const failures: Error[] = [];
    boss.on("error", (error) => failures.push(error));
    await boss.start();
    try {
      await boss.createQueue(taskQueue, queueOptions);
      await boss.updateQueue(taskQueue, queueOptions);
    } finally {
      await boss.stop({ graceful: false });
    }
    if (failures[0]) throw failures[0];
    for (const grant of grants) await client.query(grant);
  } finally {
    await client.end();
  }
}

/** Working and maintaining: job rows, the queue's monitor stamps, the claims of periodic work. No definitions. */
const grants = [
  `grant usage on schema ${engineSchema} to postd_system`,
  `grant select on all tables in schema ${engineSchema} to postd_system`,
  `grant insert, update, delete on ${engineSchema}.job, ${engineSchema}.job_common to postd_system`,
  `grant delete on ${engineSchema}.job_dependency to postd_system`,
  `grant update on ${engineSchema}.queue, ${engineSchema}.version to postd_system`,
];
