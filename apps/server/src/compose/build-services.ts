import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Provider } from "@postd/connector-kit";
import {
  type ConnectorRegistry,
  createAnalyticsService,
  createAppsService,
  createAuditService,
  createBackfillService,
  createConnectionsService,
  createDeskService,
  createErasureService,
  createHealthService,
  createInboundDeskService,
  createInboundService,
  createInboxService,
  createLinksService,
  createMentionsService,
  createNoticesService,
  createOwnerLinksService,
  createPlatformsService,
  createPublishingService,
  type NoticesDeps,
  newId,
  type PipelineDeps,
  pullPlaces,
  type RequestKeeper,
  standingByPlatform,
} from "@postd/core";
import { createAnalyticsRepo } from "../adapters/postgres/analytics-repo.ts";
import { createAuditRepo } from "../adapters/postgres/audit-repo.ts";
import { createBackfillRepo } from "../adapters/postgres/backfill-repo.ts";
import { isPassing } from "../adapters/postgres/database-error.ts";
import { createDeskRepo } from "../adapters/postgres/desk-repo.ts";
import { createErasuresRepo } from "../adapters/postgres/erasures-repo.ts";
import { createEventFeed } from "../adapters/postgres/events-repo.ts";
import { createInboundDesk } from "../adapters/postgres/inbound-desk.ts";
import { createInboxEntriesRepo } from "../adapters/postgres/inbox-entries-repo.ts";
import { createMentionsRepo } from "../adapters/postgres/mentions-repo.ts";
import { createNumbersRepo } from "../adapters/postgres/numbers-repo.ts";
import { createPublishingStore } from "../adapters/postgres/publishing/store.ts";
import { createRepeatsReader } from "../adapters/postgres/repeats-repo.ts";
import { createEventStreams } from "../http/events/event-streams.ts";
import type { buildConnections } from "./build-connections.ts";
import type { buildPeople } from "./build-people.ts";
import type { buildStorage } from "./build-storage.ts";
import { defaultRules } from "./default-rules.ts";
import type { OpenParts } from "./open-parts.ts";
import { engineName } from "./open-queue.ts";

interface ServiceParts {
  readonly open: OpenParts;
  readonly registry: ConnectorRegistry;
  readonly storage: Awaited<ReturnType<typeof buildStorage>>;
  readonly people: ReturnType<typeof buildPeople>;
  readonly connections: ReturnType<typeof buildConnections>;
  readonly notices: NoticesDeps;
  readonly pipeline: PipelineDeps;
  readonly keeper: RequestKeeper;
  readonly version: string;
}

/** The use cases the API offers, by area. */
export function buildServices(parts: ServiceParts) {
  const { open, registry, storage, people, connections, pipeline, keeper, version } = parts;
  const { app, system, settings, clock } = open;
  const facts = {
    isSimulated: (id: string) => settings.isSimulated(id),
    isConfigured: ({ id }: Provider, setId: string) =>
      settings.appCredentials({ setId, simulated: settings.isSimulated(id) }) !== undefined,
    apiVersion: settings.apiVersion,
  };
  const health = createHealthService({
    reader: open.reader,
    queue: open.queue,
    engine: engineName,
    registry,
    facts,
    clock,
    version,
  });
  const publishing = createPublishingService({
    store: createPublishingStore(app.db, defaultRules),
    registry,
    media: storage.media,
    clock,
    newId,
    lateAfterMs: defaultRules.lateAfterMs,
    log: pipeline.log,
    ...(connections.deps.budgets && { plans: connections.deps.budgets }),
    repeats: createRepeatsReader(app.db),
    pulls: pullPlaces({ ...connections.context, publicUrl: connections.deps.publicUrl }),
    remote: { access: connections.access, registry, clock, contextFor: pipeline.contextFor },
  });
  return {
    publishing,
    apps: createAppsService({
      apps: connections.apps,
      vault: storage.vault,
      registry,
      clock,
      newId,
      publicUrl: connections.deps.publicUrl,
    }),
    erasures: createErasureService({
      erasures: createErasuresRepo({ app: app.db, system: system.db }),
      people: people.repo,
      newId,
    }),
    audit: createAuditService({ audit: createAuditRepo(app.db) }),
    connections: createConnectionsService(connections.deps),
    ownerLinks: createOwnerLinksService(connections.deps),
    backfill: createBackfillService({
      store: createBackfillRepo(app.db, system.db),
      connections: connections.deps.connections,
      registry,
    }),
    desk: createDeskService({ store: createDeskRepo(app.db, system.db), clock }),
    media: storage.media,
    mentions: createMentionsService({ repo: createMentionsRepo(app.db), clock, newId }),
    inboxEntries: createInboxService({
      entries: createInboxEntriesRepo(app.db, system.db),
      connections: connections.deps.connections,
      publishing,
      access: connections.access,
      context: connections.context,
      registry,
    }),
    analytics: createAnalyticsService({
      numbers: createNumbersRepo(app.db, system.db),
      analytics: createAnalyticsRepo(app.db),
      connections: connections.deps.connections,
      registry,
      clock,
    }),
    eventStreams: createEventStreams({
      feed: createEventFeed(app.db, system.db),
      subscribe: (wake) => open.listener.subscribe("postd_events", wake),
      now: () => clock.now(),
      onError: (error) => pipeline.log.warn({ error }, "events could not be handed on to open streams"),
    }),
    links: createLinksService({ reader: connections.links.reader({ simulated: false }) }),
    notices: createNoticesService(parts.notices),
    people: people.service,
    signIn: people.rules,
    platforms: createPlatformsService({
      registry,
      facts,
      health: () => health.platformHealth(),
      standing: (tenantId) => standingByPlatform(connections.deps, tenantId),
    }),
    health,
    inbound: createInboundService({
      registry,
      context: connections.context,
      simulation: settings,
      apps: connections.apps,
      keeper,
      subscriptions: connections.deps.subscriptions,
      vault: storage.vault,
      isPassing,
      sleep: (ms) => sleep(ms, undefined, { ref: false }),
      monotonicMs: () => performance.now(),
      newId: () => newId("webhookEvent"),
      publicUrl: connections.deps.publicUrl,
    }),
    inboundDesk: createInboundDeskService({
      desk: createInboundDesk(app.db),
      connections: connections.deps.connections,
    }),
    metrics: open.metrics,
  };
}
