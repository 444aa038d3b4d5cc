import type { Effect, OutgoingPost, PublishedRef } from "@postd/connector-kit";
import type {
  ConnectionId,
  HeldReason,
  JobState,
  Json,
  JsonObject,
  PostId,
  PublishJobId,
  TenantId,
} from "@postd/contracts";
import type { Admission } from "../domain/admit.ts";

export interface JobKey {
  readonly tenantId: TenantId;
  readonly jobId: PublishJobId;
}

/** The pending intent of a step: what a repeat sends exactly, and since when. */
export interface PendingIntent {
  readonly attemptId: string;
  readonly step: string;
  readonly prepared: Json;
  /** First intent of this prepared value. */
  readonly intentAt: Date;
  readonly effect: Effect;
  readonly repeatable: boolean;
  readonly timeoutMs: number;
  readonly settleMs: number;
  /** The answer is missing: the process died or the line was cut. */
  readonly open: boolean;
}

/** What probes saw so far. */
export interface ProbeRecord {
  readonly since: string;
  readonly looks: number;
  readonly nextAt?: string;
  readonly saw: readonly JsonObject[];
}

export interface ClaimedJob extends JobKey {
  readonly postId: PostId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly admission: Extract<Admission, { go: "publish" | "probe" | "verify" }>["go"];
  readonly fence: number;
  readonly leaseUntil: Date;
  readonly scheduledFor: Date;
  readonly tries: number;
  readonly post: OutgoingPost;
  readonly fingerprint: string;
  /** The connector's state; undefined before the first step. */
  readonly state: JsonObject | undefined;
  readonly pending: PendingIntent | undefined;
  readonly published: PublishedRef | undefined;
  readonly probe: ProbeRecord | undefined;
  readonly nativeSchedule: boolean;
  readonly simulated: boolean;
  readonly firstClaim: boolean;
}

export interface IntentRecord {
  readonly attemptId: string;
  readonly kind: "call" | "probe" | "native";
  readonly step: string;
  readonly effect: Effect;
  readonly repeatable: boolean;
  readonly timeoutMs: number;
  readonly settleMs: number;
  readonly prepared: Json;
  readonly fingerprint: string;
  readonly note: string;
}

export interface AttemptAnswer {
  readonly attemptId: string;
  readonly outcome: "ok" | "waiting" | "failed" | "unknown" | "lost";
  readonly failure?: JsonObject;
  readonly note?: string;
  readonly latencyMs?: number;
}

/** How a job goes on. Fields left out keep their value; `undefined` states are never written. */
export interface JobChange {
  readonly state: JobState;
  readonly heldReason?: HeldReason;
  /** Milliseconds from domain now; "lease" wakes when the lease ends (still working); null: never by itself. */
  readonly wake: number | "lease" | null;
  readonly tries?: number;
  readonly connectorState?: JsonObject;
  /** null clears the pending intent, "keep" (default) leaves it, "answered" marks that its answer is known. */
  readonly pending?: null | "keep" | "answered";
  readonly published?: PublishedRef;
  /** Sets published_at; only for the state `published`. */
  readonly failure?: JsonObject | null;
  readonly probe?: ProbeRecord | null;
  readonly needsPerson?: boolean;
  /** false: the platform no longer holds the clock, POSTD does. */
  readonly nativeSchedule?: false;
  /** Whether the in-flight mark stays. Default: stays for publishing, processing, retrying, unknown. */
  readonly holdsTwin?: boolean;
}

/**
 * The publish ledger of one tenant's jobs. Every write of a worker names its fence; a write whose fence or lease is
 * old changes nothing and answers false, and the worker stops. No method holds a transaction across a call.
 */
export interface Ledger {
  /** Claims by compare-and-set; anything but a claim is normal: the hint was early, late or repeated. */
  claim(
    input: JobKey & { readonly owner: string; readonly leaseMs: number; readonly lateAfterMs: number },
  ): Promise<ClaimedJob | { readonly refused: string }>;
  /** Lengthens the lease to at least `leaseMs` from now; undefined: it is lost. */
  renew(input: JobKey & { readonly fence: number; readonly leaseMs: number }): Promise<Date | undefined>;
  /** Commits the intent before an effect call; undefined: the lease is lost, nothing may be sent. */
  intend(
    input: JobKey & {
      readonly fence: number;
      readonly intent: IntentRecord;
      readonly connectorState: JsonObject;
      readonly leaseMs: number;
    },
  ): Promise<{ readonly intentAt: Date; readonly leaseUntil: Date } | undefined>;
  /** Commits an answer and how the job goes on, in one transaction; false: the lease is lost, or `twin_id` when another job owns the post. */
  settle(
    input: JobKey & {
      readonly fence: number;
      readonly answer?: AttemptAnswer;
      readonly record?: IntentRecord & AttemptAnswer;
      readonly change: JobChange;
    },
  ): Promise<"written" | "lost" | "owned_elsewhere">;
  /** Which of these ids other jobs of the connection already own. */
  owned(input: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly except: PublishJobId;
    readonly externalIds: readonly string[];
  }): Promise<ReadonlySet<string>>;
}

/** Holding and releasing many jobs at once, used when an account or a pause changes. */
export interface JobHolds {
  /** Everything of the connection that is not sent is held for attention. Answers how many. */
  holdConnection(input: { readonly tenantId: TenantId; readonly connectionId: ConnectionId }): Promise<number>;
  /** How many posts the platform itself holds for their time; only the platform can stop them. */
  handedOver(input: { readonly tenantId: TenantId; readonly connectionId: ConnectionId }): Promise<number>;
  /** Jobs held for attention wake again; late ones stay held as missed. Answers how many woke. */
  releaseConnection(input: { readonly tenantId: TenantId; readonly connectionId: ConnectionId }): Promise<number>;
}

/** Due rows of all tenants: ids only. */
export interface DueJobs {
  /** Marks due rows as handed over and answers their ids; rows handed lately are left out. */
  takeDue(limit: number): Promise<readonly { readonly tenantId: string; readonly jobId: string }[]>;
  /** Milliseconds until the next row falls due; undefined: none planned. */
  nextDueInMs(): Promise<number | undefined>;
}
