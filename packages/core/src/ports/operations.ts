import type { InboundAnswer, InboundRequest } from "@postd/connector-kit";
import type {
  HealthView,
  MetricsView,
  PlannedPlatformView,
  PlatformView,
  QueueView,
  ReadyView,
} from "@postd/contracts";
import type { Caller } from "./services.ts";

/** Whether work flows, for probes and people. `ready` never throws; the others may when the database is away. */
export interface HealthService {
  ready(): Promise<ReadyView>;
  health(): Promise<HealthView>;
  queue(caller: Caller): Promise<QueueView>;
  metrics(caller: Caller): Promise<MetricsView>;
}

/** Text exposition of the process's metrics. */
export interface MetricsExposition {
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Why a request was neither taken nor judged by its signature. */
export type InboundFailure =
  | { readonly kind: "unknown_provider" | "unknown_app" | "not_configured" }
  | { readonly kind: "wrong_type"; readonly takes: readonly string[] }
  | { readonly kind: "unavailable"; readonly retryAfterMs: number };

/** What platforms send us. A good request is kept for good before `accepted` is answered. */
export interface InboundService {
  /**
   * `provider`: its id, or that of one of its platforms. `unknown_provider`: none, or one without webhooks.
   * `unknown_app`: nobody here
   * has an app of this id. `not_configured`: no app credentials to check with. `wrong_type`: the provider never sends bodies
   * of this type. `unavailable`: what it is checked with cannot be read now, or there is no room to keep it: to be sent again.
   * `app`: the tenant's own app its address names; then that app's secrets alone are good, and it reaches that app's
   * accounts alone.
   */
  receive(
    provider: string,
    request: InboundRequest,
    /** Default: the instance's own. */
    app?: string,
  ): Promise<InboundAnswer | InboundFailure>;
}

/** The capability matrix with what this instance knows. */
export interface PlatformsService {
  /** As the caller's tenant sees it, and what is to come. */
  list(caller: Pick<Caller, "tenantId">): Promise<{
    readonly items: readonly PlatformView[];
    readonly planned: readonly PlannedPlatformView[];
  }>;
  /** By platform or provider. */
  isSimulated(id: string): boolean;
}

/** First answers of creating requests whose service keeps no record itself. Rows are of one tenant. */
export interface IdempotencyStore {
  /** `fresh`: this request is the first and must `finish` or `forget`. `busy`: the first is still being worked on. */
  begin(input: {
    readonly tenantId: string;
    readonly operation: string;
    readonly key: string;
    readonly bodyHash: string;
  }): Promise<
    | { readonly kind: "fresh" }
    | { readonly kind: "replay"; readonly status: number; readonly response: unknown }
    | { readonly kind: "conflict" }
    | { readonly kind: "busy" }
  >;
  finish(input: {
    readonly tenantId: string;
    readonly operation: string;
    readonly key: string;
    readonly status: number;
    readonly response: unknown;
  }): Promise<void>;
  /** The request failed without effect: the key may be used again. */
  forget(input: { readonly tenantId: string; readonly operation: string; readonly key: string }): Promise<void>;
}
