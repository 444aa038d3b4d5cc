import {
  type Clock,
  type FailureDetail,
  type HttpResponse,
  type PlatformFailure,
  retryAfterMs,
  serverFailure,
} from "@postd/connector-kit";
import { z } from "zod";
import { codeRules, type Meaning, type Rule, subcodeRules } from "./error-codes.ts";

/** @source platforms/meta.md section 12: the error object; every part may be missing. */
const GraphError = z.object({
  message: z.string().optional(),
  type: z.string().optional(),
  code: z.number().optional(),
  error_subcode: z.number().optional(),
  is_transient: z.boolean().optional(),
  error_user_title: z.string().nullish(),
  error_user_msg: z.string().nullish(),
  fbtrace_id: z.string().optional(),
});
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
}

const HOUR_MS = 3_600_000;

/**
 * The failure an answer means, or undefined where it is none. Order: `is_transient`, subcode, code, status; the status
 * is mostly 400 and says little. Codes 1, 2 and 5xx on a call that changes something are `outcome_unknown`.
 */
export function graphFailure(res: HttpResponse, hint: FailureHint): PlatformFailure | undefined {
  const graph = ErrorAnswer.safeParse(res.json);
  const oauth = graph.success ? undefined : InstagramOAuthError.safeParse(res.json).data;
  if (!graph.success && !oauth) return res.status < 400 ? undefined : serverFailure(res, { clock: hint.clock });
  const error = graph.success ? graph.data.error : { message: oauth?.error_message, code: oauth ? 190 : undefined };
  const rule = ruleFor(error);
  const detail: FailureDetail = {
    message: plain(rule?.say ?? error.error_user_msg ?? error.message) || `Meta refused the call (${res.status}).`,
    status: res.status,
    ...(error.code !== undefined && { platformCode: platformCode(error.code, error.error_subcode) }),
    ...(error.fbtrace_id && { requestId: error.fbtrace_id }),
    ...(rule?.say && error.message && { cause: plain(error.message) }),
  };
  if (!rule) return serverFailure(res, { clock: hint.clock, ...detail });
  return toFailure(rule, detail, res, hint);
}

/** The failure a container's status text means; `undefined` where it names no known subcode. Never an effect. */
export function statusTextFailure(text: string | undefined, hint: FailureHint): PlatformFailure | undefined {
  const subcode = /\b(22070\d\d)\b/.exec(text ?? "")?.[1];
  const rule = subcode === undefined ? undefined : subcodeRules.get(Number(subcode));
  if (!rule) return undefined;
  const detail = { message: plain(rule.say ?? text), platformCode: `status/${subcode}` };
  return toFailure(rule, detail, { status: 200, headers: {}, effect: "none" }, hint);
}

/** What Meta meant, for callers that treat one answer of theirs in a special way. */
export function meaningOf(failure: PlatformFailure): Meaning | undefined {
  const [code, subcode] = (failure.platformCode ?? "").split("/");
  const known = subcodeRules.get(Number(subcode)) ?? codeRules.get(Number(code));
  return code === "100" && subcode === "33" ? "missing" : known?.means;
}

const platformCode = (code: number, subcode: number | undefined): string =>
  subcode === undefined ? `${code}` : `${code}/${subcode}`;

function ruleFor(error: z.output<typeof GraphError>): Rule | undefined {
  const bySubcode = error.error_subcode === undefined ? undefined : subcodeRules.get(error.error_subcode);
  const byCode = error.code === undefined ? undefined : codeRules.get(error.code);
  const permission = error.code !== undefined && error.code >= 200 && error.code <= 299;
  const missing = error.code === 100 && error.error_subcode === 33;
  const rule =
    bySubcode ?? (missing ? { means: "missing" } : (byCode ?? (permission ? { means: "permission" } : undefined)));
  // A throttled call is marked transient too, and there the wait it asks for is worth more.
  const throttled = rule?.means === "rate_limit" || rule?.means === "quota";
  return error.is_transient && !throttled ? { ...rule, means: "unknown_error" } : rule;
}

