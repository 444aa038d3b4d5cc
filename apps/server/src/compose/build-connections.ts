import type {
  BudgetLedger,
  Budgets,
  Circuits,
  ConnectionsDeps,
  ConnectorContextPorts,
  ConnectorRegistry,
  Vault,
} from "@postd/core";
import type { FairPool } from "../adapters/blob/fair-pool.ts";
import { createLinkReader } from "../adapters/links/link-reader.ts";
import { createJobHolds } from "../adapters/postgres/ledger/ledger.ts";
import { defaultRules } from "./default-rules.ts";
import type { OpenParts } from "./open-parts.ts";
import { wireConnections } from "./wire-connections.ts";

interface ConnectionParts {
  readonly open: OpenParts;
  readonly registry: ConnectorRegistry;
  readonly vault: Vault;
  readonly media: ConnectorContextPorts["media"];
  readonly pictures: FairPool;
  readonly rights: ConnectionsDeps["rights"];
  readonly publicUrl: string;
  readonly circuits: Circuits;
  readonly budgets: { readonly book: Budgets; readonly ledger: BudgetLedger };
}

/** Everything about connections, and what a connector gets when it is called for one. Opens and holds nothing. */
export function buildConnections(parts: ConnectionParts) {
  const { open, registry, vault, media, pictures, rights, publicUrl, budgets, circuits } = parts;
  const { app, system, egress, settings, clock, log } = open;
  const links = {
    reader: ({ simulated }: { readonly simulated: boolean }) =>
      createLinkReader(egress, { mappedOnly: simulated, pictures }),
  };
  const deps = wireConnections({
    app,
    system,
    vault,
    registry,
    context: { egress, settings, media, clock, log, links, budgets: budgets.book },
    holds: createJobHolds(app.db, defaultRules),
    simulation: settings,
    rights,
    publicUrl,
    budgets,
    circuits,
  });
  return { deps, access: deps.access, context: deps.context, links, apps: deps.apps };
}
