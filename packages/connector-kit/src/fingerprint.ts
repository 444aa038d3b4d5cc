import { sha256Hex } from "./crypto.ts";
import type { OutgoingPost } from "./publish.ts";
import { normalizeText } from "./text.ts";

/**
 * What counts as the same post: normalised text and the media's hashes in order, further parts of a thread, and the
 * place below the account, as the same words on two boards are two posts. The same on every platform and for every
 * format, so a repeat through another format is seen too. Hexadecimal SHA-256.
 */
export function defaultFingerprint(post: Pick<OutgoingPost, "text" | "media" | "parts" | "destination">): string {
  const { text, media, parts = [], destination } = post;
  const whole: (string | object)[] = [normalizeText(text), ...media.map(({ sha256 }) => sha256)];
  // Absent parts leave no trace: prints made before there were any stay the same.
  if (parts.length > 0) whole.push({ parts: parts.map((part) => normalizeText(part.text)) });
  if (destination !== undefined) whole.push({ destination });
  return sha256Hex(JSON.stringify(whole));
}
