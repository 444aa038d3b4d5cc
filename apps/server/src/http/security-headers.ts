import type { HelmetOptions } from "helmet";
import type { HttpConfig } from "./deps.ts";

/** Headers of every answer. Pages may load from here, pictures also from platforms; nobody may frame them. */
export function securityHeaders(config: HttpConfig): HelmetOptions {
  const isHttps = config.publicUrl.startsWith("https:");
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
        scriptSrc: ["'self'"],
        // Positioned layers set style attributes.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:", "https:", ...(config.simulated ? ["http:"] : [])],
        mediaSrc: ["'self'", "blob:", "https:"],
        connectSrc: ["'self'"],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: "same-origin" },
    frameguard: { action: "deny" },
  };
}
