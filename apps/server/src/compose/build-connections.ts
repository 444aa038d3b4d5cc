import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConnectionsDeps,
  type ConnectorContextPorts,
  type ConnectorRegistry,
  createConnectionAccess,
  newId,
  tenantAppOpener,
  type Vault,
} from "@postd/core";
import type { FairPool } from "../adapters/blob/fair-pool.ts";
import { createLinkReader } from "../adapters/links/link-reader.ts";
import { createConnectionsRepo } from "../adapters/postgres/connections-repo.ts";
import { createGrantsRepo } from "../adapters/postgres/grants-repo.ts";
import { createJobHolds } from "../adapters/postgres/ledger/ledger.ts";
import { createSubscriptionsRepo } from "../adapters/postgres/subscriptions-repo.ts";
import { createTenantAppsRepo } from "../adapters/postgres/tenant-apps-repo.ts";
import { defaultRules } from "./default-rules.ts";
import type { OpenParts } from "./open-parts.ts";

interface ConnectionParts {
  readonly open: OpenParts;
  readonly registry: ConnectorRegistry;
  readonly vault: Vault;
  readonly media: ConnectorContextPorts["media"];
  readonly pictures: FairPool;
  readonly rights: ConnectionsDeps["rights"];
  readonly publicUrl: string;
}

/** Everything about connections, and what a connector gets when it is called for one. Opens and holds nothing. */
export function buildConnections({ open, registry, vault, media, pictures, rights, publicUrl }: ConnectionParts) {
  const { app, system, egress, settings, clock, log } = open;
  const links = {
    reader: ({ simulated }: { readonly simulated: boolean }) =>
      createLinkReader(egress, { mappedOnly: simulated, pictures }),
  };
  const apps = createTenantAppsRepo({ app: app.db, system: system.db });
  const tenantApp = tenantAppOpener({ apps, vault });
  const context: ConnectorContextPorts = { egress, settings, registry, media, clock, log, links, tenantApp };
  const holds = createJobHolds(app.db, defaultRules);
  const connections = createConnectionsRepo(app.db);
  const monotonicMs = () => performance.now();
  const access = createConnectionAccess({
    connections,
    vault,
    registry,
    context,
    holds,
    log,
    sleep: (ms) => sleep(ms),
    monotonicMs,
  });
  const deps: ConnectionsDeps = {
    connections,
    grants: createGrantsRepo(app.db),
    subscriptions: createSubscriptionsRepo(app.db, system.db),
    apps,
    vault,
    access,
    registry,
    context,
    simulation: settings,
    holds,
    rights,
    clock,
    log,
    newId,
    randomToken: () => randomBytes(32).toString("base64url"),
    publicUrl,
    monotonicMs,
  };
  return { deps, access, context, links, apps };
}
