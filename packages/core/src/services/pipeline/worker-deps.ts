import type { Clock, ConnectorContext, Effect, PlatformFailure } from "@postd/connector-kit";
import type { Circuits } from "../../ports/circuits.ts";
import type { ConnectionAccess, OpenConnection } from "../../ports/connection-access.ts";
import type { AttemptAnswer, Ledger } from "../../ports/ledger.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { JobSecrets } from "./job-secrets.ts";

export interface PipelineSettings {
  /**
   * How long a claim lasts before another worker may take over, and so how long a job rests after a crash. A worker that
   * lives keeps it; a visible call lengthens it by what that call may take.
   */
  readonly leaseMs: number;
  /** A visible call needs this much lease beyond its own time-out. */
  readonly leaseMarginMs: number;
  /** A job this late does not go out by itself. */
  readonly lateAfterMs: number;
  /** Name of this process in leases. */
  readonly owner: string;
}

export interface PipelineLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What happened, for metrics and live updates; never content or secrets. */
export interface PipelineEvents {
  published(event: {
    readonly platform: string;
    readonly latenessMs: number;
    readonly jobId: string;
    readonly tenantId: string;
  }): void;
  failed(event: {
    readonly platform: string;
    readonly kind: PlatformFailure["kind"];
    readonly jobId: string;
    readonly tenantId: string;
  }): void;
  moved(event: { readonly state: string; readonly jobId: string; readonly tenantId: string }): void;
  /** One try of one step ended, and its answer is in the ledger. */
  attempt(event: {
    readonly platform: string;
    readonly step: string;
    readonly outcome: AttemptAnswer["outcome"];
    readonly jobId: string;
    readonly tenantId: string;
  }): void;
}

export interface PipelineDeps {
  readonly ledger: Ledger;
  readonly secrets: JobSecrets;
  readonly access: ConnectionAccess;
  /** Absent: nobody counts who answers, and nothing waits for it. */
  readonly circuits?: Pick<Circuits, "heard">;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly log: PipelineLog;
  readonly events: PipelineEvents;
  readonly settings: PipelineSettings;
  readonly newAttemptId: () => string;
  readonly random: () => number;
  readonly randomBits: (bits: number) => bigint;
  /** A connector's context for one call; effect calls are refused when the lease is too short. */
  readonly contextFor: (input: {
    readonly connection: OpenConnection;
    readonly effect: Effect;
    readonly repeatable: boolean;
    readonly timeoutMs: number;
    readonly leaseRemainingMs: () => number;
    /** Called after a visible call of which bytes may have left; its failure proves nothing by itself. */
    readonly onVisibleCall?: () => void;
  }) => ConnectorContext;
  /** The database could not be reached, or the process is ending: nothing can be written now, and the lease ends by itself. */
  readonly isPassing: (error: unknown) => boolean;
  /** Calls `fn` again and again by the process's own clock until the answer is called; keeps leases of long steps. */
  readonly every: (ms: number, fn: () => void) => () => void;
}
