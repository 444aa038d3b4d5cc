import type { Clock, ConnectorHttp, ConnectorLog, Provider } from "@postd/connector-kit";
import type { Result } from "@postd/contracts";
import {
  fetchPublic,
  type Pace,
  type PublicFetchFailure,
  type PublicFetchLimits,
  type PublicFile,
} from "./fetch-public.ts";
import type { Lookup } from "./guard.ts";
import { findMapping, type HostMapEntry, mappedUrl } from "./host-map.ts";
import { createHostPolicies, defaultHostLimits, type HostLimits } from "./host-policies.ts";
import { type EgressMetrics, type StepHttpDeps, type StepReach, stepHttp } from "./step-http.ts";
import { createTransport } from "./transport.ts";

export interface EgressOptions {
  readonly hostMap: readonly HostMapEntry[];
  /** POSTD_EGRESS_ALLOW: hosts on a LAN, with or without port, `*.` for wildcards. */
  readonly allowHosts: readonly string[];
  readonly clock: Clock;
  readonly log: ConnectorLog;
  readonly metrics?: EgressMetrics;
  readonly hostLimits?: Partial<HostLimits>;
  readonly connectTimeoutMs?: number;
  /** How fast files given as URLs must come. */
  readonly filePace?: Pace;
  readonly userAgent?: string;
  /** Name resolution; only tests give their own. */
  readonly lookup?: Lookup;
}

/** One run of one step, or one call while connecting; hosts are those the provider declares. */
export interface EgressStep extends Omit<StepReach, "hosts" | "customHosts"> {
  readonly provider: Pick<Provider, "hosts" | "customHosts">;
}

/** Implements core's EgressPort. */
export interface Egress {
  forStep(step: EgressStep): ConnectorHttp;
  /** Opens a public file by address, for media given as URLs. */
  fetchPublic(url: string, limits: PublicFetchLimits): Promise<Result<PublicFile, PublicFetchFailure>>;
  /**
   * Where a browser goes for a page of a platform: its simulator, or with `simulated: false` where POSTD_HOST_MAP says.
   * Any other URL comes back unchanged.
   */
  mapBrowserUrl(url: URL, options?: { readonly simulated: boolean }): URL;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/** The only door to the outside: host map, address guard, limits, measures. One per process. */
export function createEgress(options: EgressOptions): Egress {
  const limits = { ...defaultHostLimits, ...options.hostLimits };
  const transport = createTransport({ connectTimeoutMs: options.connectTimeoutMs ?? 10_000, lookup: options.lookup });
  const deps: StepHttpDeps = {
    table: { hostMap: options.hostMap, allowHosts: options.allowHosts },
    transport,
    policies: createHostPolicies(limits),
    limits,
    clock: options.clock,
    log: options.log,
    metrics: options.metrics,
    userAgent: options.userAgent ?? "POSTD/0.1",
  };
  return {
    forStep: ({ provider: { hosts, customHosts = false }, ...step }) => stepHttp(deps, { ...step, hosts, customHosts }),
    fetchPublic: (url, fileLimits) => fetchPublic({ ...deps, filePace: options.filePace }, url, fileLimits),
    mapBrowserUrl(url, { simulated } = { simulated: true }) {
      const mapping = findMapping(options.hostMap, url, simulated ? "simulator" : "override");
      return mapping ? mappedUrl(mapping, url) : url;
    },
    close: () => transport.close(),
  };
}
