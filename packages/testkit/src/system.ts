import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { createRegistry, type Provider } from "@postd/connector-kit";
import type { SimulatorDefinition, SimulatorHost } from "@postd/connector-kit/simulator";
import { allProviders, plannedPlatforms } from "@postd/connectors";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import pg from "pg";
import { simulatorHostMap } from "../../../apps/server/src/adapters/egress/host-map.ts";
import { setClockOffset } from "../../../apps/server/src/adapters/postgres/testing/set-clock-offset.ts";
import {
  createTestDatabase,
  type TestDatabase,
} from "../../../apps/server/src/adapters/postgres/testing/test-database.ts";
import { engineSchema } from "../../../apps/server/src/adapters/queue/pg-boss-schema.ts";
import { type ComposeInput, compose } from "../../../apps/server/src/compose/compose.ts";
import { createLogger } from "../../../apps/server/src/compose/logger.ts";
import { parseConfig } from "../../../apps/server/src/config.ts";
import { startSimulatorHost } from "../../../apps/simulators/src/start.ts";
import { type ApiSession, openSession, signUp } from "./api.ts";
import { freePort } from "./free-port.ts";

export interface SystemOptions {
  /** Default: every provider of @postd/connectors. */
  readonly providers?: readonly Provider[];
  /** Default: every simulator of @postd/connectors. */
  readonly simulators?: readonly SimulatorDefinition[];
  /** Simulators that run elsewhere, such as in a process of their own; then `simulators` has none. */
  readonly simulatorUrl?: string;
  /** Default: the server's own. */
  readonly workerConcurrency?: number;
  /** false: HTTP only; jobs wait. */
  readonly worker?: boolean;
  /** Stands between the server and its engine. */
  readonly throughQueue?: ComposeInput["throughQueue"];
  /** Default "trace", so that whatever can be logged is in `log()`. */
  readonly logLevel?: "trace" | "info" | "warn";
  /** Default true: an answer that does not fit its schema is a 500. */
  readonly checkResponses?: boolean;
  /** A database that is there already, and the moment its rows were read; it is dropped at the end. */
  readonly restored?: { readonly database: TestDatabase; readonly at: Date };
  /** Variables as an operator would set them. */
  readonly env?: Readonly<Record<string, string>>;
}

/** POSTD in this process: HTTP on a free loopback port, worker, simulators, a database of its own, a clock to move. */
export interface System {
  readonly url: string;
  readonly databaseUrl: string;
  /** Where it keeps files. */
  readonly dataDir: string;
  /** Simulators in this process; throws when they run elsewhere. */
  readonly simulators: SimulatorHost;
  readonly simulatorUrl: string;
  readonly clock: {
    now(): Date;
    /** Moves the platforms' time and the domain's, in this order, and comes back when the server knows. */
    advance(ms: number): Promise<void>;
  };
  /** One turn of a periodic task now, such as `token_refresh` or `health_check`, which run by themselves with POSTD_UPKEEP on. */
  turn(name: string): Promise<void>;
  /** Resolves when nothing is due, running or waiting in the engine; rejects after half a minute. */
  settle(): Promise<void>;
  /** A person with a workspace of their own, signed in. */
  signUp(person?: Parameters<typeof signUp>[1]): Promise<ApiSession>;
  /** What the start would print for the first operator. */
  operatorLink(): Promise<string>;
  /** Someone without a session, or a program with a key. */
  visitor(apiKey?: string): ApiSession;
  /** Rows as the administrator sees them. */
  query<T extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly T[]>;
  /** A control operation of the simulators: `sim("POST", "meta/accounts", {})`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read control answers freely, as they do the API's.
  sim(method: string, operation: string, body?: unknown): Promise<any>;
  /** Everything logged so far, as the lines were written. */
  log(): string;
  close(): Promise<void>;
}

const settlePatienceMs = 30_000;
const unlimited = 1_000_000_000;

