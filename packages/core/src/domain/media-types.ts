import type { MediaInfo } from "@postd/connector-kit";

export interface MediaType {
  readonly mimeType: string;
  readonly extension: string;
  readonly kind: Exclude<MediaInfo["kind"], "gif">;
}

/** What may be kept and served to platforms. Nothing here runs code in a browser: no HTML, no SVG, no scripts. */
export const mediaTypes: readonly MediaType[] = [
  { mimeType: "image/jpeg", extension: "jpg", kind: "image" },
  { mimeType: "image/png", extension: "png", kind: "image" },
  { mimeType: "image/gif", extension: "gif", kind: "image" },
  { mimeType: "image/webp", extension: "webp", kind: "image" },
  { mimeType: "image/avif", extension: "avif", kind: "image" },
  { mimeType: "image/heic", extension: "heic", kind: "image" },
  { mimeType: "video/mp4", extension: "mp4", kind: "video" },
  { mimeType: "video/x-m4v", extension: "m4v", kind: "video" },
  { mimeType: "video/quicktime", extension: "mov", kind: "video" },
  { mimeType: "video/webm", extension: "webm", kind: "video" },
  { mimeType: "application/pdf", extension: "pdf", kind: "document" },
];

export const mediaTypeByMime = (mimeType: string) => mediaTypes.find((type) => type.mimeType === mimeType);
export const mediaTypeByExtension = (extension: string) => mediaTypes.find((type) => type.extension === extension);
