import type { ConnectionId, ErasureId, ErasureView, TenantId, UserId } from "@postd/contracts";
import type { SessionPrincipal } from "./people.ts";
import type { ServiceResult } from "./services.ts";

/**
 * `accounts`: they are disconnected, as each would be by itself. `files`: files are removed. `rows`: everything else goes in one
 * transaction, which ends in `done`. Each may be begun again after a crash.
 */
export const erasureStages = ["accounts", "files", "rows", "done"] as const;
export type ErasureStage = (typeof erasureStages)[number];

/** What became of a workspace's accounts at one platform. */
export interface AccountsEnded {
  readonly platform: string;
  /** Access withdrawn there. */
  readonly withdrawn: number;
  /** Not withdrawn, and why; the words of `disconnect`. */
  readonly notWithdrawn: Readonly<Record<string, number>>;
}

/** What an erasure did, without anything that names anybody. */
export interface ErasureReport {
  readonly accounts?: readonly AccountsEnded[];
  readonly files?: number;
  /** By table, as many as there were. */
  readonly rows?: Readonly<Record<string, number>>;
  /** Always 0: an erasure that would leave a row takes none. */
  readonly rowsLeft?: number;
}

export interface ErasureRecord {
  readonly id: ErasureId;
  readonly tenantId: TenantId;
  readonly requestedBy: UserId;
  readonly requestedAt: Date;
  readonly stage: ErasureStage;
  readonly stageAt: Date;
  readonly report: ErasureReport;
  readonly finishedAt: Date | undefined;
  readonly takenAt: Date | undefined;
}

/** Workspaces that are being erased, and those that were. */
export interface ErasuresRepo {
  /** From here on nobody works in it. Answers the one that was begun already, if there is one; undefined: no such workspace. */
  begin(input: {
    readonly id: ErasureId;
    readonly tenantId: TenantId;
    readonly by: UserId;
  }): Promise<ErasureRecord | undefined>;
  find(id: ErasureId): Promise<ErasureRecord | undefined>;
  /** Newest first; `by` undefined: everybody's. */
  list(by: UserId | undefined): Promise<readonly ErasureRecord[]>;
  /** To one caller only. */
  takeReport(id: ErasureId): Promise<boolean>;
  /** When what a person asked a platform to have deleted was, by the code the platform was given; undefined: not, or nothing was here. */
  deletionDone(code: string): Promise<Date | undefined>;
  /** Those that are not done, longest waiting first. */
  open(): Promise<readonly ErasureRecord[]>;
  /** Accounts whose access has not ended. */
  accountsLeft(tenantId: TenantId): Promise<readonly ConnectionId[]>;
  /** What became of those that were ended since. */
  accountsEnded(tenantId: TenantId, since: Date): Promise<readonly AccountsEnded[]>;
  fileKeys(tenantId: TenantId): Promise<readonly string[]>;
  advance(id: ErasureId, to: Exclude<ErasureStage, "done">, report: ErasureReport): Promise<void>;
  /** Everything that is left, in one transaction. false: it was done already. */
  eraseRows(id: ErasureId): Promise<boolean>;
}

export interface ErasureService {
  /** An owner, who says its name. Answers at once; the worker does it. */
  erase(me: SessionPrincipal, tenantId: TenantId, confirm: string): ServiceResult<ErasureView>;
  /** Whoever asked for it, or an operator. */
  get(me: SessionPrincipal, id: ErasureId): ServiceResult<ErasureView>;
  list(me: SessionPrincipal): ServiceResult<{ readonly items: readonly ErasureView[] }>;
  /** Once to whoever asked; an operator sees it in the list. */
  takeReport(me: SessionPrincipal, id: ErasureId): ServiceResult<ErasureView>;
  deletionDone(code: string): Promise<Date | undefined>;
}
