import net from "node:net";
import type { ConnectorRegistry, PeopleService } from "@postd/core";
import type { Config } from "../config.ts";
import { compose } from "./compose.ts";
import type { Logger } from "./logger.ts";
import { openDatabase } from "./open-database.ts";
import { openSimulation } from "./open-simulation.ts";
import { publicUrlOf } from "./public-url.ts";

export interface RunningServer {
  readonly url: string | undefined;
  readonly simulatorUrl: string | undefined;
  readonly bundledDatabase: boolean;
  readonly simulated: readonly string[];
  /** undefined where this process serves nobody. `operatorLink`: a secret for the console, never for a log. */
  readonly people: { readonly operators: number; readonly operatorLink?: string } | undefined;
  /** Takes no new work, finishes or releases what runs, closes everything. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Who can act for the instance. A link is made only where nobody has signed up, outside production, where the console
 * belongs to whoever starts the server; production never prints one by itself.
 */
async function standingOf(config: Config, people: PeopleService) {
  const { people: count, operators } = await people.census();
  const isNew = count === 0 && !config.isProduction;
  return { operators, ...(isNew ? { operatorLink: await people.makeOperatorLink() } : {}) };
}

export class PortTaken extends Error {}

const portsTried = 100;

/** Starts the roles of this process. Whatever was started is stopped again when a later part fails. */
export async function startServer(input: {
  readonly config: Config;
  readonly registry: ConnectorRegistry;
  readonly log: Logger;
  readonly version: string;
}): Promise<RunningServer> {
  const { config, log } = input;
  const opened: { close(): Promise<unknown> }[] = [];
  const keep = <T extends { close(): Promise<unknown> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  const closeAll = async () => {
    for (const part of opened.splice(0).reverse()) {
      await part.close().catch((error: unknown) => log.warn({ error }, "a part did not close cleanly"));
    }
  };
  try {
    const [simulation, database] = await Promise.all([
      openSimulation(config).then(keep),
      openDatabase(config, log).then(keep),
    ]);
    const serves = config.role !== "worker";
    const port = serves ? await choosePort(config, simulation.url !== undefined) : config.port;
    const publicUrl = publicUrlOf(config, port);
    const parts = await compose({ ...input, database, simulation, publicUrl });
    opened.push(parts);
    if (serves) {
      const http = parts.http();
      opened.push({ close: () => http.close() });
      await http.listen({ host: config.host, port });
    }
    if (config.role !== "http") {
      const worker = await parts.worker();
      opened.push({ close: () => worker.stop() });
    }
    return {
      url: serves ? publicUrl : undefined,
      simulatorUrl: simulation.url,
      bundledDatabase: database.bundled,
      simulated: [...simulation.platforms],
      people: serves ? await standingOf(config, parts.people) : undefined,
      stop: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The configured port, or while simulating and unnamed the next free one. */
async function choosePort(config: Config, simulating: boolean): Promise<number> {
  const last = config.portIsFixed || !simulating ? config.port : config.port + portsTried;
  for (let port = config.port; port <= last; port += 1) {
    if (port === 0 || (await isFree(config.host, port))) return port === 0 ? freePort(config.host) : port;
  }
  throw new PortTaken(
    `Port ${config.port} on ${config.host} is taken by another program. Stop it, or set POSTD_PORT to a free port.`,
  );
}

function isFree(host: string, port: number): Promise<boolean> {
  return probe(host, port).then(
    () => true,
    () => false,
  );
}

const freePort = (host: string) => probe(host, 0);

function probe(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen({ host, port }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : port));
    });
  });
}
