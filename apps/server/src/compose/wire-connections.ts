import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConnectionAccessDeps,
  type ConnectionsDeps,
  type ConnectorContextPorts,
  createConnectionAccess,
  newId,
  tenantAppOpener,
} from "@postd/core";
import { createConnectionsRepo } from "../adapters/postgres/connections-repo.ts";
import { createGrantsRepo } from "../adapters/postgres/grants-repo.ts";
import { createOwnerLinksRepo } from "../adapters/postgres/owner-links-repo.ts";
import type { RolePool } from "../adapters/postgres/pools.ts";
import { createSubscriptionsRepo } from "../adapters/postgres/subscriptions-repo.ts";
import { createTenantAppsRepo } from "../adapters/postgres/tenant-apps-repo.ts";

interface Wiring
  extends Pick<
    ConnectionsDeps,
    "vault" | "registry" | "holds" | "simulation" | "rights" | "publicUrl" | "budgets" | "circuits"
  > {
  readonly app: Pick<RolePool, "db">;
  readonly system: Pick<RolePool, "db">;
  readonly context: Omit<ConnectorContextPorts, "registry" | "tenantApp">;
  /** What a test wants otherwise of opening connections. */
  readonly access?: Partial<ConnectionAccessDeps>;
}

/** Connections on PostgreSQL with everything they ask each other, for the server and for tests of a part of it. */
export function wireConnections(input: Wiring) {
  const { app, system, vault, registry, holds, simulation, rights, publicUrl } = input;
  const { clock, log } = input.context;
  const apps = createTenantAppsRepo({ app: app.db, system: system.db });
  const context: ConnectorContextPorts = { ...input.context, registry, tenantApp: tenantAppOpener({ apps, vault }) };
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
    ...input.access,
  });
  return {
    connections,
    grants: createGrantsRepo(app.db),
    ownerLinks: createOwnerLinksRepo(app.db),
    subscriptions: createSubscriptionsRepo(app.db, system.db),
    apps,
    vault,
    access,
    registry,
    context,
    simulation,
    holds,
    rights,
    clock,
    log,
    newId,
    randomToken: () => randomBytes(32).toString("base64url"),
    publicUrl,
    monotonicMs,
    ...(input.budgets && { budgets: input.budgets }),
    ...(input.circuits && { circuits: input.circuits }),
  } satisfies ConnectionsDeps;
}
