import type { BudgetDeed, BudgetSaid } from "@postd/connector-kit";
import type { ConnectionId, TenantId } from "@postd/contracts";

/** One budget as the ledger is asked about it. Plain data, as it travels to the database. */
export interface AskedBudget {
  /** Its name in the ledger: the platform's id, or the provider's for one of its app, a dot, and the budget's. */
  readonly budget: string;
  readonly scope: "app" | "sign_in" | "account";
  /** One of both. */
  readonly windowMs?: number;
  readonly zone?: string;
  readonly limit?: number;
  /** The part of the limit that may be used by whoever asks. */
  readonly upTo: number;
  readonly units: number;
  /** How long the platform's word holds that names no end. */
  readonly saidForMs: number;
  readonly authKinds?: readonly string[];
  /** The connection whose posts are on their way; budgets of posts only. */
  readonly con?: string;
  readonly job?: string;
  /** When the job took its place; within the window it takes none again. */
  readonly spentAt?: string;
}

export interface BudgetStanding {
  readonly budget: string;
  readonly used: number;
  readonly limit: number | undefined;
  /** When what was used is over, or begins to be. */
  readonly resetsAt: Date | undefined;
  /** When what was asked for fits; undefined: now. */
  readonly freeAt: Date | undefined;
  /** When the platform said so; undefined: it is our count. */
  readonly saidAt: Date | undefined;
}

/** What was counted in this process since it was last written, and the newest word of the platform. */
export interface BudgetEntry extends AskedBudget {
  readonly connection: string;
  readonly said?: Omit<BudgetSaid, "budget"> & { readonly at: Date };
}

/** A post that is planned, or went out, before a moment and within a budget's span of it. */
export interface PlannedPost {
  readonly at: Date;
  readonly format: string;
  readonly parts: number;
}

/** Budgets of platforms as they stand in the database; see migration `rate_budgets` for the arithmetic. */
export interface BudgetLedger {
  /** Where budgets of one connection stand; those of other sign-ins are left out. */
  standings(
    of: { readonly tenantId: TenantId; readonly connectionId: ConnectionId },
    asked: readonly AskedBudget[],
  ): Promise<readonly BudgetStanding[]>;
  /** What the account's plan holds in the span that ends with `at`, earliest first, and when that span ends where it is a day. */
  planned(
    of: { readonly tenantId: TenantId; readonly connectionId: ConnectionId },
    span: { readonly at: Date; readonly windowMs?: number; readonly zone?: string },
  ): Promise<{ readonly posts: readonly PlannedPost[]; readonly endsAt: Date | undefined }>;
  /** Writes what was counted, of all tenants, in one statement; answers where it stands. */
  record(entries: readonly BudgetEntry[]): Promise<
    readonly {
      readonly connection: string;
      readonly budget: string;
      readonly used: number;
      readonly limit: number | undefined;
    }[]
  >;
}

/** What the claim of a job asks before it takes one. */
export interface BudgetBook {
  /** Budgets that the job would spend, or that calls for it count against; none: nothing is asked. */
  asked(job: {
    readonly jobId: string;
    readonly connectionId: string;
    readonly platform: string;
    readonly deed: BudgetDeed;
    readonly spentAt: Date | undefined;
  }): readonly AskedBudget[];
  /** Far from its end, as this process knows for a moment: it is counted with `count` and not asked about. */
  isFar(connectionId: string, asked: AskedBudget): boolean;
  count(connectionId: string, asked: readonly AskedBudget[]): void;
  learn(connectionId: string, standings: readonly BudgetStanding[]): void;
  /** What a person is told of a job that waits. */
  waits(platform: string, standing: BudgetStanding): string;
}
