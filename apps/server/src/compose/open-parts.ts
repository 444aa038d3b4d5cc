import type { ConnectorRegistry, JobQueue } from "@postd/core";
import { createEgress } from "../adapters/egress/egress.ts";
import { createMetrics } from "../adapters/metrics/metrics.ts";
import { createDomainClock } from "../adapters/postgres/domain-clock.ts";
import { createHealthReader } from "../adapters/postgres/health-repo.ts";
import { openListener } from "../adapters/postgres/listen.ts";
import { openRolePool } from "../adapters/postgres/pools.ts";
import { connectorSettings } from "../config/connector-settings.ts";
import type { Config } from "../config.ts";
import type { Logger } from "./logger.ts";
import type { OpenDatabase } from "./open-database.ts";
import { openQueue } from "./open-queue.ts";
import type { OpenSimulation } from "./open-simulation.ts";

export interface OpenPartsInput {
  readonly config: Config;
  readonly database: OpenDatabase;
  readonly simulation: OpenSimulation;
  readonly registry: ConnectorRegistry;
  readonly log: Logger;
  readonly version: string;
  /** Stands between the server and its engine; tests make it lose or repeat tasks. */
  readonly throughQueue?: (engine: JobQueue) => JobQueue;
}

export type OpenParts = Awaited<ReturnType<typeof openParts>>;

/**
 * What has to be closed: pools, listener, clock, queue engine, metrics and the way out to platforms, in the order they
 * need each other. Each is handed to `onClose` as soon as it is open.
 */
export async function openParts(input: OpenPartsInput, onClose: (closer: () => Promise<unknown>) => void) {
  const { config, database, simulation, log } = input;
  const onError = (error: Error) => log.warn({ err: error }, "a database connection was lost");
  const app = openRolePool({ url: database.url, role: "postd_app", max: config.role === "http" ? 15 : 20, onError });
  const system = openRolePool({ url: database.url, role: "postd_system", max: 5, onError });
  onClose(() => Promise.all([app.close(), system.close()]));
  const listener = openListener({ url: database.url, onError });
  onClose(() => listener.close());
  const clock = await createDomainClock({
    pool: app.pool,
    listener,
    onError: (error) => log.debug({ error }, "the domain clock could not ask the database"),
  });
  onClose(() => clock.close());

  const reader = createHealthReader({ system: system.db, app: app.db });
  const engine = await openQueue({ pool: system.pool, listener, log, maintain: config.role !== "http" });
  onClose(() => engine.close());
  const queue = input.throughQueue?.(engine) ?? engine;
  const metrics = createMetrics({
    oldestDueMs: async () => (await reader.flow()).oldestDueMs,
    queueWaiting: async () => (await queue.depth()).waiting,
    inbound: async () => (await reader.flow()).inbound,
    async openCircuits() {
      const { outages } = await reader.flow();
      const open = (id: string) => outages.filter(({ platform }) => platform === id).length;
      return new Map(input.registry.all().map(({ id }) => [id, open(id)]));
    },
  });
  onClose(() => metrics.close());
  const overrides = config.hostMap.map(({ host, url }) => ({ host, base: url, kind: "override" as const }));
  const egress = createEgress({
    hostMap: [...overrides, ...simulation.hostMap],
    allowHosts: config.egressAllow,
    clock,
    log,
    metrics: metrics.egress,
    userAgent: `POSTD/${input.version}`,
  });
  onClose(() => egress.close());

  const settings = connectorSettings(config, input.registry, simulation);
  return { app, system, listener, clock, reader, queue, metrics, egress, settings, log };
}
