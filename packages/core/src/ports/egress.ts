import type { AppCredentials, ConnectorHttp, Effect, MediaAccess, Provider } from "@postd/connector-kit";
import type { TenantId } from "@postd/contracts";

/** The only way out. Everything a connector sends leaves through the `ConnectorHttp` made here. */
export interface EgressPort {
  /**
   * HTTP for one run of one step. `simulated`: no real host is reached, an unmapped one is refused. `leaseRemainingMs`
   * is asked before every effect call, which is refused unless the lease outlives the call's time-out plus a margin.
   */
  forStep(input: {
    readonly provider: Provider;
    readonly effect: Effect;
    readonly repeatable: boolean;
    readonly timeoutMs: number;
    readonly simulated: boolean;
    readonly leaseRemainingMs?: () => number;
    readonly onVisibleCall?: () => void;
  }): ConnectorHttp;
  /** Where a browser goes instead of a simulated authorise page; any other URL comes back unchanged. */
  mapBrowserUrl(url: URL): URL;
}

/** Whether what is connected now would be simulated; a connection keeps the answer it was made with. */
export interface Simulation {
  /** By platform or provider: platforms of one provider are simulated together. */
  isSimulated(id: string): boolean;
}

/** Operator settings of providers: registered apps and API versions. */
export interface ConnectorSettings {
  /** Credentials of a set by its id; undefined: not configured. Simulated ones are the simulator's own. */
  appCredentials(input: { readonly setId: string; readonly simulated: boolean }): AppCredentials | undefined;
  apiVersion(provider: Provider): string;
}

/** Stored media of one tenant, as a connector may use them. */
export interface TenantMedia {
  forTenant(tenantId: TenantId): MediaAccess;
}
