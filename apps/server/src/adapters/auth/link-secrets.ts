import { createHash, randomBytes } from "node:crypto";
import type { LinkSecrets } from "@postd/core";

/** 256 random bits, kept as SHA-256: nobody guesses them, so no slow hash is needed. */
export const linkSecrets: LinkSecrets = {
  make() {
    const token = randomBytes(32).toString("base64url");
    return { token, hash: hashOf(token) };
  },
  hash: hashOf,
};

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
