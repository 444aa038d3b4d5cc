import {
  type Clock,
  type GraphError,
  graphFailures,
  type FailureHint as Hint,
  type HttpResponse,
  type PlatformFailure,
} from "@postd/connector-kit";
import { codeRules, limitRules, type Meaning, otherRules, subcodeRules } from "./error-codes.ts";

export type FailureHint = Hint & { readonly clock: Clock };

function named({ code, error_subcode: subcode, is_transient, message }: GraphError): string | undefined {
  if (code === 100 && subcode === 33) return "missing";
  if (code !== 100 || is_transient || Object.hasOwn(subcodeRules, String(subcode))) return undefined;
  return message?.includes("appsecret_proof") ? "proof" : undefined;
}

/** @source platforms/meta.md section 12 */
export const failures = graphFailures({
  name: "Meta",
  subcodes: subcodeRules,
  limits: limitRules,
  codes: codeRules,
  others: otherRules,
  named,
  // api.instagram.com answers so when a code is refused.
  flat: () => ["190"],
});

/** The failure an answer means, or undefined where it is none. */
export const graphFailure = (res: HttpResponse, { clock, ...hint }: FailureHint): PlatformFailure | undefined =>
  failures.failureOf(res, clock, hint);

/** The failure a container's status text means; `undefined` where it names no known subcode. Never an effect. */
export function statusTextFailure(text: string | undefined, hint: FailureHint): PlatformFailure | undefined {
  const subcode = /\b(2207\d{3})\b/.exec(text ?? "")?.[1];
  if (subcode === undefined || !Object.hasOwn(subcodeRules, subcode)) return undefined;
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
