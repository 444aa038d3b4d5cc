import type { Clock } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import type { HttpResponse } from "../http.ts";
import { clampWaitMs, refusedBy, retryAfterMs, serverFailure } from "../server-failure.ts";
import { storableRemark } from "../text.ts";
import {
  type FailureHint,
  type FailureRule,
  failureByRule,
  fitting,
  type Rules,
  type Said,
  unsure,
} from "./failure-rule.ts";
import { platformWords } from "./platform-words.ts";
import type { WaitReader } from "./waits.ts";

/** A platform's errors as data. */
export interface FailureFacts {
  /** As people call the platform. */
  readonly name: string;
  /** Reads the documented error body; undefined: the body is not one. */
  readonly read: (res: HttpResponse) => Said | undefined;
  /** `read` is asked about answers below 400 too: an envelope or GraphQL tells errors with status 200. */
  readonly evenOn200?: true;
  /** Codes count whatever the status: the platform sends its 5xx with codes that tell more. */
  readonly codesOn5xx?: true;
  /** What each documented code means; `Said.codes` are looked up in their order. */
  readonly codes: Readonly<Record<string, Rules>>;
  /** What a status means where no code is known. */
  readonly statuses?: Readonly<Record<number, Rules>>;
  /**
   * Where the platform tells when its allowance is renewed, after `Retry-After`; the first that answers counts. Platforms tell it
   * with every answer, so only one that says that the allowance is used up waits for it.
   */
  readonly waits?: readonly WaitReader[];
}

export interface FailureTable {
  /** The failure an answer means; undefined: it is none. */
  failureOf(res: HttpResponse, clock: Clock, hint?: FailureHint): PlatformFailure | undefined;
}

/**
 * Makes the one mapping of a platform's error answers. Order: the codes as `read` names them, then the status, then what
 * every platform's status means (`serverFailure`). `refused` is set only where the documented body names a meaning that
 * is not open; a visible call with any other answer is `outcome_unknown`. Words of the platform are kept without
 * anything that looks like a token.
 */
export function failureTable(facts: FailureFacts): FailureTable {
  return {
    failureOf(res, clock, hint = {}) {
      const said = res.status >= 400 || facts.evenOn200 ? facts.read(res) : undefined;
      if (res.status < 400 && !said) return undefined;
      const words = platformWords(said?.words);
      const rule = ruleFor(facts, res, said);
      const isLimit = res.status === 429 || rule?.kind === "rate_limited";
      const resetMs = isLimit ? firstWait(facts.waits, res, clock) : undefined;
      const waitMs = clampWaitMs(said?.waitMs) ?? retryAfterMs(res, clock) ?? resetMs;
      const detail = detailOf(facts, res, { said, rule, words, hint });
      if (!rule) {
        const failure = serverFailure(res, { clock, retryAfterMs: waitMs, ...detail });
        return res.effect === "visible" ? unsure(failure) : failure;
      }
      const refused =
        said && said.proves !== false && !rule.guess && rule.kind !== "outcome_unknown" ? refusedBy(res) : {};
      const given = { effect: res.effect, hint, waitMs, clock, field: said?.field };
      const failure = failureByRule(rule, { ...given, detail: { ...refused, ...detail } });
      return res.effect === "visible" && !refused.refused ? unsure(failure) : failure;
    },
  };
}

function ruleFor(facts: FailureFacts, res: HttpResponse, said: Said | undefined): FailureRule | undefined {
  for (const code of said?.codes ?? []) {
    const found = Object.hasOwn(facts.codes, code)
      ? fitting(facts.codes[code], res, said?.words, facts.codesOn5xx)
      : undefined;
    if (found) return found;
  }
  return fitting(facts.statuses?.[res.status], res, said?.words);
}

const firstWait = (waits: readonly WaitReader[] = [], res: HttpResponse, clock: Clock): number | undefined =>
  waits.map((read) => read(res, clock)).find((waitMs) => waitMs !== undefined);

const deeds = { none: "read from it", invisible: "prepare the post", visible: "publish the post" } as const;

function detailOf(
  { name, codes }: FailureFacts,
  res: HttpResponse,
  given: {
    readonly said: Said | undefined;
    readonly rule: FailureRule | undefined;
    readonly words: string;
    readonly hint: FailureHint;
  },
) {
  const { said, rule, words, hint } = given;
  const told = (said?.name ?? said?.codes[0]) || undefined;
  // A code that is in no table is whatever the platform put there.
  const code = told === undefined || Object.hasOwn(codes, told) ? told : platformWords(told, 100);
  const isSpoken = typeof rule?.say === "function";
  const own = typeof rule?.say === "function" ? rule.say(words, hint.did ?? deeds[res.effect]) : rule?.say;
  // Words about a sign-in may quote the token itself; a function has made of them what they are worth.
  const cause = isSpoken || rule?.kind.startsWith("auth_") ? undefined : words;
  const unknown =
    res.status < 500
      ? `${name} gave an answer we do not know (${code ?? res.status}).`
      : `${name} answered ${res.status}.`;
  const message = own ?? ((rule && words) || unknown);
  return {
    message,
    status: res.status,
    ...(code !== undefined && { platformCode: storableRemark(code, 100) }),
    ...(said?.requestId && { requestId: storableRemark(said.requestId, 100) }),
    ...(cause && !message.includes(cause) && { cause }),
  };
}
