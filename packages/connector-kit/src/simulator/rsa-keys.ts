import { createSign, generateKeyPairSync } from "node:crypto";
import { base64UrlEncode } from "../crypto.ts";

let pair: ReturnType<typeof makePair> | undefined;

function makePair() {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/**
 * RS256, for platforms whose tokens and events others verify with public keys (RFC 7515, 7517). Making a key takes a
 * while, so there is one for all of a process, made when it is first needed; `kid` is the platform's name for it.
 */
export function simRsaKeys(kid: string) {
  const keyPair = () => {
    pair ??= makePair();
    return pair;
  };
  return {
    sign(claims: object): string {
      const parts = [{ alg: "RS256", kid, typ: "JWT" }, claims].map((part) => base64UrlEncode(JSON.stringify(part)));
      const body = parts.join(".");
      return `${body}.${base64UrlEncode(createSign("RSA-SHA256").update(body).sign(keyPair().privateKey))}`;
    },
    /** The set a verifier reads, with the public half alone. */
    jwks() {
      const { kty = "", n = "", e = "" } = keyPair().publicKey.export({ format: "jwk" });
      return { keys: [{ kty, alg: "RS256", use: "sig", kid, n, e }] };
    },
  };
}
export type SimRsaKeys = ReturnType<typeof simRsaKeys>;
