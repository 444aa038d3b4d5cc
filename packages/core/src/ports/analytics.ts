import type {
  AccountPostView,
  AnalyticsGrouping,
  AnalyticsView,
  ConnectionId,
  PostAnalyticsView,
  PostId,
  TenantId,
} from "@postd/contracts";
import type { AccountPostRecord, NumbersReading } from "./numbers.ts";
import type { Caller, Page, PageInput, ServiceResult } from "./services.ts";

/** A time as it was asked for: a day, a point in time, or nothing. */
export interface PeriodInput {
  readonly from?: string;
  readonly to?: string;
  /** An IANA name; absent: the tenant's. */
  readonly timeZone?: string;
  readonly unit?: "day" | "week" | "month";
}

/** A time that was resolved where its zone is known, and the one before it. */
export interface Period {
  readonly now: Date;
  readonly timeZone: string;
  readonly from: Date;
  readonly to: Date;
  /** As many days, or as many months where these are whole months. It ends at `from`. */
  readonly beforeFrom: Date;
  /** Beginnings of its parts by `unit`; without one, of itself. */
  readonly starts: readonly Date[];
  readonly beforeStarts: readonly Date[];
}

/** Which posts and accounts. */
export interface AnalyticsFilter {
  readonly connectionId?: ConnectionId;
  readonly platform?: string;
  readonly madeElsewhere?: boolean;
}

export interface GroupQuery extends AnalyticsFilter {
  readonly period: Period;
  /** The period before is read too. */
  readonly compare: boolean;
  /** Rows beside the parts of time. */
  readonly key: "platform" | "account" | "none";
  /** Only these accounts. */
  readonly connectionIds?: readonly ConnectionId[];
}

interface Group {
  /** Part of the time, from 1: those before first, then those of the time itself. */
  readonly part: number;
  readonly key: string;
  readonly simulated: boolean;
}

/** Posts made in one part of the time (without `name`), or one number of theirs. */
export interface PostGroup extends Group {
  readonly name: string | undefined;
  readonly posts: number;
  readonly sum: number | undefined;
}

export interface AccountGroup extends Group {
  readonly name: string;
  /** By how much a running total grew, instead of a count of the time. */
  readonly isGrowth: boolean;
  /** undefined: not known. */
  readonly sum: number | undefined;
  /** How many readings it is made of. */
  readonly values: number;
  readonly accounts: number;
}

/** What a running total was last, at most five weeks before the end. */
export interface LastTotal {
  readonly key: string;
  readonly simulated: boolean;
  readonly name: string;
  readonly sum: number;
  readonly accounts: number;
}

export interface AccountStanding {
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly simulated: boolean;
  readonly reading: NumbersReading | undefined;
}

/** Where a list of posts goes on. */
export interface PostPlace {
  /** Milliseconds where the newest come first; else the number, -Infinity where there is none. */
  readonly rank: number;
  readonly id: string;
}

export interface RankedPost extends AccountPostRecord {
  readonly rank: number;
}

/** One tenant's numbers, grouped. */
export interface TenantAnalytics {
  /** undefined: the database does not know the zone. */
  period(input: PeriodInput): Promise<Period | undefined>;
  posts(query: GroupQuery): Promise<readonly PostGroup[]>;
  accounts(query: GroupQuery): Promise<readonly AccountGroup[]>;
  lastTotals(query: GroupQuery): Promise<readonly LastTotal[]>;
  /** Accounts by id. */
  standings(
    page: AnalyticsFilter & { readonly limit: number; readonly after?: string },
  ): Promise<{ readonly rows: readonly AccountStanding[]; readonly more: boolean }>;
  countPosts(query: AnalyticsFilter & { readonly period: Period }): Promise<number>;
  /** Posts with their newest numbers, the newest first or those with most of one number. */
  rankedPosts(
    query: AnalyticsFilter & {
      readonly period: Period;
      readonly sort?: string;
      readonly limit: number;
      readonly after?: PostPlace;
    },
  ): Promise<{ readonly rows: readonly RankedPost[]; readonly more: boolean }>;
}

export interface AnalyticsRepo {
  forTenant(tenantId: TenantId): TenantAnalytics;
}

export interface AnalyticsInput extends AnalyticsFilter, Omit<PeriodInput, "unit"> {
  readonly by: AnalyticsGrouping;
  readonly compare?: boolean;
  readonly sort?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Columns of the table; the first line of a CSV. */
export const analyticsColumns = [
  "period_from",
  "period_to",
  "platform",
  "connection_id",
  "post_id",
  "job_id",
  "account_post_id",
  "made_at",
  "made_elsewhere",
  "permalink",
  "text",
  "posts",
  "of",
  "kind",
  "name",
  "platform_name",
  "value",
  "missing",
  "last",
  "before",
  "change",
  "read_at",
  "delay_ms",
  "simulated",
] as const;

export type AnalyticsLine = Readonly<Partial<Record<(typeof analyticsColumns)[number], string | number | boolean>>>;

/** Numbers of posts and accounts. Ids of other tenants are `not_found`. */
export interface AnalyticsService {
  ofPost(caller: Caller, id: PostId): ServiceResult<PostAnalyticsView>;
  summary(caller: Caller, query: AnalyticsInput): ServiceResult<AnalyticsView>;
  /** The same as lines of a table, all pages one after the other, read as they are taken. */
  table(caller: Caller, query: AnalyticsInput): ServiceResult<AsyncIterable<AnalyticsLine>>;
  accountPosts(
    caller: Caller,
    id: ConnectionId,
    page: PageInput & { readonly madeElsewhere?: boolean },
  ): ServiceResult<Page<AccountPostView>>;
  /** Reads an account's numbers as soon as a worker is free. */
  readNow(caller: Caller, id: ConnectionId): ServiceResult<{ readonly connectionId: ConnectionId }>;
}
