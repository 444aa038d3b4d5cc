import type { PlatformFailure } from "@postd/connector-kit";
import type { ConnectionStatus } from "@postd/contracts";
import { placeOfId } from "./spread.ts";

const minute = 60_000;
const hour = 60 * minute;

/** What a look at an account said about it. */
export type Seen =
  /** It answered. `lacks`: a right without which it does not work; `endsSoon`: a person has to sign in again within days. */
  | { readonly kind: "answered"; readonly lacks: boolean; readonly endsSoon: boolean }
  | { readonly kind: "failed"; readonly failure: PlatformFailure };

/** As many answers in a row that POSTD does not understand mean that the account cannot be relied on. */
export const unreadMost = 3;

/** `said`: the account itself is the matter; `unread`: our reading of it; undefined: nothing was learned. */
export interface CheckOutcome {
  readonly status: ConnectionStatus;
  readonly about: "said" | "unread" | undefined;
  /** Answers in a row that were not understood, this one included. */
  readonly unread: number;
}

/**
 * The status of an account after a look. Pure.
 *
 * | the platform | becomes |
 * | --- | --- |
 * | answers, and everything needed is granted | `healthy`; `expiring_soon` where only a person can make it last longer than 7 days |
 * | answers, and a needed right is lacking | `attention` |
 * | refuses the sign-in, or restricts the account | `attention`; `revoked` where it says that access was taken back, or the account is gone |
 * | answers what POSTD does not understand | as it was, and never better; `attention` with the third in a row |
 * | is down, busy, or refuses our app | as it was: that says nothing about the account |
 */
export function checkOutcome(before: ConnectionStatus, unreadBefore: number, seen: Seen): CheckOutcome {
  if (seen.kind === "answered") {
    const status = seen.lacks ? "attention" : seen.endsSoon ? "expiring_soon" : "healthy";
    return { status, about: "said", unread: 0 };
  }
  const { failure } = seen;
  switch (failure.kind) {
    case "auth_expired":
    case "scope_missing":
    case "account_blocked":
      return { status: "attention", about: "said", unread: 0 };
    case "auth_revoked":
      return { status: failure.withdrawn ? "revoked" : "attention", about: "said", unread: 0 };
    case "unexpected_response": {
      const unread = unreadBefore + 1;
      const isWorn = unread >= unreadMost && before !== "attention" && before !== "revoked";
      return isWorn ? { status: "attention", about: "unread", unread } : { status: before, about: undefined, unread };
    }
    case "rate_limited":
    case "content_rejected":
    case "unavailable":
    case "outcome_unknown":
    case "operator_must_act":
      return { status: before, about: undefined, unread: unreadBefore };
    default:
      failure satisfies never;
      throw new Error("a failure kind says nothing about a check");
  }
}

const everyMs = 6 * hour;
/** Nothing was learned, so it is looked at again sooner. */
const soonMs = 30 * minute;
/** Access that was taken back comes back by a person, who signs in here. */
const revokedMs = 24 * hour;

/**
 * When an account is looked at again: every 6 hours, up to half an hour earlier by its id; sooner where nothing was learned,
 * and when the platform said that a restriction ends. Pure.
 */
export function nextCheck(id: string, status: ConnectionStatus, failure: PlatformFailure | undefined, now: Date): Date {
  const regularMs = (status === "revoked" ? revokedMs : everyMs) - placeOfId(id) * 30 * minute;
  return new Date(now.getTime() + Math.min(regularMs, waitMs(failure, now) ?? regularMs));
}

function waitMs(failure: PlatformFailure | undefined, now: Date): number | undefined {
  switch (failure?.kind) {
    case "unavailable":
    case "outcome_unknown":
    case "rate_limited":
      return Math.max(soonMs, "retryAfterMs" in failure ? (failure.retryAfterMs ?? 0) : 0);
    case "account_blocked":
      return failure.until && failure.until > now
        ? Math.max(minute, failure.until.getTime() - now.getTime())
        : undefined;
    default:
      return undefined;
  }
}
