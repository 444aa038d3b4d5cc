import { z } from "zod";
import type { PlatformFailure } from "../failure.ts";
import type { HttpResponse } from "../http.ts";
import type { FailureRule, Rules, Said } from "./failure-rule.ts";
import { type FailureTable, failureTable } from "./failure-table.ts";
import { regainAccessMs } from "./graph-usage.ts";

const words = z.string().optional().catch(undefined);
const Code = z
  .union([z.number(), z.string().max(100)])
  .optional()
  .catch(undefined);
/** Every part may be missing. @source platforms/meta.md section 12, platforms/threads.md section 11 */
const Told = z.object({
  message: words,
  type: words,
  code: Code,
  error_subcode: z.number().optional().catch(undefined),
  is_transient: z.boolean().optional().catch(undefined),
  error_user_msg: words,
  fbtrace_id: words,
});
const ErrorAnswer = z.object({ error: Told });
/** Hosts that only sign in answer in another shape. */
const FlatError = z.object({
  error_type: words,
  code: Code,
  error_code: Code,
  error_message: z.string(),
});

/** One of Meta's error objects. A name instead of a number, in the code or in the message, stands in `codeName`. */
export interface GraphError extends Omit<z.output<typeof Told>, "code"> {
  readonly code: number | undefined;
  readonly codeName: string | undefined;
}

export interface GraphErrorFacts {
  /** As people call the platform. */
  readonly name: string;
  /** Rules by subcode, which tell more than the code; by the codes of used-up allowances; by other codes. */
  readonly subcodes: Readonly<Record<string, Rules>>;
  readonly limits: Readonly<Record<string, Rules>>;
  readonly codes: Readonly<Record<string, Rules>>;
  /** Rules that no number names, by the names `named` gives; the shared ones may be replaced. */
  readonly others?: Readonly<Record<string, Rules>>;
  /** The name of a rule that comes before all numbers: told by words, or by code and subcode together. */
  readonly named?: (error: GraphError) => string | undefined;
  /** Names of rules for an error in the flat shape of the sign-in hosts, the first that is known counts. */
  readonly flat: (code: string | undefined) => readonly string[];
}

const knows = (rules: object, code: number | undefined): boolean =>
  code !== undefined && Object.hasOwn(rules, String(code));

/** What no number says. */
const shared: Readonly<Record<string, FailureRule>> = {
  /** Codes 200 to 299. */
  permission: { kind: "scope_missing" },
  /** Marked as passing by Meta, which may be before or after the effect. */
  transient: { kind: "outcome_unknown" },
  notJson: { kind: "outcome_unknown", say: "Meta's answer could not be read." },
};

/**
 * Errors of Meta's Graph, whichever of its hosts gives them. The status is mostly 400 and says little, so codes count
 * whatever it is, and an error may come with 200. Order: what `named` tells, known subcode, allowance, `is_transient`,
 * code.
 * @source platforms/meta.md section 12
 */
export function graphFailures(facts: GraphErrorFacts): FailureTable {
  const { name, subcodes, limits, codes, others = {}, named, flat } = facts;

  function keyOf(error: GraphError): string | undefined {
    const { code, error_subcode: subcode, is_transient } = error;
    const own = named?.(error);
    if (own !== undefined) return own;
    if (knows(subcodes, subcode)) return `/${subcode}`;
    if (knows(limits, code)) return String(code);
    // An account that is blocked is blocked, whatever stands beside it.
    if (is_transient && code !== 368) return "transient";
    if (knows(codes, code)) return String(code);
    return code !== undefined && code >= 200 && code <= 299 ? "permission" : undefined;
  }

  function said(error: GraphError, res: HttpResponse): Said {
    const { code, codeName, error_subcode: subcode, message, type } = error;
    const key = keyOf(error);
    const isSure = error.is_transient !== true || (knows(limits, code) && key === String(code));
    // Meta says that it did not do it, in an error that is whole, rather than that something went wrong on the way.
    const isWhole = message !== undefined && type !== undefined && (code !== undefined || codeName !== undefined);
    const proves = isSure && isWhole && res.status >= 400;
    return {
      codes: key === undefined ? [] : [key],
      name: codeName ?? (code === undefined ? "" : `${code}${subcode === undefined ? "" : `/${subcode}`}`),
      words: error.error_user_msg ?? message,
      requestId: error.fbtrace_id ?? res.headers["x-fb-trace-id"],
      waitMs: regainAccessMs(res),
      ...(!proves && { proves: false as const }),
    };
  }

  /** No error object: a flat error of a sign-in host, a page of a proxy, a cut body, or no failure at all. */
  function readOther(res: HttpResponse): Said | undefined {
    const told = FlatError.safeParse(res.json).data;
    const code = told?.error_code ?? told?.code;
    if (told && res.status >= 400 && (told.error_type !== undefined || code !== undefined))
      return { codes: flat(code === undefined ? code : String(code)), words: told.error_message, proves: false };
    const isPage = res.json === undefined && res.status < 500 && res.status !== 429 && res.status !== 408;
    return isPage ? { codes: ["notJson"], name: "", words: "body: not JSON", proves: false } : undefined;
  }

  const bySubcode = Object.fromEntries(Object.entries(subcodes).map(([code, rule]) => [`/${code}`, rule]));
  return failureTable({
    name,
    evenOn200: true,
    codesOn5xx: true,
    read(res) {
      const error = graphErrorIn(res);
      return error ? said(error, res) : readOther(res);
    },
    codes: { ...bySubcode, ...limits, ...codes, ...shared, ...others },
    statuses: { 429: { kind: "rate_limited", waitMs: 60_000, guess: true } },
    waits: [regainAccessMs],
  });
}

/** The error object of an answer; undefined: it has none. */
export function graphErrorIn({ json }: Pick<HttpResponse, "json">): GraphError | undefined {
  const told = ErrorAnswer.safeParse(json).data?.error;
  if (!told) return undefined;
  const { code: given, ...error } = told;
  const isNumber = typeof given === "number" || /^-?\d{1,9}$/.test(given ?? "");
  const code = isNumber ? Number(given) : undefined;
  const named =
    isNumber || given === undefined ? /\b[A-Z]+_API__[A-Z_]+/.exec(error.message ?? "")?.[0] : String(given);
  return { ...error, code, codeName: named };
}

/** The subcode that is kept with a failure; NaN where there is none. */
export const subcodeOf = ({ platformCode = "" }: PlatformFailure): number => Number(platformCode.split("/")[1]);
