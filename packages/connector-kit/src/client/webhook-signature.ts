import { base64Encode, constantTimeEqual, hmacSha256, hmacSha256Hex } from "../crypto.ts";
import type { Secret } from "../secret.ts";
import type { InboundAnswer, InboundRequest, VerifyInput } from "../webhooks.ts";

export interface SignatureFacts {
  /** Lower-case name of the header with the signature. */
  readonly header: string;
  /** Its form, with the groups `digest` and, where it holds one, `t` (Unix seconds). Default: the digest alone. */
  readonly form?: RegExp;
  readonly encoding: "hex" | "base64";
  /** Where the time stands in a header of its own. */
  readonly timestampHeader?: string;
  /** How far a signed time may be from now; default 5 minutes. */
  readonly maxAgeMs?: number;
  /** What is signed before the raw body: `t => t + "."`. Default nothing. */
  readonly prefix?: (timestamp: string) => string;
}

/** `stale`: signed rightly, but too long ago, as a request sent again by somebody would be. */
export type SignatureVerdict = "genuine" | "missing" | "forged" | "stale";

const MAX_AGE_MS = 5 * 60_000;

/**
 * Checks HMAC-SHA256 signatures over the raw body, with any of several keys, in constant time. A request whose time is
 * signed is genuine only near it.
 */
export function webhookSignature(facts: SignatureFacts) {
  const isTimed = facts.timestampHeader !== undefined || facts.form?.source.includes("(?<t>") === true;
  return (
    { headers, rawBody }: Pick<InboundRequest, "headers" | "rawBody">,
    keys: readonly Secret[],
    now: Date,
  ): SignatureVerdict => {
    const groups = (facts.form ?? /^(?<digest>\S+)$/).exec(headers[facts.header] ?? "")?.groups;
    const digest = groups?.digest;
    const timestamp = facts.timestampHeader === undefined ? groups?.t : headers[facts.timestampHeader];
    if (digest === undefined || (isTimed && !/^\d{1,12}$/.test(timestamp ?? ""))) return "missing";
    const prefix = new TextEncoder().encode(facts.prefix?.(timestamp ?? "") ?? "");
    const signed = new Uint8Array(prefix.length + rawBody.length);
    signed.set(prefix);
    signed.set(rawBody, prefix.length);
    // Every key is tried whatever the first says, so that time does not tell which one fits.
    const fits = keys.map((key) => constantTimeEqual(digestOf(facts.encoding, key, signed), digest));
    if (!fits.includes(true)) return "forged";
    const ageMs = isTimed ? Math.abs(now.getTime() - Number(timestamp) * 1000) : 0;
    return ageMs > (facts.maxAgeMs ?? MAX_AGE_MS) ? "stale" : "genuine";
  };
}

/** The answer to a request that is taken or refused by its signature alone; handshakes come before it. */
export function signedRequests(facts: SignatureFacts): (input: VerifyInput) => InboundAnswer {
  const verdictOn = webhookSignature(facts);
  return ({ request, keys, now }) => {
    const verdict = verdictOn(request, keys, now);
    if (verdict === "genuine") return { kind: "accepted" };
    return { kind: "refused", status: 401, reason: `the signature in the header ${facts.header} is ${verdict}` };
  };
}

const digestOf = (encoding: SignatureFacts["encoding"], key: Secret, bytes: Uint8Array): string =>
  encoding === "hex" ? hmacSha256Hex(key, bytes) : base64Encode(hmacSha256(key, bytes));
