import type { Clock, ConnectorLog } from "@postd/connector-kit";
import type { BudgetLedger } from "../../ports/budgets.ts";
import type { Circuits } from "../../ports/circuits.ts";
import type { ConnectionAccess } from "../../ports/connection-access.ts";
import type { ConnectionsRepo, GrantsRepo } from "../../ports/connections-repo.ts";
import type { Simulation } from "../../ports/egress.ts";
import type { JobHolds } from "../../ports/ledger.ts";
import type { OwnerLinksRepo } from "../../ports/owner-links.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { StandingRights } from "../../ports/sign-in.ts";
import type { SubscriptionsRepo } from "../../ports/subscriptions.ts";
import type { TenantAppsRepo } from "../../ports/tenant-apps.ts";
import type { Vault } from "../../ports/vault.ts";
import type { Budgets } from "../budgets/budget-book.ts";
import type { ConnectorContextPorts } from "../connector-context.ts";
import type { NewId } from "../new-id.ts";

/** What connecting and managing accounts is made of. */
export interface ConnectionsDeps {
  readonly connections: ConnectionsRepo;
  readonly grants: GrantsRepo;
  readonly ownerLinks: OwnerLinksRepo;
  readonly subscriptions: SubscriptionsRepo;
  readonly apps: Pick<TenantAppsRepo, "forTenant">;
  readonly vault: Vault;
  readonly access: ConnectionAccess;
  readonly registry: ConnectorRegistry;
  readonly context: ConnectorContextPorts;
  readonly simulation: Simulation;
  readonly holds: JobHolds;
  /** Absent: nobody counts. */
  readonly budgets?: {
    readonly book: Pick<Budgets, "ofPlatform" | "readingWaits">;
    readonly ledger: Pick<BudgetLedger, "standings" | "planned">;
  };
  /** Absent: nobody knows whether platforms answer. */
  readonly circuits?: Pick<Circuits, "troubled">;
  /** Whoever started a sign-in must still have the right when it ends. */
  readonly rights: StandingRights;
  readonly clock: Clock;
  readonly log: ConnectorLog;
  readonly newId: NewId;
  /** URL-safe text with at least 256 random bits, for states and links. */
  readonly randomToken: () => string;
  /** Where people and platforms reach this instance, without a slash at the end; registered addresses begin with it. */
  readonly publicUrl: string;
  /** For measuring checks; not a domain rule. */
  readonly monotonicMs: () => number;
}
