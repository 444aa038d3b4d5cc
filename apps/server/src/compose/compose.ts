import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConnectionsDeps,
  type ConnectorContextPorts,
  type ConnectorRegistry,
  connectorContext,
  createConnectionAccess,
  createConnectionsService,
  createHealthService,
  createInboundService,
  createLinksService,
  createMediaService,
  createPlatformsService,
  createPublishingService,
  createVault,
  finishDisconnects,
  type JobQueue,
  newId,
  type PipelineDeps,
} from "@postd/core";
import { openLocalBlobStore } from "../adapters/blob/local.ts";
import { createEgress } from "../adapters/egress/egress.ts";
import { aesGcm } from "../adapters/kms/aes-gcm.ts";
import { loadAuthSecret } from "../adapters/kms/auth-secret.ts";
import { openLocalKeys } from "../adapters/kms/local.ts";
import { createLinkReader } from "../adapters/links/link-reader.ts";
import { createMetrics } from "../adapters/metrics/metrics.ts";
import { createConnectionsRepo } from "../adapters/postgres/connections-repo.ts";
import { isPassing } from "../adapters/postgres/database-error.ts";
import { createDomainClock } from "../adapters/postgres/domain-clock.ts";
import { createGrantsRepo } from "../adapters/postgres/grants-repo.ts";
import { createHealthReader } from "../adapters/postgres/health-repo.ts";
import { createIdempotencyStore } from "../adapters/postgres/idempotency-repo.ts";
import { createInbox } from "../adapters/postgres/inbox.ts";
import { createLeases } from "../adapters/postgres/leases.ts";
import { createJobHolds, createLedger } from "../adapters/postgres/ledger/ledger.ts";
import { openListener } from "../adapters/postgres/listen.ts";
import { createMediaRepo } from "../adapters/postgres/media-repo.ts";
import { openRolePool } from "../adapters/postgres/pools.ts";
import { createPublishingStore } from "../adapters/postgres/publishing/store.ts";
import { createBlobRows, createRetention } from "../adapters/postgres/retention.ts";
import { createDueJobs, dueCaps, masterKeysInUse } from "../adapters/postgres/system.ts";
import { createVaultStore } from "../adapters/postgres/vault-store.ts";
import { connectorSettings } from "../config/connector-settings.ts";
import { signUpRule } from "../config/sign-up-rule.ts";
import type { Config } from "../config.ts";
import { createHttpApp, defaultHttpLimits, type HttpConfig } from "../http/app.ts";
import { buildPeople } from "./build-people.ts";
import type { Logger } from "./logger.ts";
import type { OpenDatabase } from "./open-database.ts";
import { engineName, openQueue } from "./open-queue.ts";
import type { OpenSimulation } from "./open-simulation.ts";
import { startWorker } from "./start-worker.ts";

/** Rules that are the same for every installation; tests may shorten the times. */
export const defaultRules = { leaseMs: 30_000, leaseMarginMs: 5_000, lateAfterMs: 60 * 60_000 } as const;

export interface ComposeInput {
  readonly config: Config;
  readonly database: OpenDatabase;
  readonly simulation: OpenSimulation;
  readonly registry: ConnectorRegistry;
  readonly log: Logger;
  readonly version: string;
  /** Address people and platforms use; known once the port is chosen. */
  readonly publicUrl: string;
  /** Stands between the server and its engine; tests make it lose or repeat tasks. */
  readonly throughQueue?: (engine: JobQueue) => JobQueue;
  /** What a test sets differently in the HTTP role. */
  readonly http?: Partial<Pick<HttpConfig, "checkResponses" | "rateLimits">>;
}

