import { Agent, buildConnector, Client, type Dispatcher } from "undici";
import { guardedConnector, type Lookup } from "./guard.ts";
import type { Route } from "./route.ts";

export interface Transport {
  /** Pooled connections for calls that may be repeated; a new one, closed afterwards, for those that may not. */
  lease(route: Route, fresh: boolean): { readonly dispatcher: Dispatcher; release(): void };
  close(): Promise<void>;
}

// The caller times the whole call; undici's own timers would only add a second, coarser truth.
const timers = { headersTimeout: 0, bodyTimeout: 0 } as const;

/** Sockets to the outside, guarded or trusted. */
export function createTransport(options: {
  readonly connectTimeoutMs: number;
  readonly lookup?: Lookup | undefined;
}): Transport {
  const connectors = {
    guarded: guardedConnector(options),
    trusted: buildConnector({ timeout: options.connectTimeoutMs }),
  };
  const pool = (via: Route["via"]) =>
    new Agent({ ...timers, connect: connectors[via], connections: 48, pipelining: 1, keepAliveTimeout: 4000 });
  const pools = { guarded: pool("guarded"), trusted: pool("trusted") };
  const single = new Set<Client>();
  return {
    lease(route, fresh) {
      if (!fresh) return { dispatcher: pools[route.via], release: () => {} };
      const client = new Client(route.target.origin, { ...timers, connect: connectors[route.via], pipelining: 1 });
      single.add(client);
      return {
        dispatcher: client,
        release: () => {
          single.delete(client);
          void client.destroy();
        },
      };
    },
    async close() {
      await Promise.all([pools.guarded.destroy(), pools.trusted.destroy(), ...[...single].map((c) => c.destroy())]);
    },
  };
}
