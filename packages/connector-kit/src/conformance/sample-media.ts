import { asId } from "@postd/contracts";
import type { MediaInfo } from "../context.ts";
import { sha256Hex } from "../crypto.ts";
import { samplePng as pngBytes } from "../media-samples.ts";

/** A medium with its bytes, as a test gives it. */
export interface SampleMedia {
  readonly info: MediaInfo;
  readonly bytes: Uint8Array;
}

let made = 0;

/** A medium from bytes; the id is new each time. */
export function sampleMedia(
  bytes: Uint8Array,
  info: Partial<MediaInfo> & Pick<MediaInfo, "kind" | "mimeType">,
): SampleMedia {
  made += 1;
  const id = asId("media", `med_sample${String(made).padStart(8, "0")}`);
  return { bytes, info: { id, sizeBytes: bytes.length, sha256: sha256Hex(bytes), ...info } };
}

/** A real PNG; another shade gives other bytes. */
export function samplePng({ width = 600, height = 600, shade = 128, altText = "A grey square" } = {}): SampleMedia {
  const bytes = pngBytes({ width, height, seed: shade });
  return sampleMedia(bytes, { kind: "image", mimeType: "image/png", width, height, altText });
}
