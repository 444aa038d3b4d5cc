import { base64UrlDecode, base64UrlEncode, constantTimeEqual, hmacSha256 } from "../crypto.ts";
import { randomId } from "./random.ts";

/**
 * Tokens with claims a client can read, and that only the simulator made: signed with a key of its own, whatever algorithm the
 * head names, since nobody outside verifies them.
 */
export function simJwts() {
  const key = randomId();
  const signature = (body: string) => base64UrlEncode(hmacSha256(key, body));
  return {
    sign(head: object, claims: object): string {
      const body = `${base64UrlEncode(JSON.stringify(head))}.${base64UrlEncode(JSON.stringify(claims))}`;
      return `${body}.${signature(body)}`;
    },
    /** The claims, used up or not; undefined where it is none of ours. */
    read(token: string): unknown {
      const [head = "", payload = "", given = ""] = token.split(".");
      if (!constantTimeEqual(signature(`${head}.${payload}`), given)) return undefined;
      return JSON.parse(new TextDecoder().decode(base64UrlDecode(payload)));
    },
  };
}
