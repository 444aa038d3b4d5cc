import type { Clock } from "@postd/connector-kit";
import type { HealthView, PlatformView } from "@postd/contracts";
import type { FlowReading, HealthReader } from "../../ports/health.ts";
import type { HealthService } from "../../ports/operations.ts";
import type { JobQueue } from "../../ports/queue.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { type PlatformFacts, platformMatrix } from "../platforms/platforms.ts";
import { judgeFlow, judgePlatform } from "./judge-flow.ts";
import { outageOf, outageView } from "./outages.ts";

export interface HealthDeps {
  readonly reader: HealthReader;
  readonly queue: Pick<JobQueue, "depth">;
  /** "pg-boss", as shown to people. */
  readonly engine: string;
  readonly registry: ConnectorRegistry;
  readonly facts: Omit<PlatformFacts, "health" | "circuit">;
  readonly clock: Clock;
  readonly version: string;
}

export interface Health extends HealthService {
  /** Platform states for the capability matrix; all `unknown` while the database is away. */
  platformHealth(): Promise<Pick<PlatformFacts, "health" | "circuit">>;
}

const dayMs = 24 * 3_600_000;
/** Requests of platforms are worked on within seconds; tries that failed are made again within the hour. */
const inboundLateMs = 10 * 60_000;
const sunsetWarningMs = 60 * dayMs;

/**
 * Answers about work flowing. Whether the database answers is asked each time, once for all who ask meanwhile; the
 * reading over all tenants is shared by everybody who asks within two seconds.
 */
export function createHealthService(deps: HealthDeps): Health {
  const ask = shared(deps.clock, 0, () => deps.reader.answers());
  const readFlow = shared(deps.clock, 2_000, () => deps.reader.flow());
  return {
    async ready() {
      const database = await ask().then(
        () => ({ name: "database", ok: true }),
        () => ({ name: "database", ok: false, detail: "The database does not answer." }),
      );
      return { ready: database.ok, checks: [database] };
    },
    async health() {
      const reading = await ask()
        .then(readFlow)
        .catch(() => undefined);
      return healthView(deps, reading);
    },
    async queue(caller) {
      const [depth, jobs, outages] = await Promise.all([
        deps.queue.depth(),
        deps.reader.tenantJobs(caller.tenantId),
        deps.reader.tenantOutages(caller.tenantId),
      ]);
      const down = outages.map((it) => ({ platform: it.platform, simulated: it.simulated, ...outageView(it) }));
      return { engine: deps.engine, ...depth, ...jobs, states: { ...jobs.states }, outages: down };
    },
    async metrics(caller) {
      const until = deps.clock.now();
      const since = new Date(until.getTime() - dayMs);
      const figures = await deps.reader.tenantFigures(caller.tenantId, since);
      return {
        since: since.toISOString(),
        until: until.toISOString(),
        platforms: figures.map(({ p50Ms, p95Ms, ...figure }) => ({
          ...figure,
          ...(figure.published + figure.failed > 0 && {
            successRate: figure.published / (figure.published + figure.failed),
          }),
          ...(p50Ms !== undefined && { p50Ms }),
          ...(p95Ms !== undefined && { p95Ms }),
        })),
        simulated: figures.some(({ simulated }) => simulated),
      };
    },
    async platformHealth() {
      const reading = await readFlow().catch(() => undefined);
      return standingOf(reading, deps.facts);
    },
  };
}

