import type { AccountPost, Metric } from "@postd/connector-kit";
import type { ConnectionId, JsonObject, PostId, TenantId } from "@postd/contracts";
import type { Slice } from "./slice.ts";

/** An account whose numbers are to be read. */
export interface NumbersOwner {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
}

/** A post of an account whose numbers are to be read, as a connector is asked for it. */
export interface ListedPost {
  readonly id: string;
  readonly externalId: string;
  readonly permalink?: string;
  readonly format: string;
  readonly createdAt: Date;
}

/** A post whose numbers may be due, with what its plan depends on. */
export interface DuePost extends ListedPost {
  readonly madeElsewhere: boolean;
  /** Its newest reading. */
  readonly readAt: Date | undefined;
}

/** A post that stands on an account, with its newest numbers. */
export interface AccountPostRecord extends ListedPost {
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly simulated: boolean;
  readonly text: string | undefined;
  /** The job that made it; absent: it was made elsewhere. */
  readonly job: { readonly id: string; readonly postId: string } | undefined;
  readonly readAt: Date | undefined;
  readonly metrics: readonly Metric[];
}

/** How reading an account's numbers went last. */
export interface NumbersReading {
  /** When it last went through. */
  readonly readAt: Date | undefined;
  /** Why it did not since, {kind, message}; absent: it did. */
  readonly failure: JsonObject | undefined;
}

/** What a look at an account begins from. */
export interface LookState extends NumbersReading {
  /** Somebody waits for it: everything is read, whatever is due. */
  readonly asked: boolean;
  /** Its list and its own numbers are due. */
  readonly isDay: boolean;
  /** Looks that failed in a row. */
  readonly failures: number;
}

/** A whole day of the platform. */
export interface NumbersDay {
  readonly since: Date;
  readonly until: Date;
}

/** What came of asking for one post's numbers. */
export interface PostReading {
  readonly id: string;
  /** Absent: it was not asked for; empty: the platform told none. */
  readonly metrics?: readonly Metric[];
  /** The platform left it out of its answer, or says that it is not there. */
  readonly gone?: "left_out" | "said";
  /** Absent: never by itself. */
  readonly nextAt?: Date;
}

/** Numbers of one tenant's accounts and posts. */
export interface TenantNumbers {
  /**
   * Begins a look: nobody else looks before `until`, and what was asked for counts as begun. undefined: it was never looked at.
   */
  begin(connectionId: ConnectionId, until: Date): Promise<LookState | undefined>;
  /** Keeps posts that a platform listed, and those of its own jobs it did not; repeats change nothing but what is new. */
  keepPosts(connectionId: ConnectionId, posts: readonly AccountPost[]): Promise<void>;
  /** Posts whose numbers are to be read now, youngest first. */
  duePosts(connectionId: ConnectionId, limit: number): Promise<readonly DuePost[]>;
  /** Those with numbers are kept; one that had numbers and is left out twice, or said to be gone, is not read again. */
  keepNumbers(readings: readonly PostReading[]): Promise<void>;
  /**
   * Whole days to read, oldest first: those that ended at least `delayMs` ago and were not read yet. The first time the last
   * `first` of them, and never more than `most`.
   */
  days(
    connectionId: ConnectionId,
    which: { readonly zone: string; readonly delayMs: number; readonly first: number; readonly most: number },
  ): Promise<readonly NumbersDay[]>;
  /**
   * Numbers of the account itself. A count of a period takes the place of those it overlaps, a total is kept beside the earlier
   * ones with its growth. `daysUntil`: whole days are read up to here.
   */
  keepAccount(connectionId: ConnectionId, metrics: readonly Metric[], daysUntil?: Date): Promise<void>;
  /** It went through. `day`: its list and own numbers were read, and are again when the day after is over and counted. */
  ended(
    connectionId: ConnectionId,
    next: { readonly day?: { readonly zone: string; readonly delayMs: number } },
  ): Promise<void>;
  /** It did not; nothing of it is looked at before. */
  failed(connectionId: ConnectionId, next: { readonly at: Date; readonly failure: JsonObject }): Promise<void>;
  /** Makes all of it due now, at most once a minute; false: there is no such account, or it is disconnected. */
  hasten(connectionId: ConnectionId): Promise<boolean>;
  list(
    connectionId: ConnectionId,
    page: {
      readonly limit: number;
      readonly before?: { readonly at: Date; readonly id: string };
      readonly madeElsewhere?: boolean;
    },
  ): Promise<Slice<AccountPostRecord>>;
  /** Of one post's jobs; undefined: there is no such post. */
  ofPost(postId: PostId): Promise<PostNumbersRecord | undefined>;
}

export interface PostNumbersRecord {
  readonly targets: readonly (Omit<AccountPostRecord, "id" | "createdAt"> & {
    readonly publishedAt: Date | undefined;
    /** When it is read again; absent: not by itself. */
    readonly nextAt: Date | undefined;
    readonly goneAt: Date | undefined;
    /** Readings at which the platform told none. */
    readonly noneAt: readonly Date[];
  })[];
  /** Earlier readings, oldest first. */
  readonly history: readonly { readonly jobId: string; readonly readAt: Date; readonly metrics: readonly Metric[] }[];
}

export interface NumbersRepo {
  forTenant(tenantId: TenantId): TenantNumbers;
  /** Accounts to read now, over all tenants, longest due first; `onlyAsked`: those somebody waits for. */
  due(input: { readonly limit: number; readonly onlyAsked: boolean }): Promise<readonly NumbersOwner[]>;
}
