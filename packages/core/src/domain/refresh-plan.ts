import type { PlatformFailure } from "@postd/connector-kit";
import { placeOfId } from "./spread.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What the sign-in's method declares; see `SignInMethod` in the kit. */
export interface RefreshFacts {
  readonly refreshBeforeMs?: number | undefined;
  /** Each renewal brings a refresh token with a life of its own. */
  readonly rotates?: boolean | undefined;
}

export interface SignInTimes {
  readonly signInId: string;
  /** When the tokens at hand were given. */
  readonly issuedAt: Date;
  /** undefined: it does not end by itself. */
  readonly expiresAt: Date | undefined;
  readonly refreshExpiresAt: Date | undefined;
  /** The next post planned on any account that acts with it. */
  readonly nextDueAt: Date | undefined;
  /** When the platform last confirmed an account of it. */
  readonly provenAt: Date | undefined;
}

/** `until`: later tries are of no use, or somebody else's: after that it is renewed when it is used, or not at all. */
export interface RefreshPlan {
  readonly at: Date;
  readonly until: Date;
  readonly why: "token_ends" | "refresh_token_ends" | "due_post";
}

/** A token that lives no longer than this is renewed when it is used. */
const shortMs = 3 * hour;
/** One that lives this long is renewed days before its end, so that an outage of days costs no sign-in. */
const longMs = 3 * day;
const leads = [7 * day, day] as const;
/** How much earlier than its lead a renewal may be, so that sign-ins made together are not renewed together. */
const spreadMs = { long: 12 * hour, last: 2 * hour, due: 2 * hour } as const;

/**
 * When a sign-in is renewed by itself; undefined: not by itself, as far as is known now. Pure.
 *
 * | the token lives | renewed |
 * | --- | --- |
 * | 3 days or more | 7 days before its end, and 1 day before it where that brought no longer life; earlier where the connector says so |
 * | more than 3 hours | at three quarters of its life: one of 24 hours at 18 |
 * | 3 hours or less | when it is used, when the account is checked, and once in the day before a post that is due; idle ones never |
 *
 * A refresh token with an end of its own is kept alive in the same way where each renewal brings another one. Where it does
 * not, nothing helps but a person, who is told (`expiring_soon`).
 */
export function refreshPlan(facts: RefreshFacts, times: SignInTimes, now: Date): RefreshPlan | undefined {
  const found = [ofToken(facts, times), ofRefreshToken(facts, times), ofPost(times)]
    .filter((plan) => plan !== undefined)
    .filter(({ until }) => until > now);
  return found.sort((a, b) => a.at.getTime() - b.at.getTime())[0];
}

function ofToken({ refreshBeforeMs = 0 }: RefreshFacts, times: SignInTimes): RefreshPlan | undefined {
  const { issuedAt, expiresAt: until } = times;
  if (!until) return undefined;
  const lifeMs = until.getTime() - issuedAt.getTime();
  if (lifeMs <= shortMs) return undefined;
  if (lifeMs < longMs) {
    const at = issuedAt.getTime() + lifeMs * (0.75 - 0.05 * placeOfId(times.signInId));
    return { at: new Date(at), until, why: "token_ends" };
  }
  return beforeEnd(times, until, "token_ends", refreshBeforeMs >= day ? [refreshBeforeMs] : []);
}

const ofRefreshToken = ({ rotates = false }: RefreshFacts, times: SignInTimes): RefreshPlan | undefined =>
  rotates && times.refreshExpiresAt ? beforeEnd(times, times.refreshExpiresAt, "refresh_token_ends", []) : undefined;

/** The first lead whose time is later than when the tokens were given: an earlier one has been taken, or never was. */
function beforeEnd(
  { signInId, issuedAt }: SignInTimes,
  until: Date,
  why: RefreshPlan["why"],
  own: readonly number[],
): RefreshPlan | undefined {
  for (const leadMs of [...own, ...leads].sort((a, b) => b - a)) {
    const earlierMs = placeOfId(signInId) * (leadMs > 2 * day ? spreadMs.long : spreadMs.last);
    const at = new Date(until.getTime() - leadMs - earlierMs);
    if (at > issuedAt) return { at, until, why };
  }
  return undefined;
}

/** Whether it still works is known a day before it is needed: then a person has a day. */
function ofPost({ signInId, issuedAt, expiresAt, nextDueAt, provenAt }: SignInTimes): RefreshPlan | undefined {
  if (!nextDueAt || !expiresAt || expiresAt.getTime() - issuedAt.getTime() > shortMs) return undefined;
  const at = new Date(nextDueAt.getTime() - day + placeOfId(signInId) * spreadMs.due);
  const isProven = [issuedAt, provenAt].some((known) => known !== undefined && known >= at);
  return isProven ? undefined : { at, until: nextDueAt, why: "due_post" };
}

const backoffMs = [minute, 3 * minute, 9 * minute, 27 * minute] as const;

/**
 * When a renewal that taught nothing about the sign-in is tried again: after 1, 3, 9, then every 27 minutes, or what the
 * platform asked for; undefined: that is past the plan's end. `tries`: how many there were in a row. Pure.
 */
export function nextRefreshTry(
  { until }: Pick<RefreshPlan, "until">,
  tries: number,
  failure: PlatformFailure,
  now: Date,
): Date | undefined {
  const ownMs = backoffMs[Math.min(tries, backoffMs.length) - 1] ?? minute;
  const askedMs = "retryAfterMs" in failure ? (failure.retryAfterMs ?? 0) : 0;
  const at = new Date(now.getTime() + Math.max(ownMs, askedMs));
  return at < until ? at : undefined;
}

/** When a sign-in nothing is planned for is looked at again: a post may have been planned, or an account enabled. Pure. */
export const nextRefreshLook = (signInId: string, now: Date): Date =>
  new Date(now.getTime() + 6 * hour - placeOfId(signInId) * hour);
