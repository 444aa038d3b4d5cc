import type {
  AccountRef,
  MediaInfo,
  OutgoingPost,
  PictureCrop,
  PostLink,
  PostMention,
  ProductTag,
} from "@postd/connector-kit";
import type {
  ConnectionId,
  ConnectionStatus,
  DeskDecisionView,
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
import type { Circuit } from "../domain/circuit.ts";
import type { JobPatch, Meeting, Wish, WishFacts, WishOutcome } from "../domain/wishes.ts";
import type { NewDeskDecision } from "./desk.ts";
import type { ProbeRecord, VisibleIntent } from "./ledger.ts";
import type { Slice } from "./slice.ts";

export interface TargetRecord {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  /** The app it was connected with: the instance's, or the tenant's own. */
  readonly appId: string;
  readonly platform: string;
  readonly account: AccountRef;
  readonly status: ConnectionStatus;
  readonly disconnected: boolean;
  readonly simulated: boolean;
}

/** What an author wrote: base content or a version of it, in which null takes away what the base has. */
export interface ContentRecord {
  readonly text: string;
  readonly format?: string;
  readonly mediaIds: readonly string[];
  /** Parts of pictures the author chose, by the file's id. */
  readonly crops?: Readonly<Record<string, PictureCrop>>;
  readonly options: JsonObject;
  readonly parts?: readonly { readonly text: string }[];
  readonly link?: PostLink | null;
  readonly mentions?: readonly PostMention[];
  readonly hashtags?: readonly string[];
  readonly productTags?: readonly ProductTag[];
  readonly firstComment?: string | null;
}

export interface PostRecord {
  readonly id: PostId;
  readonly status: PostStatus;
  readonly content: ContentRecord;
  readonly versions: Readonly<Record<string, Partial<ContentRecord>>>;
  readonly targets: readonly {
    readonly connectionId: ConnectionId;
    readonly nativeSchedule?: boolean;
    readonly destination?: string;
    readonly simulated?: true;
  }[];
  readonly scheduledFor: Date | undefined;
  readonly metadata: JsonObject;
  readonly createdBy: string;
  /** Who last changed what it says or where it goes: `usr_...` or `key_...`. */
  readonly changedBy: string;
  /** It goes out on an approver's word only; see `domain/approval.ts`. */
  readonly approvalAsked: boolean;
  /** Whose word it had last: an approver's. */
  readonly decidedBy?: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
  /** Somebody asked to delete it and not every job is settled. */
  readonly deleting: boolean;
}

export interface EarlierPost {
  readonly externalPostId: string;
  readonly permalink?: string;
  /** ISO 8601. */
  readonly until: string;
}

export interface JobRecord {
  readonly id: PublishJobId;
  readonly postId: PostId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly state: JobState;
  readonly heldReason: HeldReason | undefined;
  /** The circuit it waits for, or waited for and is yet to go out. */
  readonly waitsFor: Circuit | undefined;
  readonly scheduledFor: Date;
  readonly wakeAt: Date | undefined;
  readonly tries: number;
  readonly post: OutgoingPost;
  readonly mayBeLive: boolean;
  readonly visible: VisibleIntent | undefined;
  readonly firstClaimedAt: Date | undefined;
  readonly wish: Wish | undefined;
  readonly wishOutcome: WishOutcome | undefined;
  /** Parts of it were taken down while others are left: nothing more of it is ever sent. */
  readonly partsGone: boolean;
  readonly removedAt: Date | undefined;
  readonly removedBy: string | undefined;
  readonly successorId: PublishJobId | undefined;
  readonly leaseUntil: Date | undefined;
  readonly externalPostId: string | undefined;
  readonly permalink: string | undefined;
  /** What it was called before an edit made the platform put another post in its place, oldest first. */
  readonly earlierPosts: readonly EarlierPost[];
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
  readonly post: OutgoingPost;
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

/** A job's row with what the rules about wishes need beside it. */
export interface LockedJob {
  readonly job: JobRecord;
  readonly facts: Omit<WishFacts, "can">;
}

/** What a function over locked jobs decides for one of them. */
export interface JobDecision {
  readonly jobId: PublishJobId;
  readonly meeting: Meeting;
}

export interface AcceptInput<V> {
  readonly post: Omit<PostRecord, "createdAt" | "updatedAt" | "version">;
  readonly jobs: readonly NewJob[];
  /** Files the post names. Each is there still when it is taken, and stays as long as the post needs it. */
  readonly files: readonly string[];
  /** Domain time of the request; what is written was created then. */
  readonly now: Date;
  readonly idempotency?: IdempotencyClaim;
  /** Refuse where the same content for the same account and time was taken already. */
  readonly refuseTwins: boolean;
  readonly answer: (post: PostRecord, jobs: readonly JobRecord[]) => V;
}

export type AcceptAnswer<V> =
  | { readonly kind: "new"; readonly view: V }
  | { readonly kind: "replay"; readonly response: JsonObject }
  | { readonly kind: "differs" }
  /** One of its files was deleted meanwhile; nothing was taken. */
  | { readonly kind: "file_gone" }
  | {
      readonly kind: "twin";
      readonly jobId: string;
      readonly connectionId: string;
      readonly createdAt: Date;
    };

export interface TenantPublishing {
  targets(ids: readonly string[]): Promise<readonly TargetRecord[]>;
  media(ids: readonly string[]): Promise<readonly MediaInfo[]>;
  /** Saved mentions; those that are not there are left out. */
  mentions(ids: readonly string[]): Promise<readonly PostMention[]>;
  /** Whether every post of this workspace waits for an approver. */
  requiresApproval(): Promise<boolean>;
  seen(claim: IdempotencyClaim): Promise<IdempotencyAnswer>;
  /**
   * Post, versions, jobs and the idempotency record in one transaction; the answer is made inside it and kept for replays.
   * Accepting and the look for a twin are one: of two identical requests at the same moment one is refused.
   */
  accept<V extends JobView | PostView>(input: AcceptInput<V>): Promise<AcceptAnswer<V>>;
  post(id: string): Promise<{ readonly post: PostRecord; readonly jobs: readonly JobRecord[] } | undefined>;
  /** Newest first, as many as a page holds. Of a job's content lists give the format only. */
  posts(page: {
    readonly limit: number;
    readonly before?: string;
    readonly status?: PostStatus;
    /** Posts only, and no answers to people. */
    readonly withoutAnswers?: boolean;
  }): Promise<Slice<{ readonly post: PostRecord; readonly jobs: readonly JobRecord[] }>>;
  job(id: string): Promise<
    | {
        readonly job: JobRecord;
        readonly attempts: readonly AttemptRecord[];
        /** What people decided about it at the desk, oldest first. */
        readonly decisions?: readonly DeskDecisionView[];
      }
    | undefined
  >;
  jobs(page: {
    readonly limit: number;
    readonly before?: string;
    readonly states?: readonly JobState[];
    readonly connectionId?: string;
    readonly postId?: string;
  }): Promise<Slice<JobRecord>>;
  /** Jobs of the dead-letter desk: failed, unknown, held as missed, and due for over a week and not sent; newest first, at most 1,000. */
  desk(): Promise<readonly JobRecord[]>;
  /**
   * Changes a post and decides for each of its jobs, under the locks of both: what `decide` says of the jobs as they are
   * now is written with it, all or nothing. `undefined`: the post is gone, was edited meanwhile, or one of its `files` was
   * deleted.
   */
  change(input: {
    readonly id: PostId;
    readonly ifVersion: number;
    readonly files?: readonly string[];
    readonly decide: (jobs: readonly LockedJob[]) => {
      /** The post as it shall be; absent: its content stays. */
      readonly post?: Pick<
        PostRecord,
        "status" | "content" | "versions" | "targets" | "scheduledFor" | "changedBy" | "approvalAsked"
      >;
      /** An approver's word, kept with the post. */
      readonly decision?: { readonly by: string; readonly note?: string };
      readonly decided: readonly JobDecision[];
      /** Jobs for targets without one; canceled jobs of the same account name them as their successors. */
      readonly jobs: readonly NewJob[];
      /** `now`: every job is settled. `when_settled`: as soon as they are. */
      readonly remove?: "now" | "when_settled";
    };
  }): Promise<
    | { readonly post: PostRecord; readonly jobs: readonly JobRecord[]; readonly decided: readonly JobDecision[] }
    | undefined
  >;
  /**
   * A person's word on one job, decided under its row's lock. Answers what was decided and the job after it; undefined:
   * there is no such job. `taken`: another job owns the post it was to be linked to.
   */
  act(input: {
    readonly jobId: string;
    readonly decide: (locked: LockedJob) => {
      readonly patch?: JobPatch;
      /** A person's decision, kept with it. */
      readonly decision?: NewDeskDecision;
    };
  }): Promise<JobRecord | "taken" | undefined>;
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