function healthView(deps: HealthDeps, reading: FlowReading | undefined): HealthView {
  const now = reading?.now ?? deps.clock.now();
  const flow = reading
    ? judgeFlow(reading)
    : { flowing: false, summary: "The database does not answer.", canaryAgeMs: undefined };
  const matrix = platformMatrix(deps.registry, {
    isSimulated: (id) => deps.facts.isSimulated(id),
    isConfigured: (provider, setId) => deps.facts.isConfigured(provider, setId),
    apiVersion: (provider) => deps.facts.apiVersion(provider),
    ...standingOf(reading, deps.facts),
  });
  const troubled = matrix.some(({ healthStatus }) => healthStatus === "down" || healthStatus === "degraded");
  return {
    status: flow.flowing ? (troubled ? "degraded" : "ok") : "down",
    summary: flow.summary,
    flowing: flow.flowing,
    checkedAt: now.toISOString(),
    canary: {
      ...(reading?.canaryRanAt && { ranAt: reading.canaryRanAt.toISOString() }),
      ...(flow.canaryAgeMs !== undefined && { ageMs: flow.canaryAgeMs }),
      ...(reading?.canaryLatencyMs !== undefined && { latencyMs: reading.canaryLatencyMs }),
    },
    ...(reading && { oldestDueMs: reading.oldestDueMs, inbound: { ...reading.inbound } }),
    ...(reading?.pausedAt && { pausedAt: reading.pausedAt.toISOString() }),
    platforms: matrix.map((platform) => {
      const note = reading && judgementOf(reading, platform.id, platform.simulated).note;
      return {
        id: platform.id,
        name: platform.name,
        status: platform.healthStatus,
        apiVersion: platform.apiVersion.current,
        ...(platform.apiVersion.sunsetAt !== undefined && { sunsetAt: platform.apiVersion.sunsetAt }),
        simulated: platform.simulated,
        ...(note !== undefined && { note }),
        ...(platform.circuit && { circuit: platform.circuit }),
      };
    }),
    warnings: [...matrix.flatMap((platform) => sunsetWarning(platform, now)), ...inboundWarnings(reading)],
    version: deps.version,
    simulated: matrix.some(({ simulated }) => simulated),
  };
}

type Standing = Pick<PlatformFacts, "health" | "circuit">;

function standingOf(reading: FlowReading | undefined, { isSimulated }: Pick<PlatformFacts, "isSimulated">): Standing {
  return {
    health: (platform) => (reading ? judgementOf(reading, platform, isSimulated(platform)).status : "unknown"),
    circuit(platform) {
      const outage = reading && outageOf(reading.outages, platform, isSimulated(platform));
      return outage && outageView(outage);
    },
  };
}

const judgementOf = ({ trouble, outages, now }: FlowReading, platform: string, simulated: boolean) =>
  judgePlatform(
    trouble.find((one) => one.platform === platform),
    now,
    outageOf(outages, platform, simulated),
  );

function sunsetWarning({ name, apiVersion }: PlatformView, now: Date): string[] {
  if (apiVersion.sunsetAt === undefined) return [];
  const leftMs = new Date(apiVersion.sunsetAt).getTime() - now.getTime();
  if (leftMs > sunsetWarningMs) return [];
  const when = leftMs > 0 ? `ends on ${apiVersion.sunsetAt}` : `ended on ${apiVersion.sunsetAt}`;
  return [`${name} API version ${apiVersion.current} ${when}; set a newer one.`];
}

/** One call at a time, its answer kept for `keepMs` after it was asked for; a failure is not kept. */
function shared<T>(clock: Clock, keepMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly atMs: number; readonly answer: Promise<T>; isOpen: boolean } | undefined;
  return () => {
    const nowMs = clock.now().getTime();
    if (last && (last.isOpen || Math.abs(nowMs - last.atMs) < keepMs)) return last.answer;
    const asked = { atMs: nowMs, answer: read(), isOpen: true };
    last = asked;
    asked.answer.then(
      () => {
        asked.isOpen = false;
      },
      () => {
        if (last === asked) last = undefined;
      },
    );
    return asked.answer;
  };
}

/** Nobody waits for what platforms send, so nobody would notice. */
function inboundWarnings(reading: FlowReading | undefined): string[] {
  const { oldestMs = 0, dead = 0 } = reading?.inbound ?? {};
  return [
    ...(oldestMs > inboundLateMs
      ? [`What platforms send is not worked on: the oldest has waited ${Math.round(oldestMs / 60_000)} min.`]
      : []),
    ...(dead > 0 ? [`${dead} requests of platforms were put aside; see GET /api/inbound/dead.`] : []),
  ];
}
