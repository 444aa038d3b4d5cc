import type { Effect, PlatformFailure } from "@postd/connector-kit";
import type { HeldReason } from "@postd/contracts";

/** Waits before tries 2 to 5, in milliseconds. */
export const retryDelaysMs = [1_000, 3_000, 9_000, 27_000] as const;
/** While a platform is down, a held job asks again this often. */
export const outageCheckMs = 60_000;
/** Longest wait a platform may ask for before the job is shown as held instead of retrying. */
const longestRetryMs = 15 * 60_000;
const quotaDefaultMs = 60 * 60_000;

export interface DecideInput {
  readonly failure: PlatformFailure;
  readonly step: { readonly effect: Effect; readonly repeatable: boolean; readonly settleMs: number };
  /** Failed tries of this step before this failure. */
  readonly tries: number;
  /** Whether this run already renewed the token. */
  readonly refreshed: boolean;
  /** 0 to 1; spreads retries. */
  readonly random: number;
}

export type Decision =
  /** Try again later. `blockConnection`: nothing else of the connection starts before. */
  | { readonly do: "retry"; readonly afterMs: number; readonly countTry: boolean; readonly blockConnection: boolean }
  | { readonly do: "refresh" }
  | {
      readonly do: "hold";
      readonly reason: HeldReason;
      readonly wakeAfterMs?: number;
      readonly breakConnection: boolean;
    }
  /** It may be live: look before anything else. */
  | { readonly do: "probe"; readonly afterMs: number }
  | { readonly do: "fail"; readonly tellOperator: boolean };

/** What one failure means for one job. Pure; every kind has exactly one row in STYLE's table of failures. */
export function decide({ failure, step, tries, refreshed, random }: DecideInput): Decision {
  switch (failure.kind) {
    case "auth_expired":
      return refreshed ? { do: "hold", reason: "attention", breakConnection: true } : { do: "refresh" };
    case "auth_revoked":
    case "scope_missing":
      return { do: "hold", reason: "attention", breakConnection: true };
    case "rate_limited":
      return rateLimited(failure, tries, random);
    case "account_blocked":
      return { do: "hold", reason: "attention", breakConnection: true };
    case "operator_must_act":
      return {
        do: "hold",
        reason: "operator",
        wakeAfterMs: failure.retryAfterMs ?? quotaDefaultMs,
        breakConnection: false,
      };
    case "content_rejected":
      return { do: "fail", tellOperator: false };
    case "unavailable":
      return again(tries, random, failure.retryAfterMs);
    case "outcome_unknown":
      return mayDouble(step) ? { do: "probe", afterMs: step.settleMs } : again(tries, random);
    case "unexpected_response":
      // A success we cannot read, or a broken server, may still have shown the post.
      if (mayDouble(step) && (failure.status < 300 || failure.status >= 500))
        return { do: "probe", afterMs: step.settleMs };
      return { do: "fail", tellOperator: true };
    default:
      failure satisfies never;
      throw new Error("a failure kind has no decision");
  }
}

/** Only a visible call that may not be repeated can make a twin; a lost invisible one costs an orphan. */
export function mayDouble(step: { readonly effect: Effect; readonly repeatable: boolean }): boolean {
  return step.effect === "visible" && !step.repeatable;
}

function again(tries: number, random: number, askedMs?: number): Decision {
  const delayMs = retryDelaysMs[tries];
  if (delayMs === undefined)
    return { do: "hold", reason: "outage", wakeAfterMs: outageCheckMs, breakConnection: false };
  return {
    do: "retry",
    afterMs: Math.max(withJitter(delayMs, random), askedMs ?? 0),
    countTry: true,
    blockConnection: false,
  };
}

function rateLimited(
  failure: { readonly retryAfterMs?: number; readonly quota?: boolean },
  tries: number,
  random: number,
): Decision {
  if (failure.quota)
    return { do: "hold", reason: "quota", wakeAfterMs: failure.retryAfterMs ?? quotaDefaultMs, breakConnection: false };
  const delayMs = failure.retryAfterMs ?? retryDelaysMs[tries];
  if (delayMs === undefined || delayMs > longestRetryMs)
    return { do: "hold", reason: "quota", wakeAfterMs: delayMs ?? longestRetryMs, breakConnection: false };
  const exact = failure.retryAfterMs !== undefined;
  return { do: "retry", afterMs: withJitter(delayMs, random), countTry: !exact, blockConnection: true };
}

/** Up to a fifth later, never earlier. */
function withJitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 + random * 0.2));
}
