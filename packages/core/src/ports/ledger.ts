import type { Effect, OutgoingPost, PublishedRef } from "@postd/connector-kit";
import type { PendingIntent, ProbeRecord, StepChange, VisibleIntent } from "@postd/connector-kit/rules";
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
import type { Wish, WishOutcome } from "../domain/wishes.ts";
import type { JobCircuits, Probe } from "./circuits.ts";
import type { ConnectionWithSecret } from "./connections-repo.ts";
import type { SealedSecret } from "./vault.ts";

export type { PendingIntent, ProbeRecord, VisibleIntent };

/** Why a claim is refused whose steps were written by a version this worker does not know. */
export const otherSteps = "steps of another version";

export interface JobKey {
  readonly tenantId: TenantId;
  readonly jobId: PublishJobId;
}

export interface ClaimedJob extends JobKey {
  readonly postId: PostId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly admission: Extract<Admission, { go: "publish" | "finish" | "probe" | "verify" | "grant" }>["go"];
  readonly state: JobState;
  /** Why it waited before this claim. */
  readonly heldReason: HeldReason | undefined;
  readonly fence: number;
  readonly leaseUntil: Date;
  readonly scheduledFor: Date;
  readonly tries: number;
  readonly post: OutgoingPost;
  readonly fingerprint: string;
  /** The connector's state; undefined before the first step. */
  readonly steps: JsonObject | undefined;
  /** The version of the format that wrote `steps`. */
  readonly stateVersion: number;
  /** Secrets are kept for the steps, in the vault under the job's id. */
  readonly hasSealed: boolean;
  readonly pending: PendingIntent | undefined;
  readonly mayBeLive: boolean;
  readonly visible: VisibleIntent | undefined;
  readonly wish: Wish | undefined;
  readonly published: PublishedRef | undefined;
  readonly probe: ProbeRecord | undefined;
  readonly nativeSchedule: boolean;
  readonly simulated: boolean;
  readonly firstClaim: boolean;
  /** Its connection, where it was read together with the job; absent: not read. */
  readonly connection?: ConnectionWithSecret;
  /** What the claim read of whether its platform answers. */
  readonly circuits: JobCircuits;
  /** This job asks, for all, whether the platform answers again. */
  readonly asksForAll?: Probe;
}

