import type { ServiceError } from "@postd/contracts";
import { mediaTypes } from "../../domain/media-types.ts";
import type { FetchPublic, MediaRefusal } from "../../ports/media.ts";

const accepted = mediaTypes.map(({ extension }) => extension.toUpperCase()).join(", ");

/** What people are told when a file is not taken; the file is named where its name is known. */
export function refusalOf(refusal: MediaRefusal, maxBytes: number, fileName?: string): ServiceError {
  const error = wordsFor(refusal, maxBytes);
  return fileName ? { ...error, detail: `${fileName}: ${error.detail}` } : error;
}

function wordsFor(refusal: MediaRefusal, maxBytes: number): ServiceError {
  switch (refusal.code) {
    case "too_large":
      return {
        code: "payload_too_large",
        field: "file",
        detail: `The file is larger than ${inWords(maxBytes)}, the most this server takes.`,
        next: "Make it smaller, or ask the operator for a higher limit.",
      };
    case "empty":
      return {
        code: "invalid_input",
        field: "file",
        detail: "The file is empty.",
        next: "Choose a file that has something in it.",
      };
    case "broken_off":
      return {
        code: "invalid_input",
        field: "file",
        detail: `The file did not arrive whole: ${refusal.message}.`,
        next: "Send it again.",
      };
    case "unsupported":
      return {
        code: "unsupported_media",
        field: "file",
        detail: refusal.message,
        next: `Choose a file of one of these kinds: ${accepted}.`,
      };
    case "damaged":
      return {
        code: "unsupported_media",
        field: "file",
        detail: refusal.message,
        next: "Open it on your device to see whether it is whole, save or export it anew, and send that.",
      };
    case "too_many_pixels":
      return {
        code: "unsupported_media",
        field: "file",
        detail: refusal.message,
        next: "Save it smaller, as JPEG or PNG; no platform shows more than about 8,000 pixels a side.",
      };
    case "does_not_fit":
      return {
        code: "unsupported_media",
        field: "file",
        detail: `Even as small as ${refusal.width} x ${refusal.height} pixels it is larger than ${inWords(refusal.maxBytes)}.`,
        next: "Use a simpler picture, or a part of it.",
      };
    default:
      refusal satisfies never;
      throw new Error("a media refusal has no words");
  }
}

/** What people are told when a workspace's files have reached what they may take together. */
export const quotaRefusal = (quotaBytes: number): ServiceError => ({
  code: "payload_too_large",
  field: "file",
  detail: `The files of this workspace may take ${quotaBytes >= 1e9 ? `${quotaBytes / 1e9} GB` : `${quotaBytes / 1e6} MB`} together, and with this one it would be more.`,
  next: "Delete files that are not needed any more with DELETE /api/media/:id, or ask the operator to raise POSTD_MEDIA_QUOTA.",
});

type FetchFailure = Extract<Awaited<ReturnType<FetchPublic>>, { ok: false }>["error"];

/** What people are told when an address does not give a file. */
export function fetchRefusalOf(failure: FetchFailure): ServiceError {
  const fields = { field: "url", detail: failure.message, actor: "you" } as const;
  switch (failure.code) {
    case "refused":
    case "not_found":
      return { code: "invalid_input", ...fields, next: "Use a public https address that leads straight to the file." };
    case "too_large":
      return { code: "payload_too_large", ...fields, next: "Use a smaller file." };
    case "unavailable":
      return { code: "platform_unavailable", ...fields, next: "Try again later, or upload the file instead." };
    default:
      failure.code satisfies never;
      throw new Error("a fetch failure has no words");
  }
}

function inWords(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1_024)));
  return `${Math.round((bytes / 1_024 ** step) * 10) / 10} ${units[step]}`;
}
