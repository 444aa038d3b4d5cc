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

export interface NumbersRange {
  readonly since: Date;
  readonly until: Date;
}

export interface Numbers {
  /** How old the platform's numbers may be. */
  readonly delayMs: number;
  /** Most posts one call of `posts` takes; default 1. */
  readonly batchSize?: number;
  /** Numbers of at most `batchSize` posts; one the platform has none of, or does not know, is left out. */
  readonly posts?: (
    refs: readonly (PublishedRef & { readonly format: string })[],
    ctx: ConnectorContext,
  ) => PlatformResult<readonly PostNumbers[]>;
  /** Numbers of the account itself. */
  readonly account?: (range: NumbersRange, ctx: ConnectorContext) => PlatformResult<readonly Metric[]>;
  /** Numbers of a web site that the account stands for. */
  readonly site?: (range: NumbersRange, ctx: ConnectorContext) => PlatformResult<readonly Metric[]>;
}
