import type { HeldReason } from "@postd/contracts";
import type { PlatformFailure } from "../failure.ts";
import type { Effect } from "../http.ts";

/** Waits before tries 2 to 5, in milliseconds. */
export const retryDelaysMs = [1_000, 3_000, 9_000, 27_000] as const;
/** While a platform is down, a held job asks again this often. */
export const outageCheckMs = 60_000;
/** Longest wait a platform may ask for before the job is shown as held instead of retrying. */
const longestRetryMs = 15 * 60_000;
const quotaDefaultMs = 60 * 60_000;
/** No platform can make a job sleep longer than this, whatever its headers say. */
const longestWaitMs = 30 * 24 * 60 * 60_000;

export interface DecideInput {
  readonly failure: PlatformFailure;
  readonly step: { readonly effect: Effect; readonly repeatable: boolean; readonly settleMs: number };
  /** A visible call left in this run, and the platform's documented refusal did not come back. */
  readonly sent: boolean;
  /** An earlier visible call of this job is still unresolved. */
  readonly mayBeLive: boolean;
  /** Failed tries of this step before this failure. */
  readonly tries: number;
  /** Whether this run already renewed the token. */
  readonly refreshed: boolean;
  /** 0 to 1; spreads retries. */
  readonly random: number;
}

/** Who else waits while this job does: the account's other jobs, or every account of the same app. */
export type Blocks = "nothing" | "account" | "app";

export type Decision =
  | { readonly do: "retry"; readonly afterMs: number; readonly countTry: boolean; readonly blocks: Blocks }
  | { readonly do: "refresh" }
  | {
      readonly do: "hold";
      readonly reason: HeldReason;
      readonly wakeAfterMs?: number;
      readonly breakConnection: boolean;
      readonly blocks: Blocks;
    }
  /** It may be live: look before anything else. */
  | { readonly do: "probe"; readonly afterMs: number; readonly breakConnection: boolean; readonly blocks: Blocks }
  | { readonly do: "fail"; readonly tellOperator: boolean };

/**
 * Whether a run's visible call is left open: it went out, and what came back is not the platform's documented refusal
 * of it. A status, a body nobody knows, a cut line and a failed later read prove nothing.
 */
export const leavesOpen = (sentVisible: boolean, failure: PlatformFailure): boolean =>
  sentVisible && failure.refused !== true;

/** What one failure means for one job. Pure; every kind has exactly one row in STYLE's table of failures. */
export function decide(input: DecideInput): Decision {
  const { failure, step, tries, random } = input;
  const told = byKind(input);
  const blocks = "blocks" in told ? told.blocks : "nothing";
  const breakConnection = told.do === "hold" && told.breakConnection;
  if (input.sent) {
    // Open: the same request again is harmless where it is repeatable, and everything else has to be looked up.
    const delayMs = step.repeatable ? retryDelaysMs[tries] : undefined;
    if (delayMs === undefined || told.do === "refresh" || breakConnection)
      return { do: "probe", afterMs: step.settleMs, breakConnection, blocks };
    const asked = told.do === "retry" ? told.afterMs : 0;
    return { do: "retry", afterMs: Math.max(withJitter(delayMs, random), asked), countTry: true, blocks };
  }
  // This call is surely without effect, an earlier one is not: the job is neither failed nor held before a look.
  if (input.mayBeLive && (told.do === "fail" || told.do === "hold"))
    return { do: "probe", afterMs: failure.kind === "rate_limited" ? waitOf(failure) : 0, breakConnection, blocks };
  return told;
}

/** Said on purpose, so it is said again whenever it is asked. */
export const isSaid = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

function byKind({ failure, tries, refreshed, random }: DecideInput): Decision {
  switch (failure.kind) {
    case "auth_expired":
      if (!refreshed) return { do: "refresh" };
      return failure.retryAfterMs !== undefined && tries === 0 ? again(tries, random, failure.retryAfterMs) : attention;
    case "auth_revoked":
    case "scope_missing":
      return attention;
    case "account_blocked":
      return attention;
    case "operator_must_act":
      return {
        do: "hold",
        reason: "operator",
        wakeAfterMs: bounded(failure.retryAfterMs ?? quotaDefaultMs),
        breakConnection: false,
        blocks: "app",
      };
    case "rate_limited":
      return rateLimited(failure, tries, random);
    case "content_rejected":
      return { do: "fail", tellOperator: false };
    case "unavailable":
      return again(tries, random, failure.retryAfterMs);
    case "outcome_unknown":
      return again(tries, random);
    case "unexpected_response": {
      // Nothing visible was sent: what broke or cannot be read is made again; what was said on purpose is not.
      const exhausted = retryDelaysMs[tries] === undefined;
      if (isSaid(failure.status) || exhausted) return { do: "fail", tellOperator: true };
      return again(tries, random);
    }
    default:
      failure satisfies never;
      throw new Error("a failure kind has no decision");
  }
}

const attention: Decision = { do: "hold", reason: "attention", breakConnection: true, blocks: "nothing" };

function again(tries: number, random: number, askedMs?: number): Decision {
  const delayMs = retryDelaysMs[tries];
  if (delayMs === undefined)
    return { do: "hold", reason: "outage", wakeAfterMs: outageCheckMs, breakConnection: false, blocks: "nothing" };
  return {
    do: "retry",
    afterMs: Math.max(withJitter(delayMs, random), bounded(askedMs ?? 0)),
    countTry: true,
    blocks: "nothing",
  };
}

type RateLimited = Extract<PlatformFailure, { kind: "rate_limited" }>;

/**
 * Every refusal counts, and none is followed sooner than the schedule says: a platform that asks for no wait at all is not
 * asked a thousand times. What lasts holds the account's other posts too, so that they do not each ask for themselves.
 */
function rateLimited(failure: RateLimited, tries: number, random: number): Decision {
  const blocks: Blocks = failure.scope === "app" ? "app" : "account";
  const hold = (wakeAfterMs: number): Decision => ({
    do: "hold",
    reason: "quota",
    wakeAfterMs,
    breakConnection: false,
    blocks,
  });
  const asked = failure.retryAfterMs === undefined ? undefined : bounded(failure.retryAfterMs);
  if (failure.quota) return hold(Math.max(asked ?? quotaDefaultMs, retryDelaysMs[0]));
  const pace = retryDelaysMs[tries];
  if (asked !== undefined && asked > longestRetryMs) return hold(asked);
  if (pace === undefined) return hold(Math.max(asked ?? longestRetryMs, outageCheckMs));
  return { do: "retry", afterMs: withJitter(Math.max(pace, asked ?? 0), random), countTry: true, blocks };
}

const waitOf = (failure: RateLimited): number => bounded(failure.retryAfterMs ?? 0);

/** A wait a platform named, as one that can be slept: no less than nothing, at most a month. */
function bounded(ms: number): number {
  if (Number.isNaN(ms)) return 0;
  return Math.min(Math.max(0, Math.round(ms)), longestWaitMs);
}

/** Up to a fifth later, never earlier. */
function withJitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 + random * 0.2));
}
