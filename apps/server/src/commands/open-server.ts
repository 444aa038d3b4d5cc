import { startBundledPostgres } from "../adapters/postgres/supervisor/start-bundled-postgres.ts";
import type { Config } from "../config.ts";

export interface OpenServer {
  /** Of a user that may act as all three roles. Holds a password: never print it. */
  readonly url: string;
  /** "PostgreSQL in ./data" or the host and database of DATABASE_URL, without its password. */
  readonly name: string;
  close(): Promise<void>;
}

/** The database a command works on: DATABASE_URL, or the bundled server, started or joined for as long as needed. */
export async function openServer(config: Pick<Config, "databaseUrl" | "dataDir">): Promise<OpenServer> {
  if (config.databaseUrl) {
    const url = config.databaseUrl.reveal();
    const { host, pathname } = new URL(url);
    return { url, name: `PostgreSQL at ${host}${pathname}`, close: async () => {} };
  }
  const say = (_fields: object, message: string) => void process.stderr.write(`${message}\n`);
  const server = await startBundledPostgres({
    dataDir: config.dataDir,
    log: { info: () => {}, warn: say, error: say },
  });
  return {
    url: server.url(),
    name: `PostgreSQL in ${config.dataDir}`,
    close: async () => {
      await server.stop();
    },
  };
}
