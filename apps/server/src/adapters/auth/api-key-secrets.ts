import { createHash, randomBytes } from "node:crypto";
import type { ApiKeySecrets } from "@postd/core";

/** `postd_<32 hex digits of the id>_<256 random bits>`; recognisable for secret scanners. */
const form = /^postd_[0-9a-z]{8,40}_[A-Za-z0-9_-]{43}$/;

/** Random keys, kept as SHA-256: 256 random bits need no slow hash. */
export const apiKeySecrets: ApiKeySecrets = {
  make(id) {
    const key = `postd_${id.replace(/^key_/, "")}_${randomBytes(32).toString("base64url")}`;
    return { key, hash: sha256(key), lastCharacters: key.slice(-4) };
  },
  hash: (presented) => (form.test(presented) ? sha256(presented) : undefined),
};

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
