import type { TenantId } from "@postd/contracts";
import type { OpenCircuit } from "./circuits.ts";

/** One platform's share of jobs that do not move: waiting for it to come back, or between tries. */
export interface PlatformTrouble {
  readonly platform: string;
  /** Jobs held because the platform is down, and when the last was. */
  readonly heldForOutage: number;
  readonly lastHeldAt: Date | undefined;
  readonly retrying: number;
}

/** What the database knows about work flowing, over all tenants; `now` is domain time of the reading. */
export interface FlowReading {
  readonly now: Date;
  readonly canaryRanAt: Date | undefined;
  readonly canaryLatencyMs: number | undefined;
  readonly pausedAt: Date | undefined;
  /** How late the oldest job is whose time has come and that nobody has looked at; 0 when none is. */
  readonly oldestDueMs: number;
  readonly trouble: readonly PlatformTrouble[];
  /** Platforms that do not answer. */
  readonly outages: readonly OpenCircuit[];
  /** Requests of platforms: how long the oldest has waited that nobody worked on, how many wait, how many were put aside. */
  readonly inbound: { readonly oldestMs: number; readonly waiting: number; readonly dead: number };
}

export interface TenantJobs {
  readonly due: number;
  readonly oldestDueMs: number;
  readonly states: Readonly<Record<string, number>>;
}

export interface TenantPlatformFigures {
  readonly platform: string;
  readonly published: number;
  readonly failed: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly simulated: boolean;
}

/** Every method rejects when the database is away. */
export interface HealthReader {
  /** Asks for nothing but an answer; rejects within seconds, also when the database hangs. */
  answers(): Promise<void>;
  flow(): Promise<FlowReading>;
  /** Notes that a canary came through, after `latencyMs`. */
  recordCanary(latencyMs: number): Promise<void>;
  tenantJobs(tenantId: TenantId): Promise<TenantJobs>;
  /** Platforms that do not answer, with what of the tenant waits for them. */
  tenantOutages(tenantId: TenantId): Promise<readonly OpenCircuit[]>;
  tenantFigures(tenantId: TenantId, since: Date): Promise<readonly TenantPlatformFigures[]>;
}
