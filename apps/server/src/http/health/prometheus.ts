import { createHash, timingSafeEqual } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import { fail, ok, operationsById as op } from "@postd/contracts";
import type { FastifyRequest } from "fastify";
import type { HttpConfig } from "../deps.ts";
import { route } from "../handler.ts";

/** This machine and private networks (RFC 1918, RFC 4193, loopback, link-local). */
const near = new BlockList();
near.addSubnet("127.0.0.0", 8);
near.addSubnet("10.0.0.0", 8);
near.addSubnet("172.16.0.0", 12);
near.addSubnet("192.168.0.0", 16);
near.addAddress("::1", "ipv6");
near.addSubnet("fc00::", 7, "ipv6");
near.addSubnet("fe80::", 10, "ipv6");

export const prometheusRoutes = [
  route(op.prometheus, async ({ deps, request }) => {
    if (!mayScrape(request, deps.config))
      return fail({
        code: "forbidden",
        detail: "Metrics are served to private networks, or with the metrics token where one is set.",
        actor: "operator",
      });
    const { contentType, text } = await deps.services.metrics.render();
    return ok({ body: text, headers: { "content-type": contentType } });
  }),
];

function mayScrape(request: FastifyRequest, config: HttpConfig): boolean {
  if (config.metricsToken) {
    const given = digest(request.headers.authorization ?? "");
    return timingSafeEqual(given, digest(`Bearer ${config.metricsToken.reveal()}`));
  }
  // Behind a proxy that is not named as trusted, everybody would look like the proxy.
  if (request.headers["x-forwarded-for"] !== undefined && config.trustedProxies.length === 0) return false;
  const address = request.ip.replace(/^::ffff:/, "");
  return near.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
