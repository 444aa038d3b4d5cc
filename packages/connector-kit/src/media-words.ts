import type { MediaInfo } from "./context.ts";

/** What is wrong with one medium, before it is known under which field. */
export type MediaComplaint = readonly [code: string, message: string];

const labels = {
  image: "image",
  video: "video",
  gif: "animation",
  audio: "audio file",
  document: "document",
} as const;
const withAn: readonly MediaInfo["kind"][] = ["image", "gif", "audio"];

/** "The image", or "Image 2" where there are several of its kind, with the file's own name where it has one. */
export function nameOfMedium(media: readonly MediaInfo[], index: number): string {
  const item = media[index];
  if (!item) return "The file";
  const label = labels[item.kind];
  const same = media.filter(({ kind }) => kind === item.kind).length;
  const nth = media.slice(0, index + 1).filter(({ kind }) => kind === item.kind).length;
  const name = same === 1 ? `The ${label}` : `${label[0]?.toUpperCase()}${label.slice(1)} ${nth}`;
  return item.fileName ? `${name} (${item.fileName})` : name;
}

export const aKindOf = ({ kind }: Pick<MediaInfo, "kind">): string =>
  `${withAn.includes(kind) ? "an" : "a"} ${labels[kind]}`;

const names: Readonly<Record<string, string>> = {
  "image/jpeg": "JPEG",
  "image/png": "PNG",
  "image/gif": "GIF",
  "image/webp": "WebP",
  "image/avif": "AVIF",
  "image/heic": "HEIC",
  "image/bmp": "BMP",
  "image/tiff": "TIFF",
  "video/mp4": "MP4",
  "video/x-m4v": "M4V",
  "video/quicktime": "MOV",
  "video/webm": "WebM",
  "audio/mpeg": "MP3",
  "audio/mp4": "M4A",
  "audio/aac": "AAC",
  "audio/wav": "WAV",
  "audio/ogg": "Ogg",
  "audio/flac": "FLAC",
  "application/pdf": "PDF",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word (DOCX)",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint (PPTX)",
  avc: "H.264",
  hevc: "H.265",
  vp8: "VP8",
  vp9: "VP9",
  av1: "AV1",
  prores: "ProRes",
  aac: "AAC",
  mp3: "MP3",
  opus: "Opus",
  vorbis: "Vorbis",
  flac: "FLAC",
};

/** A type or codec as people call it: JPEG, H.264. */
export const inWords = (typeOrCodec: string): string => names[typeOrCodec] ?? typeOrCodec;

/** "JPEG, PNG or WebP". */
export function oneOf(typesOrCodecs: readonly string[], word: "or" | "and" = "or"): string {
  const all = typesOrCodecs.map(inWords);
  return all.length < 2 ? (all[0] ?? "none") : `${all.slice(0, -1).join(", ")} ${word} ${all.at(-1)}`;
}

export function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${bytes.toLocaleString("en")} bytes` : `${Number((bytes / 1_000_000).toFixed(2))} MB`;
}

export const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;
