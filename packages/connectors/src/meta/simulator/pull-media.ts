import { sha256Hex } from "@postd/connector-kit/simulator";
import { describeMedia } from "./media-headers.ts";
import type { StoredMedia } from "./model.ts";
import type { World } from "./world.ts";

const keptImageBytes = 2_000_000;

/** A medium from received bytes: hash, real type and size read from its own headers. */
export function storeMedia(bytes: Uint8Array, contentType: string): StoredMedia {
  const found = describeMedia(bytes);
  const mimeType =
    found?.mimeType ?? (contentType.split(";", 1)[0]?.trim().toLowerCase() || "application/octet-stream");
  const isKept = mimeType.startsWith("image/") && bytes.byteLength <= keptImageBytes;
  return { sha256: sha256Hex(bytes), sizeBytes: bytes.byteLength, ...found, mimeType, ...(isKept ? { bytes } : {}) };
}

/** Whether a URL is one Meta pulls from: http(s) and plain ASCII (meta.md §6). */
const isPullable = (url: string): boolean => URL.canParse(url) && /^https?:/i.test(url) && /^[\x21-\x7e]+$/.test(url);

/**
 * Pulls a medium as Meta does. Undefined: not reachable, redirected, not ASCII, or not of the wanted kind; §15 names an
 * HTML page and a wrong type among the reasons of 9004/2207052.
 */
export async function pullMedia(world: World, url: string, kind: "image" | "video"): Promise<StoredMedia | undefined> {
  if (!isPullable(url)) return undefined;
  const got = await world.env.fetchMedia(url);
  if (got === undefined || got.bytes.byteLength === 0) return undefined;
  return got.contentType.toLowerCase().startsWith(`${kind}/`) ? storeMedia(got.bytes, got.contentType) : undefined;
}
