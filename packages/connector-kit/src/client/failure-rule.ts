import type { Clock } from "../context.ts";
import type { FailureDetail, PlatformFailure, PlatformFailureKind } from "../failure.ts";
import type { Effect, HttpResponse } from "../http.ts";

/** What a platform's own error body says, read by the connector's schema. */
export interface Said {
  /** Its codes, the most telling first: reason, sub-code, code. */
  readonly codes: readonly string[];
  /** What is kept of them with the failure; default the first, nothing where it is empty. */
  readonly name?: string;
  /** The body is not whole, or leaves open what was done: nothing of it counts as `refused`. */
  readonly proves?: false;
  readonly words?: string | undefined;
  readonly requestId?: string | undefined;
  /** The field the platform blames, in words of a post: `text`, `media.0`, `options.title`. */
  readonly field?: string | undefined;
  /** A wait that stands in the body. */
  readonly waitMs?: number | undefined;
}

/** What only the caller knows about a call that failed. */
export interface FailureHint {
  /** What was asked for: an object that is gone is the post's trouble, an account that is gone the connection's. */
  readonly about?: "account" | "object";
  /** Permissions the call needs, named when the platform says one is missing. */
  readonly needs?: readonly string[];
  /** The field to blame where neither rule nor platform does. */
  readonly field?: string;
  /** What was tried, as in "we tried to publish the post"; by the call's effect where absent. */
  readonly did?: string;
}

/**
 * What one code or status means. `missing`: what was asked for is not there. `outcome_unknown`: the platform does not
 * know itself; a read may then be repeated. Every other kind says that nothing was done.
 */
export interface FailureRule {
  readonly kind: PlatformFailureKind | "missing";
  /** Conditions; the first rule of a list that fits counts. A rule fits 5xx answers only where `status` names it. */
  readonly status?: number;
  readonly effect?: Effect;
  /** Tried on the platform's words, and only where the codes do not tell: name the source. */
  readonly words?: RegExp;
  /** Said to people in place of the platform's words; a function is told those and what was tried. */
  readonly say?: string | ((words: string, did: string) => string);
  readonly field?: string;
  readonly reason?: string;
  readonly what?: string;
  readonly link?: string;
  /** The wait where the answer names none; for `account_blocked` until when. */
  readonly waitMs?: number;
  /** The wait is never shorter, whatever the answer names. */
  readonly leastMs?: number;
  readonly quota?: true;
  readonly scope?: "app";
  /** With `auth_revoked`: the platform says that the person took the access back, or that the account is gone. */
  readonly withdrawn?: true;
  /** It is likely, and not the platform's own word: never marked `refused`. */
  readonly guess?: true;
}

/** One rule, several in order, or a function where only the answer's headers tell. */
export type Rules = FailureRule | readonly FailureRule[] | ((res: HttpResponse) => FailureRule);

/** The first rule that fits an answer; `any`: one that names no status fits a 5xx too. */
export function fitting(rules: Rules | undefined, res: HttpResponse, words = "", any = false): FailureRule | undefined {
  const given = typeof rules === "function" ? rules(res) : rules;
  const list = given === undefined ? [] : "kind" in given ? [given] : given;
  return list.find(
    (rule) =>
      (rule.status === undefined ? any || res.status < 500 : rule.status === res.status) &&
      (rule.effect === undefined || rule.effect === res.effect) &&
      (rule.words === undefined || rule.words.test(words)),
  );
}

/** A call an audience may see ended in words that prove nothing: it may have happened. */
export function unsure({ message, platformCode, requestId, status, cause }: PlatformFailure): PlatformFailure {
  return {
    kind: "outcome_unknown",
    message,
    ...(platformCode !== undefined && { platformCode }),
    ...(requestId !== undefined && { requestId }),
    ...(status !== undefined && { status }),
    ...(cause !== undefined && { cause }),
  };
}

/** The failure a rule makes of an answer. Pure. */
export function failureByRule(
  rule: FailureRule,
  given: {
    readonly detail: FailureDetail & { readonly status: number };
    readonly effect: Effect;
    readonly hint: FailureHint;
    readonly waitMs: number | undefined;
    readonly clock: Clock;
    readonly field: string | undefined;
  },
): PlatformFailure {
  const { detail, effect, hint } = given;
  const ownMs = given.waitMs ?? rule.waitMs;
  const waitMs = rule.leastMs === undefined ? ownMs : Math.max(ownMs ?? 0, rule.leastMs);
  const wait = waitMs === undefined ? {} : { retryAfterMs: waitMs };
  const rejected = (reason: string, fallback: string): PlatformFailure => ({
    ...detail,
    kind: "content_rejected",
    field: rule.field ?? given.field ?? hint.field ?? fallback,
    reason: rule.reason ?? reason,
  });
  switch (rule.kind) {
    case "auth_expired":
      return { ...detail, kind: rule.kind, ...(rule.waitMs !== undefined && { retryAfterMs: rule.waitMs }) };
    case "auth_revoked":
      return { ...detail, kind: rule.kind, ...(rule.withdrawn && { withdrawn: true }) };
    case "unexpected_response":
      return { ...detail, kind: rule.kind };
    case "scope_missing":
      return { ...detail, kind: "scope_missing", scopes: hint.needs ?? [] };
    case "rate_limited":
      return {
        ...detail,
        ...wait,
        kind: "rate_limited",
        ...(rule.quota && { quota: true }),
        ...(rule.scope && { scope: rule.scope }),
      };
    case "content_rejected":
      return rejected(detail.platformCode ?? "refused", "text");
    case "missing":
      // Gone, or not to be seen by this sign-in: most platforms say the same for both.
      return hint.about === "object"
        ? rejected("missing", "post")
        : { ...detail, kind: "scope_missing", scopes: hint.needs ?? [] };
    case "unavailable":
      return { ...detail, ...wait, kind: "unavailable" };
    case "outcome_unknown":
      return effect === "none" ? { ...detail, ...wait, kind: "unavailable" } : { ...detail, kind: "outcome_unknown" };
    case "operator_must_act":
      return {
        ...detail,
        ...wait,
        kind: "operator_must_act",
        what: rule.what ?? "the app registered at the platform",
        ...(rule.link && { link: rule.link }),
      };
    case "account_blocked":
      return {
        ...detail,
        kind: "account_blocked",
        ...(waitMs !== undefined && { until: new Date(given.clock.now().getTime() + waitMs) }),
      };
    default:
      return rule.kind satisfies never;
  }
}