/** Starts the whole system; what was started is ended again when a later part fails. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const closers: (() => Promise<unknown> | unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return Object.assign(await start(options, (closer) => closers.push(closer)), { close });
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: SystemOptions,
  onClose: (closer: () => Promise<unknown> | unknown) => void,
): Promise<Omit<System, "close">> {
  const { providers = allProviders, simulators: definitions = simulatorDefinitions } = options;
  const dataDir = mkdtempSync(path.join(tmpdir(), "postd-system-"));
  onClose(() => rmSync(dataDir, { recursive: true, force: true }));
  const database = options.restored?.database ?? (await createTestDatabase());
  onClose(() => database.drop());
  const admin = new pg.Pool({ connectionString: database.url, max: 3 });
  admin.on("error", () => {}); // dropping the database ends what is still connected
  onClose(() => admin.end());
  let offsetMs = options.restored ? options.restored.at.getTime() - Date.now() : 0;
  if (options.restored) await setClockOffset(admin, offsetMs);
  const platformClock = { now: () => new Date(Date.now() + offsetMs) };
  const host = options.simulatorUrl
    ? undefined
    : await startSimulatorHost({ port: 0, definitions, clock: platformClock });
  if (host) onClose(() => host.close());
  const simulatorUrl = host?.url ?? options.simulatorUrl ?? "";

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = parseConfig({
    env: {
      DATABASE_URL: database.url,
      POSTD_DATA_DIR: dataDir,
      POSTD_PORT: String(port),
      POSTD_PUBLIC_URL: url,
      POSTD_SIMULATORS: simulatorUrl,
      POSTD_LOG_LEVEL: options.logLevel ?? "trace",
      POSTD_SIGN_UP: "open",
      // Calls nobody in a test asked for would stand among those it counts; tests of numbers or of the inbox set it on.
      POSTD_UPKEEP: "off",
      POSTD_NUMBERS: "off",
      POSTD_INBOX: "off",
      ...(options.workerConcurrency ? { POSTD_WORKERS_PUBLISH: String(options.workerConcurrency) } : {}),
      ...options.env,
    },
    argv: [],
    providers,
  });
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString("utf8"));
      done();
    },
  });
  const parts = await compose({
    config,
    database: { url: database.url, bundled: false, close: async () => {} },
    simulation: {
      platforms: new Set(definitions.flatMap(({ platforms }) => platforms)),
      appCredentials: Object.assign({}, ...definitions.map(({ appCredentials }) => appCredentials)),
      hostMap: simulatorHostMap(
        definitions.flatMap(({ hosts }) => hosts),
        simulatorUrl,
      ),
      url: simulatorUrl,
      close: async () => {},
    },
    registry: createRegistry(providers, plannedPlatforms),
    log: createLogger(config, destination),
    version: "0.0.0-test",
    publicUrl: url,
    http: {
      checkResponses: options.checkResponses ?? true,
      rateLimits: { perKeyPerMinute: unlimited, perTenantPerMinute: unlimited, perAddressPerMinute: unlimited },
    },
    ...(options.throughQueue ? { throughQueue: options.throughQueue } : {}),
  });
  onClose(() => parts.close());
  const http = parts.http();
  onClose(() => http.close());
  await http.listen({ host: "127.0.0.1", port });
  if (options.worker !== false) {
    const worker = await parts.worker();
    onClose(() => worker.stop());
  }

  const query: System["query"] = async <T extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
    (await admin.query<T>(text, [...values])).rows;
  return {
    url,
    databaseUrl: database.url,
    dataDir,
    simulatorUrl,
    get simulators() {
      if (!host) throw new Error("the simulators of this system run elsewhere");
      return host;
    },
    clock: {
      now: () => parts.clock.now(),
      async advance(ms) {
        offsetMs += Math.ceil(ms);
        if (!host) await control(simulatorUrl, "POST", "clock", { offsetMs });
        await setClockOffset(admin, offsetMs);
        await parts.clock.sync();
      },
    },
    turn: (name) => parts.turn(name),
    settle: () => settle(query),
    signUp: (person) => signUp(url, person),
    operatorLink: () => parts.people.makeOperatorLink(),
    visitor: (apiKey) => openSession(url, apiKey === undefined ? {} : { apiKey }),
    query,
    sim: (method, operation, body) => control(simulatorUrl, method, operation, body),
    log: () => lines.join(""),
  };
}

/** Nothing due, nothing at work, no inbound request unread. What waits for a later time is settled. */
async function settle(query: System["query"]): Promise<void> {
  const deadline = performance.now() + settlePatienceMs;
  for (;;) {
    const rows = await query<{ what: string }>(
      `select id || ' ' || state as what from publish_jobs
         where state = 'publishing' or (wake_at is not null and wake_at <= domain_now())
       union all select id from webhook_inbox
         where processed_at is null and dead_at is null and (error is null or next_try_at <= domain_now())
       union all select id from webhook_subscriptions where renew_at <= domain_now() or pull_at <= domain_now()
       union all select data::text from ${engineSchema}.job where name = 'publish' and state = 'active'`,
    );
    if (rows.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(
        `did not settle: ${rows
          .map(({ what }) => what)
          .slice(0, 10)
          .join(", ")}`,
      );
    await delay(10);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see System.sim.
async function control(simulatorUrl: string, method: string, operation: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${simulatorUrl}/__sim/${operation}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} /__sim/${operation} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
