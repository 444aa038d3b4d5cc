import type {
  AfterReconnectRule,
  BackfillDone,
  BackfillInput,
  BackfillOffer,
  ConnectionId,
  HeldReason,
  JsonObject,
  PostId,
  PublishJobId,
  TenantId,
} from "@postd/contracts";
import type { Approvable } from "../domain/approval.ts";
import type { JobPatch } from "../domain/wishes.ts";
import type { NewDeskDecision } from "./desk.ts";
import type { IdempotencyClaim, LockedJob } from "./publishing-store.ts";
import type { Caller, Created, PageInput, ServiceResult } from "./services.ts";
import type { Slice } from "./slice.ts";

/** A post that waits for somebody's word: surely not sent, its time passed, and nobody wished anything of it. */
export interface WaitingRecord {
  readonly jobId: PublishJobId;
  readonly postId: PostId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly format: string;
  readonly text: string;
  readonly plannedFor: Date;
  readonly reason: HeldReason;
  readonly canGo: boolean;
  readonly simulated: boolean;
}

export interface WaitingSummary {
  readonly now: Date;
  readonly count: number;
  readonly canGo: number;
  /** Waiting posts of the account that has most of them. */
  readonly most: number;
  readonly oldestAt: Date | undefined;
  readonly newestAt: Date | undefined;
  readonly ahead: number;
  readonly inDoubt: number;
  readonly afterReconnect: AfterReconnectRule;
  readonly simulated: boolean;
}

/** A waiting job under its lock with what a decision needs beside it. */
export interface LockedWaiting extends LockedJob {
  readonly post: Approvable;
  /** Its account is connected, works, and nobody is disconnecting it. */
  readonly canGo: boolean;
}

export interface BackfillWhich {
  readonly connectionId?: ConnectionId;
  readonly jobIds?: readonly PublishJobId[];
  readonly plannedBefore?: Date;
  /** Only what missed its time since the workspace's rule stands; what missed it before waits for a person. */
  readonly underRule?: true;
}

export interface TenantBackfill {
  summary(connectionId?: ConnectionId): Promise<WaitingSummary>;
  /** In the order they were planned. */
  waiting(page: {
    readonly connectionId?: ConnectionId;
    readonly limit: number;
    readonly after?: { readonly at: Date; readonly id: string };
  }): Promise<Slice<WaitingRecord>>;
  /** Those of these ids that are no job here. */
  unknownOf(ids: readonly PublishJobId[], connectionId?: ConnectionId): Promise<readonly PublishJobId[]>;
  /**
   * Decides about what waits, the oldest first and at most so many, in one transaction: every one is looked at and written
   * under its lock, with the answer that a repeat of the same key gets. Whoever was faster with one of them wins: it is
   * not among them any more.
   */
  decide<V extends object>(input: {
    readonly which: BackfillWhich;
    readonly most: number;
    readonly idempotency?: IdempotencyClaim;
    readonly decide: (found: {
      readonly now: Date;
      readonly waiting: readonly LockedWaiting[];
      /** Others that wait as well, more than `most`. */
      readonly left: number;
      /** When posts of these accounts go out anyway, from now on, in order. */
      readonly taken: ReadonlyMap<string, readonly Date[]>;
      readonly requiresApproval: boolean;
    }) => {
      readonly patches: readonly { readonly jobId: PublishJobId; readonly patch: JobPatch }[];
      readonly decisions: readonly NewDeskDecision[];
      readonly view: V;
    };
  }): Promise<
    | { readonly kind: "new"; readonly view: V }
    | { readonly kind: "replay"; readonly response: JsonObject }
    | { readonly kind: "differs" }
  >;
}

export interface BackfillStore {
  forTenant(tenantId: TenantId): TenantBackfill;
  /**
   * Workspaces whose rule has something to decide about. Where posts are still being missed, as in the minute after a
   * machine came back, they are waited for: in parts they would not keep their order.
   */
  underRule(limit: number): Promise<readonly { readonly tenantId: TenantId; readonly rule: AfterReconnectRule }[]>;
}

/** Posts that missed their time: what waits, and what becomes of it. */
export interface BackfillService {
  offer(caller: Caller, which: { readonly connectionId?: ConnectionId }, page: PageInput): ServiceResult<BackfillOffer>;
  decide(
    caller: Caller,
    which: { readonly connectionId?: ConnectionId },
    input: BackfillInput,
    idempotencyKey?: string,
  ): ServiceResult<Created<BackfillDone>>;
}
