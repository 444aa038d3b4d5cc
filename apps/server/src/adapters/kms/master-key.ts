import { createHmac } from "node:crypto";

/** Names a master key without telling anything about it; the same key has the same name everywhere. */
export function masterKeyId(key: Uint8Array): string {
  return `mk_${createHmac("sha256", key).update("postd master key id").digest("hex").slice(0, 16)}`;
}
