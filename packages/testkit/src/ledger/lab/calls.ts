import type { ConnectorContext, Effect, PlatformFailure } from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import type { Stage } from "./actors.ts";
import type { Flight, ModelPlatform } from "./platform.ts";
import type { Random } from "./random.ts";

/** What a connector's context holds here instead of a line to a platform. */
export interface Line {
  readonly connectionId: string;
  readonly account: string;
  readonly jobId: string;
  readonly timeoutMs: number;
  readonly effect: Effect;
  readonly leaseRemainingMs: () => number;
  readonly onVisibleCall: () => void;
  /** Who listens whether the platform answers hears each call here as they would on a line. */
  readonly http: Heard;
}

interface Heard {
  request(answer: Answer<unknown>): Promise<unknown>;
}
/** What the pipeline listens through. */
export const heard: Heard = {
  request: (answer) => Promise.resolve(answer.ok ? { ok: true, value: { status: 200 } } : answer),
};

/** What a connector throws on purpose here. */
export const connectorFault = (): Error => new TypeError("a fault of the connector");
export const isConnectorFault = (error: unknown): boolean =>
  error instanceof TypeError && error.message === "a fault of the connector";

export const lineOf = (ctx: ConnectorContext): Line => ctx as unknown as Line;
/** The services log what a connector throws; here the oracle is told of everything that matters. */
const log: Pick<ConnectorContext["log"], "warn"> = { warn() {} };
export const asContext = (line: Line): ConnectorContext => ({ ...line, log }) as unknown as ConnectorContext;

/** As egress has it. */
const marginMs = 5_000;

export interface CallsDeps {
  readonly platform: ModelPlatform;
  readonly stage: Stage;
  readonly nowMs: () => number;
  /** What the action that is played now draws from. */
  readonly random: () => Random;
  readonly tell: (line: string) => void;
  /** Everything is answered well. */
  readonly isCalm: () => boolean;
  /** The mutation that believes every refusal. */
  readonly believesAll: boolean;
}

interface How {
  /** The platform's documented answer where there is nothing to change. */
  readonly refuses?: () => PlatformFailure | undefined;
  /** What takes another's place comes in order at a platform; only then is the last one what stands. */
  readonly isOrdered?: boolean;
  readonly isMoot?: () => boolean;
}

type Answer<T> = Result<T, PlatformFailure>;

const remark = { message: "The platform said no." } as const;

/** Refusals a platform documents, answered to the call itself: they prove that nothing came of it. */
const refusals: readonly (readonly [number, PlatformFailure])[] = [
  [3, { kind: "rate_limited", ...remark }],
  [1, { kind: "rate_limited", retryAfterMs: 40 * 60_000, ...remark }],
  [1, { kind: "rate_limited", quota: true, retryAfterMs: 3_600_000, ...remark }],
  [1, { kind: "rate_limited", scope: "app", retryAfterMs: 20_000, ...remark }],
  [3, { kind: "content_rejected", field: "text", reason: "policy", ...remark }],
  [2, { kind: "unavailable", ...remark }],
  [1, { kind: "auth_expired", ...remark }],
  [1, { kind: "auth_revoked", ...remark }],
  [1, { kind: "account_blocked", ...remark }],
  [1, { kind: "operator_must_act", what: "the app", retryAfterMs: 60_000, ...remark }],
  [1, { kind: "unexpected_response", status: 422, ...remark }],
];

/** Answers nobody documented: the call may have been done all the same. */
const unread: readonly PlatformFailure[] = [
  { kind: "outcome_unknown", ...remark },
  { kind: "unexpected_response", status: 200, ...remark },
  { kind: "unexpected_response", status: 404, ...remark },
  { kind: "rate_limited", retryAfterMs: 2_000, ...remark },
  { kind: "content_rejected", field: "text", reason: "unclear", ...remark },
  { kind: "auth_revoked", ...remark },
  { kind: "unavailable", ...remark },
];

type Plan = "ok" | "lost" | "unread" | "refused" | "unsent" | "throws_before" | "throws_after";

const plans: readonly (readonly [number, Plan])[] = [
  [11, "ok"],
  [4, "lost"],
  [2, "unread"],
  [3, "refused"],
  [1, "unsent"],
  [1, "throws_before"],
  [1, "throws_after"],
];

