import { fail, ok, type Result } from "@postd/contracts";
import type { z } from "zod";
import type { Clock } from "./context.ts";
import type { FailureDetail, PlatformFailure } from "./failure.ts";
import type { HttpResponse } from "./http.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** The longest wait a platform may ask for; a number beyond it is a mistake, and still no reason to ask again at once. */
const MAX_WAIT_MS = 30 * DAY_MS;

/**
 * A wait a platform told, as whole milliseconds above zero and at most 30 days. Undefined for what is no wait: nothing,
 * zero, a moment that has passed, or no number at all; then the pipeline's own schedule counts.
 */
export function clampWaitMs(toldMs: number | undefined, maxMs: number = MAX_WAIT_MS): number | undefined {
  if (toldMs === undefined || Number.isNaN(toldMs) || toldMs <= 0) return undefined;
  return Math.ceil(Math.min(toldMs, maxMs));
}

/**
 * What `Retry-After` asks for, as seconds or as an HTTP date measured on `clock`. More than zero, at most a day;
 * undefined where the header is absent, unreadable or asks for no wait.
 */
export function retryAfterMs(res: Pick<HttpResponse, "headers">, clock: Clock): number | undefined {
  const raw = res.headers["retry-after"]?.trim();
  if (!raw) return undefined;
  const waitMs = /^\d+(\.\d+)?$/.test(raw) ? Number(raw) * 1000 : Date.parse(raw) - clock.now().getTime();
  return clampWaitMs(waitMs, DAY_MS);
}

/**
 * Marks a failure as the platform's own documented refusal of the call that was answered. Spread it into a failure that
 * was read from a body the fact sheet describes: `{ ...refusedBy(res), kind: "content_rejected", ... }`. Nothing is
 * marked where the call was a read, or where a 5xx or 408 stands above the words: those may come after the effect.
 */
export function refusedBy(res: Pick<HttpResponse, "status" | "effect">): { readonly refused?: true } {
  const isSure = res.effect !== "none" && res.status < 500 && res.status !== 408;
  return isSure ? { refused: true } : {};
}

export interface ServerFailureDetail extends Partial<FailureDetail> {
  readonly clock: Clock;
  /** Where the platform tells its wait in another way than `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * The failure an answer means by its status alone; ask for the platform's own codes first. 429 is `rate_limited`. 408
 * and 5xx are `outcome_unknown` on a call that changes the platform, `unavailable` on a read. Anything else is
 * `unexpected_response`. A missing message is filled in with one naming the status.
 */
export function serverFailure(
  res: Pick<HttpResponse, "status" | "headers" | "effect">,
  { clock, retryAfterMs: toldMs, message, ...given }: ServerFailureDetail,
): PlatformFailure {
  const waitMs = clampWaitMs(toldMs) ?? retryAfterMs(res, clock);
  const wait = waitMs === undefined ? {} : { retryAfterMs: waitMs };
  const detail = { ...given, status: res.status };
  if (res.status === 429)
    return { ...detail, ...wait, kind: "rate_limited", message: message ?? "The platform asks us to slow down." };
  if (res.status >= 500 || res.status === 408) {
    const said = message ?? `The platform answered with an error of its own (${res.status}).`;
    return res.effect === "none"
      ? { ...detail, ...wait, kind: "unavailable", message: said }
      : { ...detail, kind: "outcome_unknown", message: said };
  }
  return {
    ...detail,
    kind: "unexpected_response",
    message: message ?? `The platform gave an answer we do not know (${res.status}).`,
  };
}

/**
 * The answer's JSON as `schema` reads it. A body that is not JSON or of another shape is `unexpected_response`; its
 * cause names the fields that differ and never their values. `isRight`: what a schema, which is made once, cannot know, such
 * as whose answer it has to be.
 */
export function parseJson<T extends z.ZodType>(
  res: Pick<HttpResponse, "status" | "json">,
  schema: T,
  isRight: (value: z.output<T>) => boolean = () => true,
): Result<z.output<T>, PlatformFailure> {
  const parsed = schema.safeParse(res.json);
  if (parsed.success && isRight(parsed.data)) return ok(parsed.data);
  const { issues = [] } = parsed.error ?? {};
  const fields = issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "body"}: ${issue.code}`);
  return fail({
    kind: "unexpected_response",
    status: res.status,
    message: "The platform gave an answer of a shape we do not know.",
    cause: res.json === undefined ? "body: not JSON" : fields.join(", ") || "body: about something else",
  });
}