/** Builds every part once, in the order they need each other. Nothing listens or works yet; nothing stays open on failure. */
export async function compose(input: ComposeInput) {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await build(input, (closer) => closers.push(closer))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(input: ComposeInput, onClose: (closer: () => Promise<unknown>) => void) {
  const { config, database, simulation, registry, log, version, publicUrl } = input;
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

  const settings = connectorSettings(config, registry, simulation);
  const reader = createHealthReader({ system: system.db, app: app.db });
  const engine = await openQueue({ pool: system.pool, listener, log, maintain: config.role !== "http" });
  onClose(() => engine.close());
  const queue = input.throughQueue?.(engine) ?? engine;
  const metrics = createMetrics({
    oldestDueMs: async () => (await reader.flow()).oldestDueMs,
    queueWaiting: async () => (await queue.depth()).waiting,
  });
  onClose(() => metrics.close());
  const overrides = config.hostMap.map(({ host, url }) => ({ host, base: url, kind: "override" as const }));
  const egress = createEgress({
    hostMap: [...overrides, ...simulation.hostMap],
    allowHosts: config.egressAllow,
    clock,
    log,
    metrics: metrics.egress,
    userAgent: `POSTD/${version}`,
  });
  onClose(() => egress.close());

  const needed = (await masterKeysInUse(system.db)).map(({ keyId }) => keyId);
  const vault = createVault({
    store: createVaultStore(app.db),
    keys: openLocalKeys({ dataDir: config.dataDir, masterKeys: config.masterKeys, needed }),
    cipher: aesGcm,
    newId,
    monotonicMs: () => performance.now(),
  });
  const authSecret = loadAuthSecret(config);
  const blobs = await openLocalBlobStore({ folder: path.join(config.dataDir, "media") });
  const media = createMediaService({
    repo: createMediaRepo(app.db),
    blobs,
    quotaBytes: config.mediaQuotaBytes,
    fetchPublic: (url, limits) => egress.fetchPublic(url, limits),
    clock,
    newId,
    instanceSecret: authSecret,
    publicUrl: () => publicUrl,
  });
  const links = {
    reader: ({ simulated }: { readonly simulated: boolean }) => createLinkReader(egress, { mappedOnly: simulated }),
  };
  const context: ConnectorContextPorts = { egress, settings, media: media.access, clock, log, links };
  const holds = createJobHolds(app.db, defaultRules);
  const connectionsRepo = createConnectionsRepo(app.db);
  const access = createConnectionAccess({
    connections: connectionsRepo,
    vault,
    registry,
    context,
    holds,
    log,
    sleep: (ms) => sleep(ms),
    monotonicMs: () => performance.now(),
  });
  const contextFor: PipelineDeps["contextFor"] = (step) => connectorContext(context, step);
  const owner = `${hostname()}:${process.pid}:${randomBytes(3).toString("hex")}`;

  const pipeline: PipelineDeps = {
    ledger: createLedger(app.db),
    access,
    registry,
    clock,
    log,
    events: metrics.pipeline,
    settings: { ...defaultRules, owner },
    newAttemptId: () => newId("attempt"),
    random: Math.random,
    randomBits: (bits) => BigInt.asUintN(bits, BigInt(`0x${randomBytes(Math.ceil(bits / 8)).toString("hex")}`)),
    contextFor,
    isPassing,
    every: (ms, fn) => {
      const timer = setInterval(fn, ms);
      return () => clearInterval(timer);
    },
  };

  const people = buildPeople({
    db: app.db,
    config,
    log,
    clock,
    publicUrl,
    authSecret,
    signUp: signUpRule(
      config.signUp,
      registry.all().map(({ id }) => id),
      settings.isSimulated,
    ),
  });

  const connectionsDeps: ConnectionsDeps = {
    connections: connectionsRepo,
    grants: createGrantsRepo(app.db),
    vault,
    access,
    registry,
    context,
    simulation: settings,
    holds,
    rights: people.rights,
    clock,
    log,
    newId,
    randomToken: () => randomBytes(32).toString("base64url"),
    redirectUri: (platform) => `${publicUrl}/api/oauth/${platform}/callback`,
    monotonicMs: () => performance.now(),
  };
  const facts = {
    isSimulated: (platform: string) => settings.isSimulated(platform),
    isConfigured: (connector: Parameters<typeof settings.apiVersion>[0], setId: string) =>
      settings.appCredentials({ connector, setId, simulated: settings.isSimulated(connector.id) }) !== undefined,
    apiVersion: settings.apiVersion,
  };
  const health = createHealthService({ reader, queue, engine: engineName, registry, facts, clock, version });
  const services = {
    publishing: createPublishingService({
      store: createPublishingStore(app.db, defaultRules),
      registry,
      media,
      clock,
      newId,
      lateAfterMs: defaultRules.lateAfterMs,
      remote: { access, registry, clock, contextFor },
    }),
    connections: createConnectionsService(connectionsDeps),
    media,
    links: createLinksService({ reader: links.reader({ simulated: false }) }),
    people: people.service,
    signIn: people.rules,
    platforms: createPlatformsService({ registry, facts, health: () => health.platformHealth() }),
    health,
    inbound: createInboundService({
      registry,
      settings,
      inbox: createInbox(app.db, system.db),
      newId: () => newId("webhookEvent"),
    }),
    metrics,
  };

  return {
    clock,
    people: people.service,
    /** The API and everything people see; call `listen`. */
    http: () =>
      createHttpApp({
        services,
        auth: people.auth,
        idempotency: createIdempotencyStore(app.db, clock),
        clock,
        log,
        config: {
          ...defaultHttpLimits,
          version,
          publicUrl,
          trustedOrigins: [],
          trustedProxies: config.trustedProxies,
          ...(config.metricsToken ? { metricsToken: config.metricsToken } : {}),
          simulated: simulation.url !== undefined,
          ...input.http,
        },
      }),
    worker: () =>
      startWorker({
        pipeline,
        queue,
        due: createDueJobs(system.db, dueCaps(config.workerConcurrency)),
        finishDisconnects: (ending) => finishDisconnects(connectionsDeps, ending),
        health: reader,
        inbound: { registry, inbox: createInbox(app.db, system.db), connections: connectionsRepo, access, holds, log },
        sweep: { retention: createRetention(system.db), blobs, blobRows: createBlobRows(system.db), clock },
        leases: createLeases({ pool: system.pool, owner }),
        listener,
        log,
        concurrency: config.workerConcurrency,
      }),
  };
}