type Answered = Pick<HttpResponse, "status" | "headers" | "effect">;

function toFailure(rule: Rule, detail: FailureDetail, res: Answered, hint: FailureHint): PlatformFailure {
  const rejected = (reason: string, field = rule.field ?? hint.field ?? "text"): PlatformFailure => ({
    ...detail,
    kind: "content_rejected",
    field,
    reason,
  });
  switch (rule.means) {
    case "transient":
      // Beside a call an audience sees, "try again" is not proof enough that nothing happened.
      return { ...detail, kind: res.effect === "visible" ? "outcome_unknown" : "unavailable" };
    case "unknown_error":
      return { ...detail, kind: res.effect === "none" ? "unavailable" : "outcome_unknown" };
    case "rate_limit": {
      const waitMs = regainAccessMs(res) ?? retryAfterMs(res, hint.clock);
      return { ...detail, kind: "rate_limited", ...(waitMs !== undefined && { retryAfterMs: waitMs }) };
    }
    case "quota":
      return { ...detail, kind: "rate_limited", quota: true, retryAfterMs: HOUR_MS };
    case "restricted":
      return { ...detail, kind: "rate_limited", retryAfterMs: 24 * HOUR_MS };
    case "permission":
      return { ...detail, kind: "scope_missing", scopes: hint.needs ?? [] };
    case "expired":
      return { ...detail, kind: "auth_expired" };
    case "auth":
    case "account_check":
      return { ...detail, kind: "auth_revoked" };
    case "missing":
      return hint.about === "object" ? rejected("missing", hint.field ?? "post") : { ...detail, kind: "auth_revoked" };
    case "recreate":
    case "not_ready":
      return { ...detail, kind: "unavailable" };
    case "invalid":
    case "policy":
    case "duplicate":
      return rejected(rule.means);
    default:
      return rule.means satisfies never;
  }
}

const Uses = z.array(
  z.object({
    call_count: z.number().optional(),
    total_cputime: z.number().optional(),
    total_time: z.number().optional(),
    estimated_time_to_regain_access: z.number().optional(),
  }),
);
const Usage = z.record(z.string(), Uses);

/** The wait `X-Business-Use-Case-Usage` names, in minutes there. @source platforms/meta.md section 13 */
export function regainAccessMs(res: Pick<HttpResponse, "headers">): number | undefined {
  const minutes = businessUsage(res).map((use) => use.estimated_time_to_regain_access ?? 0);
  const longest = Math.max(0, ...minutes);
  return longest > 0 ? longest * 60_000 : undefined;
}

/** Highest used share in percent that the usage headers report; undefined where they are absent. */
export function usedPercent(res: Pick<HttpResponse, "headers">): number | undefined {
  const shares = businessUsage(res).flatMap((use) => [
    use.call_count ?? 0,
    use.total_cputime ?? 0,
    use.total_time ?? 0,
  ]);
  return shares.length === 0 ? undefined : Math.max(...shares);
}

function businessUsage(res: Pick<HttpResponse, "headers">): z.output<typeof Uses> {
  const business = Usage.safeParse(json(res.headers["x-business-use-case-usage"]));
  const app = Uses.safeParse([json(res.headers["x-app-usage"])]);
  return [...(business.success ? Object.values(business.data).flat() : []), ...(app.success ? app.data : [])];
}

function json(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A header we cannot read tells us nothing, and nothing depends on it.
  }
}

/** Meta's words without what they sometimes quote: tokens and addresses with a signature. At most 300 characters. */
export function plain(text: string | null | undefined): string {
  return (text ?? "")
    .replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, "$1")
    .replace(/[A-Za-z0-9_|-]{32,}/g, "[…]")
    .slice(0, 300)
    .trim();
}
