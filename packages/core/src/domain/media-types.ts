import type { MediaInfo } from "@postd/connector-kit";

export interface MediaType {
  readonly mimeType: string;
  readonly extension: string;
  readonly kind: Exclude<MediaInfo["kind"], "gif">;
  /** `kept`: goes out as the type it came in. `converted`: becomes PNG or JPEG, as platforms do not take it. */
  readonly intake: "kept" | "converted";
}

const type = (mimeType: string, extension: string, intake: MediaType["intake"] = "kept"): MediaType => {
  const [family] = mimeType.split("/");
  const kind = family === "image" || family === "video" || family === "audio" ? family : "document";
  return { mimeType, extension, kind, intake };
};

/** What may be taken, kept and served to platforms. Nothing here runs code in a browser: no HTML, no SVG, no scripts. */
export const mediaTypes: readonly MediaType[] = [
  type("image/jpeg", "jpg"),
  type("image/png", "png"),
  type("image/gif", "gif"),
  type("image/webp", "webp"),
  type("image/avif", "avif", "converted"),
  type("image/bmp", "bmp", "converted"),
  type("image/tiff", "tiff", "converted"),
  type("image/heic", "heic", "converted"),
  type("video/mp4", "mp4"),
  type("video/x-m4v", "m4v"),
  type("video/quicktime", "mov"),
  type("video/webm", "webm"),
  type("audio/mpeg", "mp3"),
  type("audio/mp4", "m4a"),
  type("audio/aac", "aac"),
  type("audio/wav", "wav"),
  type("audio/ogg", "ogg"),
  type("audio/flac", "flac"),
  type("application/pdf", "pdf"),
  type("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
  type("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
];

export const mediaTypeByMime = (mimeType: string) => mediaTypes.find((type) => type.mimeType === mimeType);
export const mediaTypeByExtension = (extension: string) => mediaTypes.find((type) => type.extension === extension);
