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
    throw config.databaseUrl ? unreachable(error, opened.url) : error;
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

/** Codes of a server that is not there, and of one that does not let us in, said with the way out. */
function unreachable(error: unknown, url: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const { host, pathname, username } = new URL(url);
  if (["ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN"].includes(code))
    return new DatabaseUnusable(
      `No PostgreSQL answers at ${host}. Check DATABASE_URL and that the server runs; without DATABASE_URL the bundled one is used.`,
    );
  if (["28P01", "28000"].includes(code))
    return new DatabaseUnusable(
      `PostgreSQL at ${host} refuses the user ${username}. Check name and password in DATABASE_URL.`,
    );
  if (code === "3D000")
    return new DatabaseUnusable(
      `PostgreSQL at ${host} has no database ${pathname.slice(1)}. Create it, or name another one in DATABASE_URL.`,
    );
  if (code === "42501")
    return new DatabaseUnusable(
      `The user ${username} may not make the roles postd_migrate, postd_app and postd_system. Give it CREATEROLE, or make the roles beforehand and grant them to it.`,
    );
  return error;
}

/** The operator's database cannot be used; the message says why and what to do, without a password. */
export class DatabaseUnusable extends Error {}
