import {
  type Clock,
  type FailureDetail,
  type HttpResponse,
  type PlatformFailure,
  refusedBy,
  retryAfterMs,
  serverFailure,
  storableRemark,
} from "@postd/connector-kit";
import { z } from "zod";
import { codeRules, limitRules, type Meaning, proofRule, type Rule, subcodeRules } from "./error-codes.ts";
import { plain } from "./plain.ts";
import { regainAccessMs } from "./usage.ts";

const words = z.string().optional().catch(undefined);
/** @source platforms/meta.md section 12: the error object; every part may be missing. */
const GraphError = z.object({
  message: words,
  type: words,
  code: z.number().optional().catch(undefined),
  error_subcode: z.number().optional().catch(undefined),
  is_transient: z.boolean().optional().catch(undefined),
  error_user_msg: words,
  fbtrace_id: words,
});
type GraphError = z.output<typeof GraphError>;
const ErrorAnswer = z.object({ error: GraphError });
/** api.instagram.com answers in another shape when a code is refused. */
const InstagramOAuthError = z.object({
  error_type: z.string(),
  code: z.number().optional(),
  error_message: z.string(),
});

export interface FailureHint {
  readonly clock: Clock;
  /** What the call was about: an object that is gone is the post's trouble, an account that is gone the connection's. */
  readonly about?: "account" | "object";
  /** Permissions the call needs, named when Meta says one is missing. */
  readonly needs?: readonly string[];
  /** The field to blame when Meta does not say. */
  readonly field?: string;
  /** What we tried, as in "we tried to publish this"; by the call's effect where absent. */
  readonly did?: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Where an app's secret, version and review are put right. */
const dashboard = "https://developers.facebook.com/apps";

/**
 * The failure an answer means, or undefined where it is none. Order: known subcode, allowance, `is_transient`, code,
 * status; the status is mostly 400 and says little. Beside a call an audience sees everything that is not Meta's own
 * documented refusal is `outcome_unknown`; only such a refusal is marked `refused`.
 * @source platforms/meta.md section 12
 */
export function graphFailure(res: HttpResponse, hint: FailureHint): PlatformFailure | undefined {
  const error = ErrorAnswer.safeParse(res.json).data?.error;
  if (!error) return withoutError(res, hint);
  const { rule, isSure } = ruleFor(error);
  const detail = detailOf(error, rule, res, hint);
  if (!rule) {
    const failure = byStatus(res, hint, detail);
    return res.effect === "visible" ? unsure(failure) : failure;
  }
  const refused = isSure && isDocumented(error) && res.status >= 400 ? refusedBy(res) : {};
  const failure = toFailure(rule, { ...detail, ...refused }, res, hint);
  return res.effect === "visible" && !refused.refused ? unsure(failure) : failure;
}

/** A visible call that ended in words that prove nothing: it may have happened. */
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

/**
 * No error object: a page of a proxy, a cut body, a flat error of the sign-in host, or no failure at all. What is no
 * JSON is passing trouble of a read and leaves the outcome of everything else open.
 */
function withoutError(res: HttpResponse, hint: FailureHint): PlatformFailure | undefined {
  const oauth = InstagramOAuthError.safeParse(res.json).data;
  if (oauth && res.status >= 400 && res.effect !== "visible")
    return {
      kind: "auth_revoked",
      message: plain(oauth.error_message) || `Meta refused the sign-in (${res.status}).`,
      status: res.status,
      platformCode: "190",
    };
  if (res.json !== undefined && res.status < 400) return undefined;
  const failure = byStatus(res, hint);
  if (res.effect === "visible") return unsure(failure);
  if (res.json !== undefined || failure.kind !== "unexpected_response") return failure;
  const cause = "body: not JSON";
  return res.effect === "none" ? { ...failure, kind: "unavailable", cause } : unsure({ ...failure, cause });
}

function byStatus(res: HttpResponse, hint: FailureHint, detail: Partial<FailureDetail> = {}): PlatformFailure {
  const waitMs = toldWaitMs(res, hint) ?? (res.status === 429 ? MINUTE_MS : undefined);
  return serverFailure(res, { clock: hint.clock, retryAfterMs: waitMs, ...detail });
}

/** The failure a container's status text means; `undefined` where it names no known subcode. Never an effect. */
export function statusTextFailure(text: string | undefined, hint: FailureHint): PlatformFailure | undefined {
  const subcode = /\b(2207\d{3})\b/.exec(text ?? "")?.[1];
  const rule = subcode === undefined ? undefined : subcodeRules.get(Number(subcode));
  if (!rule) return undefined;
  const res = { status: 200, headers: {}, effect: "none" } as const;
  const detail = { message: plain(said(rule, res, hint) ?? text), platformCode: `status/${subcode}` };
  return toFailure(rule, detail, res, hint);
}

/** What Meta meant, for callers that treat one answer of theirs in a special way. */
export function meaningOf(failure: PlatformFailure): Meaning | undefined {
  const [code, subcode] = (failure.platformCode ?? "").split("/");
  const byCode = limitRules.get(Number(code)) ?? codeRules.get(Number(code));
  return code === "100" && subcode === "33" ? "missing" : (subcodeRules.get(Number(subcode)) ?? byCode)?.means;
}

export const subcodeOf = (failure: PlatformFailure): number => Number((failure.platformCode ?? "").split("/")[1]);

const platformCode = (code: number, subcode: number | undefined): string =>
  subcode === undefined ? `${code}` : `${code}/${subcode}`;

function detailOf(error: GraphError, rule: Rule | undefined, res: HttpResponse, hint: FailureHint): FailureDetail {
  const own = rule && said(rule, res, hint);
  const trace = error.fbtrace_id ?? res.headers["x-fb-trace-id"];
  return {
    message: plain(own ?? error.error_user_msg ?? error.message) || `Meta refused the call (${res.status}).`,
    status: res.status,
    ...(error.code !== undefined && { platformCode: platformCode(error.code, error.error_subcode) }),
    ...(trace && { requestId: storableRemark(trace, 100) }),
    // Where our words depend on what we did, Meta's are known to speak of something else.
    ...(own && error.message && typeof rule?.say !== "function" && { cause: plain(error.message) }),
  };
}

const deeds = { none: "read from it", invisible: "prepare the post", visible: "publish the post" } as const;

const said = ({ say }: Rule, res: Answered, { did }: FailureHint): string | undefined =>
  typeof say === "function" ? say(did ?? deeds[res.effect]) : say;

/** `isSure`: Meta says that it did not do it, rather than that something went wrong on the way. */
function ruleFor(error: GraphError): { readonly rule: Rule | undefined; readonly isSure: boolean } {
  const { code, error_subcode: subcode } = error;
  const missing: Rule | undefined = code === 100 && subcode === 33 ? { means: "missing" } : undefined;
  const limit = code === undefined ? undefined : limitRules.get(code);
  const bySubcode = subcode === undefined ? undefined : (missing ?? subcodeRules.get(subcode));
  const proof = code === 100 && error.message?.includes("appsecret_proof") ? proofRule : undefined;
  const permission: Rule | undefined =
    code !== undefined && code >= 200 && code <= 299 ? { means: "permission" } : undefined;
  const byCode = proof ?? (code === undefined ? undefined : (codeRules.get(code) ?? permission));
  // An account that is blocked is blocked, whatever stands beside it.
  const rule =
    bySubcode ??
    limit ??
    (error.is_transient && byCode?.means !== "blocked" ? { ...byCode, means: "unknown_error" } : byCode);
  const isOpen = rule?.means === "transient" || rule?.means === "unknown_error";
  return { rule, isSure: !isOpen && (error.is_transient !== true || rule === limit) };
}

const isDocumented = ({ message, type, code }: GraphError): boolean =>
  message !== undefined && type !== undefined && code !== undefined;

type Answered = Pick<HttpResponse, "status" | "headers" | "effect">;

function toFailure(rule: Rule, detail: FailureDetail, res: Answered, hint: FailureHint): PlatformFailure {
  const rejected = (reason: string, field = rule.field ?? hint.field ?? "text"): PlatformFailure => ({
    ...detail,
    kind: "content_rejected",
    field,
    reason,
  });
  const scopes = hint.needs ?? [];
  switch (rule.means) {
    case "transient":
    case "unknown_error":
      return res.effect === "none" || (rule.means === "transient" && res.effect === "invisible")
        ? { ...detail, kind: "unavailable" }
        : { ...detail, kind: "outcome_unknown" };
    case "rate_limit": {
      const retryAfterMs = toldWaitMs(res, hint) ?? rule.waitMs ?? MINUTE_MS;
      return { ...detail, kind: "rate_limited", retryAfterMs, ...(rule.scope && { scope: rule.scope }) };
    }
    case "quota":
      return { ...detail, kind: "rate_limited", quota: true, retryAfterMs: HOUR_MS };
    case "restricted":
      return { ...detail, kind: "rate_limited", retryAfterMs: DAY_MS };
    case "permission":
      return { ...detail, kind: "scope_missing", scopes };
    case "blocked": {
      const waitMs = toldWaitMs(res, hint) ?? rule.waitMs ?? HOUR_MS;
      return { ...detail, kind: "account_blocked", until: new Date(hint.clock.now().getTime() + waitMs) };
    }
    case "account_check":
      return { ...detail, kind: "account_blocked" };
    case "expired":
      return { ...detail, kind: "auth_expired" };
    case "auth":
      return { ...detail, kind: "auth_revoked" };
    case "operator":
      return { ...detail, kind: "operator_must_act", what: rule.what ?? "the Meta app", link: dashboard };
    case "missing":
      // Gone, or not to be seen by this sign-in: Meta says the same for both, so it is no word against the sign-in.
      return hint.about === "object"
        ? rejected("missing", hint.field ?? "post")
        : { ...detail, kind: "scope_missing", scopes };
    case "recreate":
    case "not_ready":
    case "wrong_offset":
    case "session_dead":
      return { ...detail, kind: "unavailable" };
    case "invalid":
    case "policy":
    case "duplicate":
    case "no_numbers":
      return rejected(rule.means);
    default:
      return rule.means satisfies never;
  }
}

/** The wait an answer names, from a second to a day; none where it names nought. */
function toldWaitMs(res: Answered, { clock }: FailureHint): number | undefined {
  const toldMs = regainAccessMs(res) ?? retryAfterMs(res, clock);
  return toldMs ? Math.min(Math.max(toldMs, 1000), DAY_MS) : undefined;
}
