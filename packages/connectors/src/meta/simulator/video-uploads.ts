import type { SimRequest } from "@postd/connector-kit/simulator";
import { GraphError, invalidParameter } from "./graph-error.ts";
import type { World } from "./world.ts";

/** One buffer from the chunks of an upload. */
export const joinBytes = (chunks: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(chunks));

const slowMs = 600_000;

/** How long a video works; the slowProcessing fault lengthens it by `ms` (ten minutes unless told). */
export function processingMs(
  call: { readonly world: World; readonly request: SimRequest },
  base = call.world.data.settings.videoProcessingMs,
): number {
  const slow = call.world.env.fault("slowProcessing", call.request);
  if (slow === undefined) return base;
  const ms = slow.ms;
  return base + (typeof ms === "number" ? ms : slowMs);
}

/** What a rupload request carries: headers `offset` and `file_size` with raw bytes, or `file_url` (meta.md §5, §6). */
export type UploadPart =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "bytes"; readonly offset: number; readonly sizeBytes: number; readonly bytes: Uint8Array };

export function readUpload(request: SimRequest): UploadPart {
  const url = request.headers.file_url;
  if (url !== undefined) return { kind: "url", url };
  const offset = headerNumber(request, "offset");
  const sizeBytes = headerNumber(request, "file_size");
  if (offset + request.rawBody.byteLength > sizeBytes) throw uploadError("The bytes go beyond file_size");
  return { kind: "bytes", offset, sizeBytes, bytes: request.rawBody };
}

function headerNumber(request: SimRequest, name: string): number {
  const value = request.headers[name];
  if (value === undefined || !/^\d+$/.test(value))
    throw invalidParameter(`The header ${name} is required and must be a number`);
  return Number(value);
}

/** 1363047: an upload trouble that passes (§12, FB publishing subcodes). */
export const uploadError = (message: string): GraphError =>
  new GraphError({ code: 100, subcode: 1363047, message, isTransient: true });
