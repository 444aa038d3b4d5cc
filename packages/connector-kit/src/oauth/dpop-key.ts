import { type Client, DPoP, type DPoPHandle, generateKeyPair } from "oauth4webapi";
import { z } from "zod";
import { type Secret, secret } from "../secret.ts";

const Pair = z.object({ publicKey: z.record(z.string(), z.unknown()), privateKey: z.record(z.string(), z.unknown()) });
const ES256 = { name: "ECDSA", namedCurve: "P-256" };

/** A new key that tokens are bound to, as one secret that can be kept. @source RFC 9449 */
export async function newDpopKey(): Promise<Secret> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const [open, closed] = await Promise.all([
    crypto.subtle.exportKey("jwk", publicKey),
    crypto.subtle.exportKey("jwk", privateKey),
  ]);
  return secret(JSON.stringify({ publicKey: open, privateKey: closed }));
}

/** The kept key, ready to sign proofs; it remembers the nonce the server asks for. */
export async function dpopHandle(client: Client, kept: Secret): Promise<DPoPHandle> {
  const pair = Pair.parse(JSON.parse(kept.reveal()));
  const [publicKey, privateKey] = await Promise.all([
    crypto.subtle.importKey("jwk", pair.publicKey, ES256, true, ["verify"]),
    crypto.subtle.importKey("jwk", pair.privateKey, ES256, false, ["sign"]),
  ]);
  return DPoP(client, { publicKey, privateKey });
}
