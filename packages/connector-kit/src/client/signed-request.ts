import { base64UrlDecode, constantTimeEqual, hmacSha256, sha256Hex } from "../crypto.ts";
import type { Secret } from "../secret.ts";
import type { InboundRequest } from "../webhooks.ts";

/** The `signed_request` of a form body; undefined where the body is something else. */
export function signedRequestIn({ headers, rawBody }: Pick<InboundRequest, "headers" | "rawBody">): string | undefined {
  if (!headers["content-type"]?.toLowerCase().startsWith("application/x-www-form-urlencoded")) return undefined;
  return new URLSearchParams(new TextDecoder().decode(rawBody)).get("signed_request") ?? undefined;
}

/**
 * The signed bytes, or undefined where `key` did not sign them: base64url(HMAC-SHA256 of the second part as written),
 * a full stop, base64url(JSON).
 * @source platforms/meta.md section 3b.5
 */
export function verifiedRequest(signed: string, key: Secret): Uint8Array | undefined {
  const [signature = "", payload = "", ...more] = signed.split(".");
  const given = base64UrlDecode(signature);
  if (!given || !payload || more.length > 0) return undefined;
  return constantTimeEqual(hmacSha256(key, payload), given) ? base64UrlDecode(payload) : undefined;
}

/** Bytes of the second part, for a request whose signature has been checked. */
export const payloadBytes = (signed: string): Uint8Array =>
  base64UrlDecode(signed.split(".")[1] ?? "") ?? new Uint8Array();

/** A person can quote it; the same request always gives the same one. */
export const confirmationCode = (signed: string): string => sha256Hex(`deletion:${signed}`).slice(0, 16);
