import rateLimit from "@fastify/rate-limit";
import type { ServiceError } from "@postd/contracts";
import type { Principal } from "@postd/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { HttpConfig } from "./deps.ts";

export type RateCheck = (
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal | undefined,
) => Promise<ServiceError | undefined>;

/** Counts per key (or person), per tenant, and per address where nobody is known. Counters are this process's own. */
export async function rateChecks(app: FastifyInstance, config: HttpConfig): Promise<RateCheck> {
  await app.register(rateLimit, { global: false });
  const principals = new WeakMap<FastifyRequest, Principal>();
  const { perKeyPerMinute, perTenantPerMinute, perAddressPerMinute } = config.rateLimits;
  const perMinute = (max: number, keyGenerator: (request: FastifyRequest) => string) =>
    app.createRateLimit({ max, timeWindow: 60_000, keyGenerator });
  const perKey = perMinute(perKeyPerMinute, (request) => {
    const principal = principals.get(request);
    return principal?.kind === "key" ? principal.keyId : `${principal?.userId}`;
  });
  const perTenant = perMinute(perTenantPerMinute, (request) => `${principals.get(request)?.tenant?.id}`);
  const perAddress = perMinute(perAddressPerMinute, (request) => `address ${request.ip}`);

  return async (request, reply, principal) => {
    if (principal) principals.set(request, principal);
    const checks = principal ? (principal.tenant ? [perKey, perTenant] : [perKey]) : [perAddress];
    let over: ServiceError | undefined;
    for (const check of checks) {
      const result = await check(request);
      if (result.isAllowed) continue;
      if (check === checks[0]) {
        reply.header("x-ratelimit-limit", result.max);
        reply.header("x-ratelimit-remaining", result.remaining);
        reply.header("x-ratelimit-reset", result.ttlInSeconds);
      }
      if (result.isExceeded)
        over ??= {
          code: "rate_limited",
          detail: `More than ${result.max} requests in a minute.`,
          next: `Wait ${result.ttlInSeconds} seconds.`,
          retryAfterMs: result.ttlInSeconds * 1_000,
        };
    }
    return over;
  };
}
