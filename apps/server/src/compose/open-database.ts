import { migrateDatabase } from "../adapters/postgres/migrate.ts";
import { startBundledPostgres } from "../adapters/postgres/supervisor/start-bundled-postgres.ts";
import { installQueueSchema } from "../adapters/queue/pg-boss-schema.ts";
import type { Config } from "../config.ts";
import type { Logger } from "./logger.ts";

export interface OpenDatabase {
  /** Holds a password: never log it. */
  readonly url: string;
  readonly bundled: boolean;
  close(): Promise<void>;
}

/** The operator's PostgreSQL, or the bundled one in the data folder; migrated, with the queue engine's schema. */
export async function openDatabase(
  config: Pick<Config, "databaseUrl" | "dataDir">,
  log: Logger,
): Promise<OpenDatabase> {
  const opened = config.databaseUrl
    ? { url: config.databaseUrl.reveal(), bundled: false, close: async () => {} }
    : await openBundled(config.dataDir, log);
  try {
    await migrateDatabase(opened.url);
    await installQueueSchema(opened.url);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openBundled(dataDir: string, log: Logger): Promise<OpenDatabase> {
  const server = await startBundledPostgres({ dataDir, log });
  server.onExit((event) => {
    if (event.kind === "exited")
      log.error({ pid: event.pid }, "the bundled PostgreSQL ended unexpectedly; it is started again");
    else log.info({ pid: event.pid, recoveredInMs: event.recoveredInMs }, "the bundled PostgreSQL is back");
  });
  return {
    url: server.url(),
    bundled: true,
    close: async () => {
      await server.stop();
    },
  };
}