export interface IntentRecord {
  readonly attemptId: string;
  /** `call` and `native` send the post; the others change what is already at the platform. */
  readonly kind: "call" | "native" | "remove" | "edit" | "recall" | "move";
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

/** How a job goes on: what the driver of steps says, and what people asked. Fields left out keep their value. */
export interface JobChange extends Omit<StepChange, "failure" | "sealed"> {
  readonly failure?: JsonObject | null;
  /** The version of the format that wrote `connectorState`. Default 1. */
  readonly stateVersion?: number;
  /** What is kept for the steps from now on; null: nothing. Stored, or not, together with everything else. */
  readonly sealed?: SealedSecret | null;
  /** The wish this claim knows of; one that came meanwhile is looked at as soon as this is written. Absent: none. */
  readonly knownWish?: Wish;
  /** The wish that was carried out or came too late; one that took its place meanwhile stays. */
  readonly granted?: { readonly wish: Wish; readonly outcome: WishOutcome };
  readonly removedBy?: string;
  /** The post that `published` took the place of: kept in the job's history, and no other job's. */
  readonly replaced?: PublishedRef;
  /** Parts of the post are gone, and others are not. Stays so. */
  readonly partsGone?: true;
  readonly scheduledFor?: Date;
  readonly post?: OutgoingPost;
  readonly fingerprint?: string;
}

/**
 * The publish ledger of one tenant's jobs. Every write of a worker names its fence; a write whose fence or lease is
 * old changes nothing and answers false, and the worker stops. No method holds a transaction across a call.
 */
export interface Ledger {
  /**
   * Claims by compare-and-set; anything but a claim is normal: the hint was early, late or repeated. Whatever `admit`
   * says that needs no call to the platform is written here too. A job whose steps were written by a version this worker
   * does not know is refused and left as it is, for a worker that knows it.
   */
  claim(
    input: JobKey & {
      readonly owner: string;
      readonly leaseMs: number;
      readonly lateAfterMs: number;
      /** Whether this worker reads step states of that version; absent: every one. */
      readonly readsSteps?: (steps: {
        readonly platform: string;
        readonly format: string;
        readonly version: number;
      }) => boolean;
    },
  ): Promise<ClaimedJob | { readonly refused: string }>;
  /** Lengthens the lease to at least `leaseMs` from now; undefined: it is lost. */
  renew(input: JobKey & { readonly fence: number; readonly leaseMs: number }): Promise<Date | undefined>;
  /**
   * Commits the intent before an effect call, and with a visible one that the job may be live. `lost`: the lease is gone;
   * `wished`: a person's wish was first. In both cases nothing may be sent.
   */
  intend(
    input: JobKey & {
      readonly fence: number;
      readonly intent: IntentRecord;
      readonly connectorState: JsonObject;
      /** Default 1. */
      readonly stateVersion?: number;
      readonly leaseMs: number;
    },
  ): Promise<{ readonly intentAt: Date; readonly leaseUntil: Date } | "lost" | "wished">;
  /**
   * Commits an answer and how the job goes on, in one transaction. `owned_elsewhere`: another job, of whatever tenant,
   * owns the post that was named; `key_gone`: the key of what is to be kept was removed after sealing. Nothing was written
   * then. A job that becomes `published` with a wish on it wakes at once.
   */
  settle(
    input: JobKey & { readonly fence: number; readonly answer?: AttemptAnswer; readonly change: JobChange },
  ): Promise<"written" | "lost" | "owned_elsewhere" | "key_gone">;
  /**
   * Which of these posts other jobs own, over all tenants and sign-ins, and whether another job that may be live sent the
   * same content to the same platform account. Says nothing else about them.
   */
  owners(
    input: JobKey & { readonly externalIds: readonly string[] },
  ): Promise<{ readonly owned: ReadonlySet<string>; readonly hasRival: boolean }>;
}

type OfConnection = { readonly tenantId: TenantId; readonly connectionId: ConnectionId };

/** Holding and releasing many jobs at once, used when an account or a pause changes. */
export interface JobHolds {
  /** Everything of the connection that is surely not sent is held for attention. Answers how many. */
  holdConnection(input: OfConnection): Promise<number>;
  /** How many posts the platform itself holds for their time; only the platform can stop them. */
  handedOver(input: OfConnection): Promise<number>;
  /** Jobs of it that may be live are looked at as soon as a look can tell, and wishes carried out; answers how many. */
  lookAtOnce(input: OfConnection): Promise<number>;
  /** How many jobs of it may be live this moment, or have a wish under way; those a person was asked about left out. */
  inDoubt(input: OfConnection): Promise<number>;
  /** Jobs that may be live and can be looked at no more ask a person, as soon as there can be an answer. */
  askAboutConnection(input: OfConnection): Promise<number>;
  /** Jobs held for attention wake again; late ones stay held as missed. Answers how many woke. */
  releaseConnection(input: OfConnection): Promise<number>;
}

/** Due rows of all tenants: ids only. */
export interface DueJobs {
  /**
   * Marks due rows as handed over and answers their ids and platforms, longest due first; rows handed lately are left out. What one
   * tenant and one connection have handed and unfinished at a time is bounded, so that nobody is hidden behind them.
   */
  takeDue(limit: number): Promise<
    readonly {
      readonly tenantId: string;
      readonly jobId: string;
      readonly connectionId: string;
      readonly platform: string;
    }[]
  >;
  /** Hints that were handed over and will not be followed: their rows may be handed again at once. */
  giveBack(jobIds: readonly string[]): Promise<void>;
  /** Connections that are being disconnected. */
  endingConnections(): Promise<readonly { readonly tenantId: string; readonly connectionId: string }[]>;
  /** Milliseconds until the next row falls due; undefined: none planned. */
  nextDueInMs(): Promise<number | undefined>;
}
