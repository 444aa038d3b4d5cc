import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";
import { asId } from "@postd/contracts";
import type { MediaInfo } from "../context.ts";
import { sha256Hex } from "../crypto.ts";

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

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A real PNG of one grey; another shade gives other bytes. */
export function samplePng({ width = 600, height = 600, shade = 128, altText = "A grey square" } = {}): SampleMedia {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height, shade);
  for (let y = 0; y < height; y++) rows[y * (width + 1)] = 0;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const bytes = Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return sampleMedia(bytes, { kind: "image", mimeType: "image/png", width, height, altText });
}
