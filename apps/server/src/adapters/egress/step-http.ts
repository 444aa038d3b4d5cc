import {
  type Clock,
  type ConnectorHttp,
  type ConnectorLog,
  callEffect,
  decodeAnswer,
  type Effect,
  type EncodedRequest,
  encodeRequest,
  type HttpRequest,
  type HttpResponse,
  type PlatformFailure,
} from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { type CallOutcome, callOnce } from "./call.ts";
import { EgressRefused } from "./guard.ts";
import type { createHostPolicies, HostLimits } from "./host-policies.ts";
import { type Reach, type Route, type RouteTable, routeFor } from "./route.ts";
import type { Transport } from "./transport.ts";

/** Counts and times calls; hosts come as declared by the connector, so there are few of them. */
export interface EgressMetrics {
  call(fields: {
    readonly host: string;
    readonly method: string;
    /** `2xx`..`5xx`, `unsent`, `cut`, `refused`. */
    readonly outcome: string;
    readonly effect: Effect;
    readonly durationMs: number;
  }): void;
}

export interface StepReach extends Reach {
  readonly effect: Effect;
  /** The step may be repeated, so a kept connection that closes under it does no harm. */
  readonly repeatable?: boolean;
  /** Longest time one run of the step may take; no call of it may take longer. */
  readonly timeoutMs: number;
  /** Asked right before a visible call leaves; absent: no lease is held (connecting, tests by hand). */
  readonly leaseRemainingMs?: () => number;
  /** Called after a visible call of which bytes may have left, whatever came back. */
  readonly onVisibleCall?: () => void;
  /** Lease left over after the longest possible call. Default 5,000. */
  readonly marginMs?: number;
}

