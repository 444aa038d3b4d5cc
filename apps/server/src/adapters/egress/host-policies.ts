import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from "cockatiel";
import type { CallOutcome } from "./call.ts";

export interface HostLimits {
  /** Calls at once to one host, and how many may wait for their turn. */
  readonly concurrent: number;
  readonly waiting: number;
  /** Failed reads in a row that stop further reads, and for how long. */
  readonly failures: number;
  readonly restMs: number;
}

/** More calls at once than one tenant may have jobs, so that its hanging ones leave others a way to the same host. */
export const defaultHostLimits: HostLimits = { concurrent: 40, waiting: 200, failures: 8, restMs: 10_000 };

const MAX_HOSTS = 1000;

export type Limited = { readonly outcome: CallOutcome } | { readonly refused: "circuit_open" | "busy" };

const isOutage = (outcome: unknown): boolean => {
  const result = outcome as CallOutcome;
  if (result.kind === "broken") return !result.cause.startsWith("refused:");
  return result.kind === "answered" && result.status >= 500;
};

/**
 * One host's trouble stays its own: a bulkhead for every call, a circuit breaker for reads. Calls that change a
 * platform pass an open circuit, because holding them back is the pipeline's decision. Memory is bounded: the host
 * unused for longest is forgotten.
 */
export function createHostPolicies(limits: HostLimits) {
  const policies = new Map<string, ReturnType<typeof make>>();
  const make = () => ({
    bulkhead: bulkhead(limits.concurrent, limits.waiting),
    breaker: circuitBreaker(handleWhenResult(isOutage), {
      halfOpenAfter: limits.restMs,
      breaker: new ConsecutiveBreaker(limits.failures),
    }),
  });
  const policyFor = (host: string) => {
    const policy = policies.get(host) ?? make();
    policies.delete(host);
    policies.set(host, policy);
    const oldest = policies.keys().next();
    if (policies.size > MAX_HOSTS && !oldest.done) policies.delete(oldest.value);
    return policy;
  };
  return async (
    { host, useBreaker }: { readonly host: string; readonly useBreaker: boolean },
    run: () => Promise<CallOutcome>,
  ): Promise<Limited> => {
    const policy = policyFor(host);
    try {
      const outcome = await policy.bulkhead.execute(() => (useBreaker ? policy.breaker.execute(run) : run()));
      return { outcome };
    } catch (error) {
      if (error instanceof BrokenCircuitError) return { refused: "circuit_open" };
      if (error instanceof BulkheadRejectedError) return { refused: "busy" };
      throw error;
    }
  };
}
