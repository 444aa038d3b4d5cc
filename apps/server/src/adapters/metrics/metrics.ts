import { type Attributes, type ObservableGauge, ValueType } from "@opentelemetry/api";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { MetricsExposition, PipelineEvents } from "@postd/core";
import type { EgressMetrics } from "../egress/step-http.ts";

/** Figures asked for when the page is rendered; one that cannot be had is left out of the page. */
export interface Readings {
  readonly oldestDueMs: () => Promise<number>;
  readonly queueWaiting: () => Promise<number>;
  /** Requests of platforms: the age of the oldest nobody worked on, and how many were put aside. */
  readonly inbound: () => Promise<{ readonly oldestMs: number; readonly dead: number }>;
  /** Circuits that are not closed, by platform; a platform without one is 0. */
  readonly openCircuits: () => Promise<ReadonlyMap<string, number>>;
}

export interface Metrics extends MetricsExposition {
  readonly pipeline: PipelineEvents;
  readonly egress: EgressMetrics;
  readonly budgets: {
    /** A post, or reading by the clock, waits for a budget of a platform. */
    waits(fields: { readonly budget: string; readonly what: "post" | "reading" }): void;
  };
  /** How many requests of platforms wait on this machine for the database, as this process knows. */
  watchSpool(items: () => number): void;
  close(): Promise<void>;
}

/** People connect servers of their own; beyond this many, hosts are counted together. */
const namedHosts = 200;
const latenessBuckets = [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600];
const callBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Pulled by rendering; it has no port and no timer of its own. */
class PulledReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/**
 * The process's metrics, in Prometheus's text format. Recorded by hand where something happens; labels are platforms,
 * kinds and hosts, never ids of tenants, jobs or accounts.
 */
export function createMetrics(readings: Readings): Metrics {
  const reader = new PulledReader();
  const provider = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes({ "service.name": "postd" }),
  });
  const meter = provider.getMeter("postd");
  const histogram = (name: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries } });

  const published = meter.createCounter("postd_jobs_published", { description: "Posts that went live" });
  const lateness = histogram(
    "postd_publish_lateness_seconds",
    "How long after its planned time a post went live",
    latenessBuckets,
  );
  const failed = meter.createCounter("postd_jobs_failed", { description: "Posts that ended at the dead-letter desk" });
  const moved = meter.createCounter("postd_job_moves", { description: "Publish jobs that entered a state" });
  const attempts = meter.createCounter("postd_attempts", { description: "Tries of publish steps by outcome" });
  const calls = meter.createCounter("postd_egress_calls", { description: "Outbound calls by outcome" });
  const callSeconds = histogram("postd_egress_call_seconds", "Time outbound calls took", callBuckets);
  gauge(
    meter.createObservableGauge("postd_oldest_due_seconds", {
      description: "How late the oldest due job is that nobody has looked at",
      unit: "s",
    }),
    async () => (await readings.oldestDueMs()) / 1_000,
  );
  gauge(
    meter.createObservableGauge("postd_queue_waiting", {
      description: "Tasks waiting in the queue engine",
      valueType: ValueType.INT,
    }),
    () => readings.queueWaiting(),
  );
  gauge(
    meter.createObservableGauge("postd_inbound_oldest_seconds", {
      description: "How long the oldest request of a platform has waited that nobody has worked on",
      unit: "s",
    }),
    async () => (await readings.inbound()).oldestMs / 1_000,
  );
  gauge(
    meter.createObservableGauge("postd_inbound_dead", {
      description: "Requests of platforms that were put aside for an operator",
      valueType: ValueType.INT,
    }),
    async () => (await readings.inbound()).dead,
  );
  let spooled: (() => number) | undefined;
  meter
    .createObservableGauge("postd_inbound_spooled", {
      description: "Requests of platforms that this process keeps on this machine until the database is back",
      valueType: ValueType.INT,
    })
    .addCallback((result) => {
      if (spooled) result.observe(spooled());
    });
  const openCircuits = meter.createObservableGauge("postd_circuit_open", {
    description: "Platforms that do not answer; where accounts live on servers of their own, how many of these",
    valueType: ValueType.INT,
  });
  openCircuits.addCallback(async (result) => {
    const open = await readings.openCircuits().catch(() => new Map<string, number>());
    for (const [platform, count] of open) result.observe(count, { platform });
  });
  const budgetWaits = meter.createCounter("postd_budget_waits", {
    description: "Posts and readings that waited for a budget of a platform",
  });
  const hostLabel = cappedLabel(namedHosts);
  const serializer = new PrometheusSerializer();

  return {
    pipeline: {
      published({ platform, latenessMs }) {
        published.add(1, { platform });
        lateness.record(Math.max(0, latenessMs) / 1_000, { platform });
      },
      failed: ({ platform, kind }) => failed.add(1, { platform, kind }),
      moved: ({ state }) => moved.add(1, { state }),
      attempt: ({ platform, step, outcome }) => attempts.add(1, { platform, step, outcome }),
    },
    egress: {
      call({ host, method, outcome, effect, durationMs }) {
        const labels: Attributes = { host: hostLabel(host), method };
        calls.add(1, { ...labels, outcome, effect });
        callSeconds.record(durationMs / 1_000, labels);
      },
    },
    budgets: { waits: ({ budget, what }) => budgetWaits.add(1, { budget, what }) },
    watchSpool(items) {
      spooled = items;
    },
    async render() {
      const { resourceMetrics } = await reader.collect({ timeoutMillis: 5_000 });
      return { contentType: "text/plain; version=0.0.4; charset=utf-8", text: serializer.serialize(resourceMetrics) };
    },
    close: () => provider.shutdown(),
  };
}

function gauge(instrument: ObservableGauge, read: () => Promise<number>): void {
  instrument.addCallback(async (result) => {
    try {
      result.observe(await read());
    } catch {
      // Without a database the figure is unknown, and no line is truer than a stale one.
    }
  });
}

function cappedLabel(most: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.size < most) seen.add(value);
    return seen.has(value) ? value : "other";
  };
}
