import type { AccountRef, MediaInfo, OutgoingPost } from "@postd/connector-kit";
import type {
  ConnectionId,
  ConnectionStatus,
  HeldReason,
  JobState,
  JobView,
  JsonObject,
  PostId,
  PostStatus,
  PostView,
  PublishJobId,
  TenantId,
} from "@postd/contracts";
import type { ProbeRecord } from "./ledger.ts";

export interface TargetRecord {
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly account: AccountRef;
  readonly status: ConnectionStatus;
  readonly disconnected: boolean;
  readonly simulated: boolean;
}

/** What an author wrote: base content or a version of it. */
export interface ContentRecord {
  readonly text: string;
  readonly format?: string;
  readonly mediaIds: readonly string[];
  readonly options: JsonObject;
}

export interface PostRecord {
  readonly id: PostId;
  readonly status: PostStatus;
  readonly content: ContentRecord;
  readonly versions: Readonly<Record<string, Partial<ContentRecord>>>;
  readonly targets: readonly { readonly connectionId: ConnectionId; readonly nativeSchedule?: boolean }[];
  readonly scheduledFor: Date | undefined;
  readonly metadata: JsonObject;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
}

export interface JobRecord {
  readonly id: PublishJobId;
  readonly postId: PostId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly state: JobState;
  readonly heldReason: HeldReason | undefined;
  readonly scheduledFor: Date;
  readonly wakeAt: Date | undefined;
  readonly tries: number;
  readonly content: OutgoingPost;
  readonly externalPostId: string | undefined;
  readonly permalink: string | undefined;
  readonly publishedAt: Date | undefined;
  readonly failure: JsonObject | undefined;
  readonly probe: ProbeRecord | undefined;
  readonly needsPerson: boolean;
  readonly nativeSchedule: boolean;
  readonly simulated: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface AttemptRecord {
  readonly id: string;
  readonly step: string;
  readonly kind: string;
  readonly intentAt: Date;
  readonly answeredAt: Date | undefined;
  readonly outcome: string | undefined;
  readonly note: string | undefined;
  readonly latencyMs: number | undefined;
  readonly failure: JsonObject | undefined;
}

export interface NewJob {
  readonly id: PublishJobId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly content: OutgoingPost;
  readonly fingerprint: string;
  readonly scheduledFor: Date;
  /** undefined: at once, by the database's clock, which may be a moment behind ours. */
  readonly wakeAt: Date | undefined;
  readonly nativeSchedule: boolean;
  readonly simulated: boolean;
}

export interface IdempotencyClaim {
  readonly operation: string;
  readonly key: string;
  readonly bodyHash: string;
}

/** `replay`: seen before with the same body, here is the first answer. `differs`: the key was used for another body. */
export type IdempotencyAnswer =
  | { readonly kind: "new" }
  | { readonly kind: "replay"; readonly response: JsonObject }
  | { readonly kind: "differs" };

/** What a person may do to a job; each is one compare-and-set that raises the fence. */
export type PersonAction =
  | { readonly do: "retry"; readonly at?: Date }
  /** Forgets the post the platform was to show, and sends it anew by our clock. */
  | { readonly do: "start_over"; readonly at?: Date }
  | { readonly do: "cancel" }
  | { readonly do: "discard" }
  | { readonly do: "live"; readonly externalPostId: string; readonly permalink?: string };

export interface AcceptInput<V> {
  readonly post: Omit<PostRecord, "createdAt" | "updatedAt" | "version">;
  readonly jobs: readonly NewJob[];
  /** Domain time of the request; what is written was created then. */
  readonly now: Date;
  readonly idempotency?: IdempotencyClaim;
  readonly answer: (post: PostRecord, jobs: readonly JobRecord[]) => V;
}

export type AcceptAnswer<V> =
  | { readonly kind: "new"; readonly view: V }
  | { readonly kind: "replay"; readonly response: JsonObject }
  | { readonly kind: "differs" };

export interface TenantPublishing {
  targets(ids: readonly string[]): Promise<readonly TargetRecord[]>;
  media(ids: readonly string[]): Promise<readonly MediaInfo[]>;
  /** The newest job of the connection with this fingerprint made within the time. */
  recentTwin(input: {
    readonly connectionId: string;
    readonly fingerprint: string;
    readonly withinMs: number;
  }): Promise<{ readonly jobId: string; readonly createdAt: Date } | undefined>;
  seen(claim: IdempotencyClaim): Promise<IdempotencyAnswer>;
  /** Post, versions, jobs and the idempotency record in one transaction; the answer is made inside it and kept for replays. */
  accept<V extends JobView | PostView>(input: AcceptInput<V>): Promise<AcceptAnswer<V>>;
  post(id: string): Promise<{ readonly post: PostRecord; readonly jobs: readonly JobRecord[] } | undefined>;
  posts(page: {
    readonly limit: number;
    readonly before?: string;
    readonly status?: PostStatus;
  }): Promise<readonly { readonly post: PostRecord; readonly jobs: readonly JobRecord[] }[]>;
  job(id: string): Promise<{ readonly job: JobRecord; readonly attempts: readonly AttemptRecord[] } | undefined>;
  jobs(page: {
    readonly limit: number;
    readonly before?: string;
    readonly states?: readonly JobState[];
    readonly connectionId?: string;
    readonly postId?: string;
  }): Promise<readonly JobRecord[]>;
  /** Jobs of the dead-letter desk: failed, unknown and held as missed; newest first, at most 1,000. */
  desk(): Promise<readonly JobRecord[]>;
  /** Replaces a post that no claim has frozen; false: too late or edited meanwhile. New jobs are made for targets without one, lost targets are canceled. */
  rewrite(input: {
    readonly post: PostRecord;
    readonly jobs: readonly NewJob[];
    readonly ifVersion: number;
  }): Promise<boolean>;
  /** Decides a waiting post, making its jobs when approved; false: it was not waiting. */
  decide(input: {
    readonly id: PostId;
    readonly approve: boolean;
    readonly by: string;
    readonly note?: string;
    readonly jobs: readonly NewJob[];
    readonly scheduledFor?: Date;
  }): Promise<boolean>;
  /** Marks a post deleted and cancels its jobs that are not sent; answers all its jobs. */
  remove(id: PostId): Promise<readonly JobRecord[]>;
  /** Compare-and-set on the job's state; undefined: the state does not allow it (any more). */
  act(input: {
    readonly jobId: string;
    readonly action: PersonAction;
    readonly from: readonly JobState[];
  }): Promise<JobRecord | undefined>;
  pause(input: {
    readonly scope: "instance" | "tenant" | "connection";
    readonly connectionId?: string;
    readonly by: string;
  }): Promise<boolean>;
  resume(input: {
    readonly scope: "instance" | "tenant" | "connection";
    readonly connectionId?: string;
  }): Promise<number | undefined>;
}

export interface PublishingStore {
  forTenant(tenantId: TenantId): TenantPublishing;
}
