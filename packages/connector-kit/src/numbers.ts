import type { ConnectorContext, PlatformResult } from "./context.ts";
import type { PublishedRef } from "./publish.ts";

/** One number with its meaning and its date; a metric the platform does not give is left out, never 0. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  /** The platform's own name for it. */
  readonly platformName: string;
  /** When it held: a running total when it was read, a count of a period at the period's end. */
  readonly at: Date;
  /** Beginning of the period it counts; absent: a running total. */
  readonly since?: Date;
}

/** Numbers of one post. */
export interface PostNumbers {
  readonly externalId: string;
  readonly metrics: readonly Metric[];
}

/** A post that stands on the account, whoever made it. */
export interface AccountPost extends PublishedRef {
  readonly createdAt: Date;
  /** What its numbers are asked with: the format it would have here. */
  readonly format: string;
  /** Absent: the platform does not tell. */
  readonly text?: string;
}

export interface NumbersRange {
  readonly since: Date;
  readonly until: Date;
}

export interface Numbers {
  /** How old the platform's numbers may be: what happened is surely counted this long after. */
  readonly delayMs: number;
  /** Formats whose numbers end, and how long after the post went live: what is not read before is never known. */
  readonly endsAfterMs?: Readonly<Record<string, number>>;
  /** The zone whose whole days `account` counts, by its IANA name. Absent: it gives only totals as of now. */
  readonly dayZone?: string;
  /** Most posts one call of `posts` takes; default 1. */
  readonly batchSize?: number;
  /** Numbers of at most `batchSize` posts; one the platform has none of, or does not know, is left out. */
  readonly posts?: (
    refs: readonly (PublishedRef & { readonly format: string })[],
    ctx: ConnectorContext,
  ) => PlatformResult<readonly PostNumbers[]>;
  /**
   * Posts of the account, newest first, a page at a time, also those made elsewhere; what the platform calls something else
   * (stories, reposts) may be left out. Reading ends where a page holds nothing younger than `since`.
   */
  readonly recent?: (
    input: { readonly since: Date; readonly cursor?: string },
    ctx: ConnectorContext,
  ) => PlatformResult<{ readonly posts: readonly AccountPost[]; readonly cursor?: string }>;
  /** Numbers of the account itself. */
  readonly account?: (range: NumbersRange, ctx: ConnectorContext) => PlatformResult<readonly Metric[]>;
  /** Numbers of a web site that the account stands for. */
  readonly site?: (range: NumbersRange, ctx: ConnectorContext) => PlatformResult<readonly Metric[]>;
}
