import type { Connector } from "@postd/connector-kit";

/** All connectors of an instance, by platform id. */
export interface Registry {
  get(platform: string): Connector | undefined;
  /** Sorted by id. */
  all(): readonly Connector[];
}

/** Throws where two connectors claim one id: which of them publishes must never be a matter of order. */
export function createRegistry(connectors: readonly Connector[]): Registry {
  const byId = new Map<string, Connector>();
  for (const connector of connectors) {
    if (byId.has(connector.id)) throw new Error(`Two connectors have the id "${connector.id}". Rename or remove one.`);
    byId.set(connector.id, connector);
  }
  const sorted = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { get: (platform) => byId.get(platform), all: () => sorted };
}
