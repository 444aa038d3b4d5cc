import { credentialFor } from "./credential.ts";
import { readInput } from "./read-input.ts";
import { type Refusal, type Refuse, SimRefusal } from "./refusal.ts";
import type { Call, Route } from "./route.ts";
import { type Caller, callerOf, type SimTokens, type TokenProblem } from "./tokens.ts";
import type { SimAnswer, SimEnv, SimFaultName, SimRequest, SimulatorDefinition } from "./types.ts";

/** What stands around every call of one simulator. */
export interface Surroundings<W> {
  readonly world: W;
  readonly env: SimEnv;
  readonly tokens: SimTokens;
  readonly refuse: Refuse<W>;
  readonly credential?: SimulatorDefinition["credential"] | undefined;
  /** Whom a token acts for. Default: what the kit's tokens say. */
  readonly authenticate?: ((world: W, token: string, request: SimRequest) => Caller | TokenProblem) | undefined;
  /** Withdraws what a token stands for, as its owner would; for `tokenRevoked`. Default: the kit's grant. */
  readonly revoke?: ((world: W, token: string) => void) | undefined;
  /** Answers a request from the beginning. */
  readonly answer: Call<W>["answer"];
  /** Looks at every call before its own rules; refuses by throwing. */
  readonly guard?: ((call: Pick<Call<W>, "world" | "request" | "now">, route: Route<W>) => void) | undefined;
}

const slowMs = 600_000;
const listLagMs = 3_600_000;

/**
 * Answers one call of a route. The order is the same for every platform: slow down, token, scopes, what the platform
 * checks of every call, query and body, a server's own trouble, the handler, a cut answer.
 */
export async function runRoute<W>(
  { route, params }: { readonly route: Route<W>; readonly params: Call<W>["params"] },
  request: SimRequest,
  around: Surroundings<W>,
): Promise<SimAnswer> {
  const { world, env } = around;
  const fault = (name: SimFaultName) => env.fault(name, request);
  const refuse = (refusal: Refusal) => new SimRefusal(around.refuse(refusal, request, env.now(), world));
  const limited = fault("rateLimited");
  if (limited) throw refuse({ kind: "rateLimited", retryAfterSeconds: retryAfter(limited), params: limited });
  const visitor = whoCalls(route, request, around, refuse);
  const now = env.now();
  around.guard?.({ world, request, now }, route);
  const { query, body } = await readInput(route, request, refuse);
  const broken = fault("serverError");
  if (broken && broken.applied !== true) throw refuse({ kind: "serverError", params: broken });
  const answer = await route.handle({
    world,
    env,
    request,
    params,
    query,
    body,
    visitor,
    get caller() {
      if (visitor === undefined) throw new Error(`${route.paths[0]} asks who calls, and takes no token`);
      return visitor;
    },
    now,
    fault,
    answer: around.answer,
    workMs: (usualMs) => {
      const slow = fault("slowProcessing");
      return slow === undefined ? usualMs : usualMs + (typeof slow.ms === "number" ? slow.ms : slowMs);
    },
    listed(items, madeAt) {
      const hiding = fault("hideFromLists");
      if (hiding === undefined) return items;
      const since = now.getTime() - (typeof hiding.lagMs === "number" ? hiding.lagMs : listLagMs);
      return items.filter((item) => Number(madeAt(item)) < since);
    },
  });
  if (broken) throw refuse({ kind: "serverError", params: broken });
  const succeeded = typeof answer === "object" && answer.status < 400;
  return succeeded && route.publishes && fault("dropAfterAccept") ? "drop" : answer;
}

function whoCalls<W>(
  route: Route<W>,
  request: SimRequest,
  { env, tokens, world, authenticate, revoke, credential }: Surroundings<W>,
  refuse: (refusal: Refusal) => SimRefusal,
): Caller | undefined {
  const { token: need = "needed", scopes = [] } = route;
  if (need === "none") return undefined;
  const token = credentialFor(credential ? { credential } : {}, request);
  if (token === undefined) {
    if (need === "optional") return undefined;
    throw refuse({ kind: "tokenMissing" });
  }
  if (env.fault("tokenExpired", request)) throw refuse({ kind: "tokenExpired" });
  if (env.fault("tokenRevoked", request)) {
    if (revoke) revoke(world, token);
    else {
      const found = tokens.find(token);
      if (found) found.grant.ended = true;
    }
    throw refuse({ kind: "tokenRevoked" });
  }
  const caller = authenticate?.(world, token, request) ?? kitCaller(tokens.check(token));
  if (typeof caller === "string") throw refuse({ kind: caller });
  const missing = scopes.filter((scope) => ![scope].flat().some((one) => caller.scopes.has(one))).flat();
  if (missing.length > 0) throw refuse({ kind: "scopeMissing", scopes: missing });
  return caller;
}

const kitCaller = (token: ReturnType<SimTokens["check"]>): Caller | TokenProblem =>
  typeof token === "string" ? token : callerOf(token);

/** `retryAfterSeconds` of the fault: 30 unless told, none for null. */
const retryAfter = (params: Readonly<Record<string, unknown>>): number | undefined => {
  const given = params.retryAfterSeconds;
  return given === null ? undefined : typeof given === "number" ? given : 30;
};
