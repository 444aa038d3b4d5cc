import type {
  DeskAuditView,
  DeskDecisionView,
  DeskOutcome,
  DeskReason,
  DeskReasonCount,
  PublishJobId,
  TenantId,
} from "@postd/contracts";
import type { CauseCount, DeskFacts } from "../domain/desk.ts";
import type { Caller, ServiceResult } from "./services.ts";

/** A person's decision about a job at the desk, kept as it was made. */
export interface NewDeskDecision {
  readonly jobId: PublishJobId;
  /** Under which it stood when it was decided. */
  readonly cause: string;
  readonly outcome: DeskOutcome;
  /** `usr_...`, `key_...`, or `system` where a rule of the workspace decided. */
  readonly by: string;
  readonly reason?: DeskReason | undefined;
  readonly note?: string | undefined;
}

export type DecidedCounts = DeskAuditView["decided"];

export interface DeskAudit {
  /** `2026-03-02`, in the workspace's time zone. */
  readonly day: string;
  readonly at: Date;
  readonly oldestAt: Date | undefined;
  readonly causes: readonly (CauseCount & { readonly change: number })[];
  readonly decided: DecidedCounts;
}

export interface TenantDesk {
  /** Jobs at the desk with equal facts, and how many of each. */
  facts(): Promise<{
    readonly now: Date;
    readonly groups: readonly { readonly facts: DeskFacts; readonly count: number; readonly oldestAt: Date }[];
  }>;
  reasons(from: Date, until: Date): Promise<readonly DeskReasonCount[]>;
  decisionsOf(jobId: PublishJobId): Promise<readonly DeskDecisionView[]>;
  /** Newest first. */
  audits(limit: number): Promise<readonly DeskAudit[]>;
  /** Keeps it, and tells people of what waits. false: somebody else wrote this day's. Old ones go with it. */
  keepAudit(audit: DeskAudit): Promise<boolean>;
}

export interface DeskStore {
  forTenant(tenantId: TenantId): TenantDesk;
  /** Workspaces in which it is morning and whose desk was not counted today. */
  dueForAudit(limit: number): Promise<readonly { readonly tenantId: TenantId; readonly day: string }[]>;
}

/** What the desk tells over time. */
export interface DeskService {
  reasons(
    caller: Caller,
    range: { readonly since?: string; readonly until?: string },
  ): ServiceResult<{
    readonly since: string;
    readonly until: string;
    readonly total: number;
    readonly reasons: readonly DeskReasonCount[];
  }>;
  audits(caller: Caller): ServiceResult<{ readonly items: readonly DeskAuditView[] }>;
}
