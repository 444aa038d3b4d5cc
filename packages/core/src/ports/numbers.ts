import type { AccountPost, Metric } from "@postd/connector-kit";
import type {
  AccountPostView,
  AnalyticsView,
  ConnectionId,
  JsonObject,
  PostAnalyticsView,
  PostId,
  TenantId,
} from "@postd/contracts";
import type { Caller, Page, PageInput, ServiceResult } from "./services.ts";
import type { Slice } from "./slice.ts";

/** An account whose numbers are to be read. */
export interface NumbersOwner {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
}

/** A post of an account whose numbers are to be read, as a connector is asked for it. */
export interface DuePost {
  readonly id: string;
  readonly externalId: string;
  readonly permalink?: string;
  readonly format: string;
  readonly createdAt: Date;
}

/** A post that stands on an account, with its newest numbers. */
export interface AccountPostRecord extends DuePost {
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

/** Numbers of one tenant's accounts and posts. */
export interface TenantNumbers {
  reading(connectionId: ConnectionId): Promise<NumbersReading | undefined>;
  /** Keeps posts that a platform listed, and those of its own jobs it did not; repeats change nothing but what is new. */
  keepPosts(connectionId: ConnectionId, posts: readonly AccountPost[]): Promise<void>;
  /** Posts whose numbers are to be read now, youngest first. */
  duePosts(connectionId: ConnectionId, limit: number): Promise<readonly DuePost[]>;
  /** What came of asking for them; one without numbers is only asked again later. `nextAt` absent: never by itself. */
  keepNumbers(
    readings: readonly { readonly id: string; readonly metrics?: readonly Metric[]; readonly nextAt?: Date }[],
  ): Promise<void>;
  /** Numbers of the account itself; one that is read again takes the place of the earlier reading. */
  keepAccount(connectionId: ConnectionId, metrics: readonly Metric[]): Promise<void>;
  /** Nobody else looks at it before; it says nothing of how this look goes. */
  putOff(connectionId: ConnectionId, until: Date): Promise<void>;
  /** When the account is looked at again, and why this look failed. */
  ended(connectionId: ConnectionId, next: { readonly at: Date; readonly failure?: JsonObject }): Promise<void>;
  /** Makes it due now; false: there is no such account, or it is disconnected. */
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
  /** Of all posts made in a time, and of the accounts. */
  summary(input: AnalyticsQuery): Promise<NumbersSummary>;
}

export interface PostNumbersRecord {
  readonly targets: readonly (Omit<AccountPostRecord, "id" | "createdAt"> & {
    readonly publishedAt: Date | undefined;
  })[];
  /** Earlier readings, oldest first. */
  readonly history: readonly { readonly jobId: string; readonly readAt: Date; readonly metrics: readonly Metric[] }[];
}

export interface AnalyticsQuery {
  readonly from: Date;
  readonly to: Date;
  readonly connectionId?: ConnectionId;
  readonly platform?: string;
}

export interface NumbersSummary {
  readonly totals: readonly {
    readonly platform: string;
    readonly simulated: boolean;
    readonly madeElsewhere: boolean;
    readonly name: string;
    readonly total: number;
    /** Posts that have this number. */
    readonly posts: number;
  }[];
  readonly posts: readonly {
    readonly platform: string;
    readonly simulated: boolean;
    readonly madeElsewhere: boolean;
    readonly count: number;
    readonly oldestReadAt: Date | undefined;
  }[];
  readonly accounts: readonly {
    readonly connectionId: ConnectionId;
    readonly platform: string;
    readonly simulated: boolean;
    readonly reading: NumbersReading | undefined;
    readonly metrics: readonly Metric[];
  }[];
}

export interface NumbersRepo {
  forTenant(tenantId: TenantId): TenantNumbers;
  /** Accounts to read now, over all tenants, longest due first; `onlyAsked`: those somebody waits for. */
  due(input: { readonly limit: number; readonly onlyAsked: boolean }): Promise<readonly NumbersOwner[]>;
}

/** Numbers of posts and accounts. Ids of other tenants are `not_found`. */
export interface AnalyticsService {
  ofPost(caller: Caller, id: PostId): ServiceResult<PostAnalyticsView>;
  summary(
    caller: Caller,
    query: {
      readonly from?: string;
      readonly to?: string;
      readonly connectionId?: ConnectionId;
      readonly platform?: string;
    },
  ): ServiceResult<AnalyticsView>;
  accountPosts(
    caller: Caller,
    id: ConnectionId,
    page: PageInput & { readonly madeElsewhere?: boolean },
  ): ServiceResult<Page<AccountPostView>>;
  /** Reads an account's numbers as soon as a worker is free. */
  readNow(caller: Caller, id: ConnectionId): ServiceResult<{ readonly connectionId: ConnectionId }>;
}