export interface StepHttpDeps {
  readonly table: RouteTable;
  readonly transport: Transport;
  readonly policies: ReturnType<typeof createHostPolicies>;
  readonly limits: HostLimits;
  readonly clock: Clock;
  readonly log: ConnectorLog;
  readonly metrics?: EgressMetrics | undefined;
  readonly userAgent: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_ANSWER_BYTES = 2 * 1024 * 1024;
const SLOWEST_UPLOAD_BYTES_PER_MS = 250;
const MAX_REDIRECTS = 3;
const MARGIN_MS = 5000;

type Answer = Result<HttpResponse, PlatformFailure>;
const unavailable = (message: string, cause: string, retryAfterMs?: number): Answer =>
  fail({ kind: "unavailable", message, cause, ...(retryAfterMs !== undefined && { retryAfterMs }) });

/** Time one call may take: what it asks, or the default and more for a large body, never more than its step. */
function callTimeoutMs(request: HttpRequest, encoded: EncodedRequest, step: StepReach): number {
  const bySize = DEFAULT_TIMEOUT_MS + Math.ceil((encoded.body?.sizeBytes ?? 0) / SLOWEST_UPLOAD_BYTES_PER_MS);
  return Math.min(request.timeoutMs ?? bySize, step.timeoutMs);
}

/** The way out for one run of one step. See ConnectorHttp for what it promises. */
export function stepHttp(deps: StepHttpDeps, step: StepReach): ConnectorHttp {
  return {
    async request(request) {
      if (!URL.canParse(request.url)) return unavailable("An address is not valid.", "refused:url");
      const effect = callEffect(step.effect, request.effect);
      let encoded: EncodedRequest;
      try {
        encoded = encodeRequest(request);
      } catch {
        // The message could quote what was to be sent.
        return unavailable("A request could not be put together.", "refused:request");
      }
      const timeoutMs = callTimeoutMs(request, encoded, step);
      const endsAtMs = performance.now() + timeoutMs;
      for (let hop = 0; ; hop++) {
        const answer = await oneCall(deps, step, { request, encoded, effect, timeoutMs, endsAtMs });
        const next = answer.ok ? redirectOf(answer.value, encoded, effect) : undefined;
        if (!next) return answer;
        if (hop === MAX_REDIRECTS) return unavailable("The platform sent us around in circles.", "too_many_redirects");
        encoded = next;
      }
    },
  };
}

interface OneCall {
  readonly request: HttpRequest;
  readonly encoded: EncodedRequest;
  readonly effect: Effect;
  readonly timeoutMs: number;
  readonly endsAtMs: number;
}

async function oneCall(deps: StepHttpDeps, step: StepReach, call: OneCall): Promise<Answer> {
  const { request, encoded, effect } = call;
  const route = routeFor(deps.table, encoded.url, step);
  if (route instanceof EgressRefused) {
    report(deps, "refused", "refused", call, 0);
    return unavailable(route.message, `refused:${route.code}`);
  }
  const startedAtMs = performance.now();
  const limited = await deps.policies(
    // A simulator's outage ends when its fault is cleared, on a clock the breaker does not know.
    { host: encoded.url.host, useBreaker: effect === "none" && !route.simulator },
    () => leaving(deps, step, call, route),
  );
  const durationMs = performance.now() - startedAtMs;
  if ("refused" in limited) {
    report(deps, route.label, "refused", call, durationMs);
    return limited.refused === "busy"
      ? unavailable("Too many calls to this platform are under way.", "refused:busy")
      : unavailable("This platform does not answer just now.", "refused:circuit_open", deps.limits.restMs);
  }
  const { outcome } = limited;
  report(deps, route.label, outcomeName(outcome), call, durationMs);
  return answerFor(outcome, effect, request.maxAnswerBytes ?? DEFAULT_ANSWER_BYTES);
}

/** The last moment before bytes leave: the lease is asked here, after any waiting for a turn. */
async function leaving(deps: StepHttpDeps, step: StepReach, call: OneCall, route: Route): Promise<CallOutcome> {
  const leftMs = call.endsAtMs - performance.now();
  if (leftMs <= 0) return { kind: "broken", sent: false, cause: "timeout" };
  const needsMs = leftMs + (step.marginMs ?? MARGIN_MS);
  // What no audience sees may outlive its lease: at worst an orphan is made. What it sees must not.
  if (call.effect === "visible" && step.leaseRemainingMs && step.leaseRemainingMs() <= needsMs)
    return { kind: "broken", sent: false, cause: "lease", refusal: "This worker's turn ends too soon to send safely." };
  const fresh = call.effect !== "none" && !step.repeatable;
  const { dispatcher, release } = deps.transport.lease(route, fresh);
  try {
    const outcome = await callOnce(
      dispatcher,
      route.target.origin,
      { ...call.encoded, url: route.target, headers: { "user-agent": deps.userAgent, ...call.encoded.headers } },
      { timeoutMs: leftMs, maxAnswerBytes: call.request.maxAnswerBytes ?? DEFAULT_ANSWER_BYTES, close: fresh },
    );
    if (call.effect === "visible" && !(outcome.kind === "broken" && !outcome.sent)) step.onVisibleCall?.();
    return outcome;
  } finally {
    release();
  }
}

/** Turns the end of a call into what the pipeline decides on. */
function answerFor(outcome: CallOutcome, effect: Effect, maxAnswerBytes: number): Answer {
  if (outcome.kind === "answered") return ok(decodeAnswer({ ...outcome, effect }));
  if (outcome.kind === "too_long")
    return fail({
      kind: "unexpected_response",
      status: outcome.status,
      message: `The platform's answer is longer than ${maxAnswerBytes} bytes.`,
      cause: "answer_too_long",
    });
  const { cause } = outcome;
  if (outcome.sent && effect !== "none")
    return fail({ kind: "outcome_unknown", message: "The platform's answer was lost after we had sent it.", cause });
  if (outcome.refusal) return unavailable(outcome.refusal, cause);
  return unavailable(
    outcome.sent ? "The platform's answer was lost." : "The platform could not be reached; nothing was sent.",
    cause,
  );
}

/**
 * The next request where a read is redirected. Calls that change something are never redirected: their answer is handed
 * on as it is. On the way to another origin nothing goes along that could be a credential.
 */
function redirectOf(answer: HttpResponse, from: EncodedRequest, effect: Effect): EncodedRequest | undefined {
  const location = answer.headers.location;
  const isRead = effect === "none" && (from.method === "GET" || from.method === "HEAD");
  if (!isRead || !location || ![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  if (!URL.canParse(location, from.url.href)) return undefined;
  const url = new URL(location, from.url);
  const kept = url.origin === from.url.origin ? Object.keys(from.headers) : ["accept", "accept-encoding"];
  const headers = Object.fromEntries(Object.entries(from.headers).filter(([name]) => kept.includes(name)));
  return { method: from.method, url, headers };
}

function outcomeName(outcome: CallOutcome): string {
  if (outcome.kind !== "broken") return `${Math.floor(outcome.status / 100)}xx`;
  if (outcome.refusal) return "refused";
  return outcome.sent ? "cut" : "unsent";
}

/** Host, method and outcome only: paths, queries, headers and bodies may hold secrets. */
function report(deps: StepHttpDeps, host: string, outcome: string, call: OneCall, durationMs: number): void {
  const fields = {
    host,
    method: call.encoded.method,
    outcome,
    effect: call.effect,
    durationMs: Math.round(durationMs),
  };
  deps.metrics?.call(fields);
  deps.log.debug(fields, "outbound call");
}
