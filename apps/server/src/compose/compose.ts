import { setTimeout as sleep } from "node:timers/promises";
import { createRequestKeeper } from "@postd/core";
import { actAs } from "../adapters/postgres/acting.ts";
import { createCircuits } from "../adapters/postgres/circuits.ts";
import { isPassing } from "../adapters/postgres/database-error.ts";
import { createIdempotencyStore } from "../adapters/postgres/idempotency-repo.ts";
import { createInbox } from "../adapters/postgres/inbox.ts";
import { createLeases } from "../adapters/postgres/leases.ts";
import { createDueJobs, dueCaps } from "../adapters/postgres/system.ts";
import { signUpRule } from "../config/sign-up-rule.ts";
import { createHttpApp, defaultHttpLimits, type HttpConfig } from "../http/app.ts";
import { buildBudgets } from "./build-budgets.ts";
import { buildConnections } from "./build-connections.ts";
import { buildNotices } from "./build-notices.ts";
import { buildPeople } from "./build-people.ts";
import { buildPipeline } from "./build-pipeline.ts";
import { buildServices } from "./build-services.ts";
import { buildStorage } from "./build-storage.ts";
import { type OpenPartsInput, openParts } from "./open-parts.ts";
import { periodicTasks } from "./periodic-tasks.ts";
import { repeated } from "./repeated.ts";
import { startWorker } from "./start-worker.ts";

export interface ComposeInput extends OpenPartsInput {
  /** Address people and platforms use; known once the port is chosen. */
  readonly publicUrl: string;
  /** What a test sets differently in the HTTP role. */
  readonly http?: Partial<Pick<HttpConfig, "checkResponses" | "rateLimits">>;
}

/** How soon after the database is back what was kept meanwhile is stored. */
const spoolEveryMs = 500;

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
  const { config, simulation, registry, log, version, publicUrl } = input;
  const open = await openParts(input, onClose);
  const { app, system, clock, settings, queue, listener } = open;
  const storage = await buildStorage(open, config, publicUrl);
  const platforms = registry.all().map(({ id }) => id);
  const people = buildPeople({
    db: app.db,
    config,
    log,
    clock,
    publicUrl,
    authSecret: storage.authSecret,
    signUp: signUpRule(config.signUp, platforms, settings.isSimulated),
  });
  const budgets = buildBudgets(open, registry, config);
  onClose(() => budgets.close());
  const circuits = createCircuits({ system: system.db, app: app.db, log });
  const connections = buildConnections({
    open,
    budgets,
    circuits,
    registry,
    vault: storage.vault,
    media: storage.media.access,
    pictures: storage.pictures,
    rights: people.rights,
    publicUrl,
  });
  const { access, context } = connections;
  const pipeline = buildPipeline({ open, registry, access, context, vault: storage.vault, circuits, budgets });
  const keeper = createRequestKeeper({
    inbox: createInbox(app.db, system.db),
    spool: storage.spool,
    isPassing,
    sleep: (ms) => sleep(ms, undefined, { ref: false }),
    clock,
    log,
  });
  onClose(() => storage.spool.close());
  open.metrics.watchSpool(() => storage.spool.standing().items);
  const notices = buildNotices({ open, registry, storage, people, connections });
  const services = buildServices({
    open,
    registry,
    storage,
    people,
    connections,
    notices,
    pipeline,
    keeper,
    version,
  });

  const due = createDueJobs(system.db, dueCaps(config.workers.publish));
  const periodic = periodicTasks({ open, config, storage, connections, notices, due, circuits });

  return {
    clock,
    people: people.service,
    /** One turn of a periodic task at once, whoever leads. For tests, which move the clock by days. */
    async turn(name: string) {
      const task = periodic.find((it) => it.name === name);
      if (!task) throw new Error(`there is no periodic task ${name}`);
      await task.run({ fence: 0, signal: new AbortController().signal });
    },
    /** The API and everything people see; call `listen`. */
    http: () => {
      const http = createHttpApp({
        services,
        auth: people.auth,
        actAs,
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
      });
      const drained = repeated(spoolEveryMs, () => keeper.drain());
      http.addHook("onClose", () => drained.stop());
      return http;
    },
    worker: () =>
      startWorker({
        pipeline,
        queue,
        due,
        periodic: periodic.filter(({ isOff }) => !isOff),
        health: open.reader,
        leases: createLeases({ pool: system.pool, owner: pipeline.settings.owner }),
        listener,
        log,
        concurrency: config.workers.publish,
      }),
  };
}
