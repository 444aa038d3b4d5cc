import {
  type Clock,
  failureTable,
  type FailureHint as Hint,
  type HttpResponse,
  type PlatformFailure,
  type Said,
} from "@postd/connector-kit";
import { z } from "zod";
import { codeRules, limitRules, type Meaning, otherRules, subcodeRules } from "./error-codes.ts";
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

export type FailureHint = Hint & { readonly clock: Clock };

const knows = (rules: object, code: number | undefined): boolean =>
  code !== undefined && Object.hasOwn(rules, String(code));

/** The key of the rule an error falls under. Order: known subcode, allowance, `is_transient`, code. */
function keyOf({ code, error_subcode: subcode, is_transient, message }: GraphError): string | undefined {
  if (code === 100 && subcode === 33) return "missing";
  if (knows(subcodeRules, subcode)) return `/${subcode}`;
  if (knows(limitRules, code)) return String(code);
  // An account that is blocked is blocked, whatever stands beside it.
  if (is_transient && code !== 368) return "transient";
  if (code === 100 && message?.includes("appsecret_proof")) return "proof";
  if (knows(codeRules, code)) return String(code);
  return code !== undefined && code >= 200 && code <= 299 ? "permission" : undefined;
}

function readError(error: GraphError, res: HttpResponse): Said {
  const { code, error_subcode: subcode, message, type } = error;
  const key = keyOf(error);
  const isSure = error.is_transient !== true || (knows(limitRules, code) && key === String(code));
  // Meta says that it did not do it, in an error that is whole, rather than that something went wrong on the way.
  const proves = isSure && message !== undefined && type !== undefined && code !== undefined && res.status >= 400;
  return {
    codes: key === undefined ? [] : [key],
    name: code === undefined ? "" : `${code}${subcode === undefined ? "" : `/${subcode}`}`,
    words: error.error_user_msg ?? message,
    requestId: error.fbtrace_id ?? res.headers["x-fb-trace-id"],
    waitMs: regainAccessMs(res),
    ...(!proves && { proves: false as const }),
  };
}

/** No error object: a flat error of the sign-in host, a page of a proxy, a cut body, or no failure at all. */
function readOther(res: HttpResponse): Said | undefined {
  const oauth = InstagramOAuthError.safeParse(res.json).data;
  if (oauth && res.status >= 400) return { codes: ["190"], words: oauth.error_message, proves: false };
  const isPage = res.json === undefined && res.status < 500 && res.status !== 429 && res.status !== 408;
  return isPage ? { codes: ["notJson"], name: "", words: "body: not JSON", proves: false } : undefined;
}

const subcodes = Object.fromEntries(Object.entries(subcodeRules).map(([code, rule]) => [`/${code}`, rule]));

/**
 * Meta's errors. The status is mostly 400 and says little, so codes count whatever it is, and an error may come with 200.
 * @source platforms/meta.md section 12
 */
export const failures = failureTable({
  name: "Meta",
  evenOn200: true,
  codesOn5xx: true,
  read(res) {
    const error = ErrorAnswer.safeParse(res.json).data?.error;
    return error ? readError(error, res) : readOther(res);
  },
  codes: { ...subcodes, ...limitRules, ...codeRules, ...otherRules },
  statuses: { 429: { kind: "rate_limited", waitMs: 60_000, guess: true } },
  waits: [regainAccessMs],
});

/** The failure an answer means, or undefined where it is none. */
export const graphFailure = (res: HttpResponse, { clock, ...hint }: FailureHint): PlatformFailure | undefined =>
  failures.failureOf(res, clock, hint);

/** The failure a container's status text means; `undefined` where it names no known subcode. Never an effect. */
export function statusTextFailure(text: string | undefined, hint: FailureHint): PlatformFailure | undefined {
  const subcode = /\b(2207\d{3})\b/.exec(text ?? "")?.[1];
  if (subcode === undefined || !knows(subcodeRules, Number(subcode))) return undefined;
  const json = { error: { message: text, error_subcode: Number(subcode) } };
  const failure = graphFailure({ status: 200, headers: {}, text: "", json, effect: "none" }, hint);
  return failure && { ...failure, platformCode: `status/${subcode}` };
}

/** What Meta meant, for callers that treat one answer of theirs in a special way. */
export function meaningOf({ platformCode = "" }: PlatformFailure): Meaning | undefined {
  const [code = "", subcode = ""] = platformCode.split("/");
  if (code === "100" && subcode === "33") return "missing";
  const rule = subcodeRules[subcode] ?? limitRules[code] ?? codeRules[code];
  return rule?.means;
}

export const subcodeOf = (failure: PlatformFailure): number => Number((failure.platformCode ?? "").split("/")[1]);
