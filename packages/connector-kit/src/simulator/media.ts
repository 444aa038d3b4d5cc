import { sha256Hex } from "../crypto.ts";
import { describeMedia, type MediaHeader } from "./media-header.ts";
import type { SimEnv, SimPost } from "./types.ts";

/** A medium as a platform holds it after receiving or pulling it. */
export interface StoredMedia extends MediaHeader {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Kept where a page may show it; see `keptImageBytes`. */
  readonly bytes?: Uint8Array;
}

/** Pictures up to this size are kept to be shown; of anything else the hash tells all a test asks. */
export const keptImageBytes = 2_000_000;

/** Type and size as the bytes themselves say; `declared` only where they say nothing. */
export function storeMedia(bytes: Uint8Array, declared = ""): StoredMedia {
  const found = describeMedia(bytes);
  const mimeType = found?.mimeType ?? (declared.split(";", 1)[0]?.trim().toLowerCase() || "application/octet-stream");
  const isKept = mimeType.startsWith("image/") && bytes.byteLength <= keptImageBytes;
  return { sha256: sha256Hex(bytes), sizeBytes: bytes.byteLength, ...found, mimeType, ...(isKept ? { bytes } : {}) };
}

/** A medium as a post shows it; nothing where its bytes never came. */
export const shownMedia = (media: StoredMedia | undefined, altText = ""): SimPost["media"] =>
  media === undefined
    ? []
    : [
        {
          sha256: media.sha256,
          mimeType: media.mimeType,
          sizeBytes: media.sizeBytes,
          ...(altText === "" ? {} : { altText }),
        },
      ];

/** Pulls a medium from an http(s) address as a platform does. Undefined: not reachable, empty, or of another kind. */
export async function pullMedia(
  env: Pick<SimEnv, "fetchMedia">,
  url: string,
  kind?: "image" | "video",
): Promise<StoredMedia | undefined> {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) return undefined;
  const got = await env.fetchMedia(url);
  if (got === undefined || got.bytes.byteLength === 0) return undefined;
  if (kind !== undefined && !got.contentType.toLowerCase().startsWith(`${kind}/`)) return undefined;
  return storeMedia(got.bytes, got.contentType);
}
