import { sha256Hex } from "./crypto.ts";
import type { OutgoingPost } from "./publish.ts";
import { normalizeText } from "./text.ts";

/**
 * What counts as the same post: normalised text and the media's hashes in order. The same on every platform and for
 * every format, so a repeat through another format is seen too. Hexadecimal SHA-256.
 */
export function defaultFingerprint(post: Pick<OutgoingPost, "text" | "media">): string {
  return sha256Hex(JSON.stringify([normalizeText(post.text), ...post.media.map((media) => media.sha256)]));
}