export function createCalls(deps: CallsDeps) {
  const { platform, stage } = deps;

  const tokenTrouble = (line: Line): PlatformFailure | undefined => {
    const token = platform.tokens.get(line.connectionId);
    if (token === "expired") return { kind: "auth_expired", refused: true, message: "The token has ended." };
    if (token === "revoked") return { kind: "auth_revoked", refused: true, message: "The sign-in was withdrawn." };
    return undefined;
  };

  return {
    change: <T>(line: Line, kind: Flight["kind"], apply: () => T, how: How = {}): Promise<Answer<T>> =>
      told(line, change(line, kind, apply, how)),
    read: <T>(line: Line, look: () => T): Promise<Answer<T>> => told(line, read(line, look)),
  };

  /** A call that changes something: it leaves, is under way, and is answered or not. */
  async function change<T>(line: Line, kind: Flight["kind"], apply: () => T, how: How): Promise<Answer<T>> {
    await stage.gate("call.leaves");
    if (platform.isDown) return fail({ kind: "unavailable", message: "The platform is down." });
    const isVisible = kind !== "invisible";
    if (isVisible && line.leaseRemainingMs() <= line.timeoutMs + marginMs)
      return fail({ kind: "unavailable", message: "This worker's turn ends too soon to send safely." });
    const isIgnored = kind === "deed" && platform.ignoresDeeds;
    const plan = isIgnored ? "unread" : deps.isCalm() ? "ok" : deps.random().weighted(plans);
    if (plan === "unsent") return fail({ kind: "unavailable", message: "The platform could not be reached." });
    if (plan === "throws_before") throw connectorFault();
    const documented = tokenTrouble(line) ?? how.refuses?.();
    const refusal =
      documented ?? (plan === "refused" ? { ...deps.random().weighted(refusals), refused: true as const } : undefined);
    const leftAt = deps.nowMs();
    const flight = takeOff(line, kind, apply, refusal || isIgnored ? "never" : plan, how);
    const inMs = flight.applyAt === undefined ? "never" : `in ${((flight.applyAt - leftAt) / 1000).toFixed(1)} s`;
    deps.tell(`    ${kind} leaves: ${refusal ? `refused, ${refusal.kind}` : plan}, done ${inMs}`);
    await stage.gate("call.under_way");
    platform.tick();
    if (isVisible) line.onVisibleCall();
    if (deps.nowMs() - leftAt >= line.timeoutMs || plan === "lost")
      return fail({ kind: "outcome_unknown", message: "The platform's answer was lost." });
    if (refusal) return fail(refusal);
    if (plan === "throws_after") throw connectorFault();
    if (plan === "unread") {
      const failure = deps.random().pick(unread);
      deps.tell(`    answered ${failure.kind}`);
      return fail(deps.believesAll ? { ...failure, refused: true } : failure);
    }
    platform.land(flight);
    return ok(flight.result as T);
  }

  async function read<T>(line: Line, look: () => T): Promise<Answer<T>> {
    await stage.gate("call.reads");
    platform.tick();
    if (platform.isDown) return fail({ kind: "unavailable", message: "The platform is down." });
    const trouble = tokenTrouble(line);
    if (trouble) return fail(trouble);
    if (!deps.isCalm() && deps.random().chance(0.08)) {
      const kind = deps.random().pick(["unavailable", "rate_limited", "throws", "unexpected_response"] as const);
      if (kind === "throws") throw connectorFault();
      return fail(kind === "unexpected_response" ? { kind, status: 500, ...remark } : { kind, ...remark });
    }
    return ok(look());
  }

  /** When it is applied, if ever: at once, soon, or as late as the lease it was sent under and the settle time allow. */
  function takeOff(line: Line, kind: Flight["kind"], apply: () => unknown, plan: Plan | "never", how: How): Flight {
    const now = deps.nowMs();
    const latest = now + Math.max(line.timeoutMs, line.leaseRemainingMs()) + settleMs - 1;
    const random = deps.random();
    const drawn = plan === "never" ? "never" : plan === "ok" ? random.pick(["now", "late"]) : random.pick(hows);
    const when = how.isOrdered && drawn !== "never" ? "now" : drawn;
    const late = now + Math.floor(random.next() * (latest - now));
    const flight: Flight = {
      jobId: line.jobId,
      connectionId: line.connectionId,
      kind,
      applyAt: when === "never" ? undefined : when === "now" ? now : when === "latest" ? latest : late,
      isApplied: false,
      apply,
      isMoot: how.isMoot ?? (() => false),
      result: undefined,
    };
    platform.flights.push(flight);
    platform.tick();
    return flight;
  }
}

const hows = ["never", "now", "late", "latest"] as const;

async function told<T>(line: Line, call: Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await call;
  await line.http.request(answer);
  return answer;
}

/** How long after a call's end the platform may still be applying it. */
export const settleMs = 5_000;
/** Longest a visible call may take. */
export const timeoutMs = 10_000;

export type Calls = ReturnType<typeof createCalls>;
