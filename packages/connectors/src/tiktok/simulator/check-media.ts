import type { StoredMedia } from "@postd/connector-kit/simulator";
import type { FailReason, Person, World } from "./world.ts";

// Fact sheet, section 13. What a file does not say of itself is let through.

const containers = ["video/mp4", "video/quicktime", "video/webm"];
const codecs = ["avc", "hevc", "vp8", "vp9"];
const pictures = ["image/jpeg", "image/webp"];
const maxPhotoBytes = 20_000_000;
const side = { min: 360, max: 4096 } as const;
const longestMs = 600_000;

const outside = (value: number | undefined, { min, max }: { readonly min: number; readonly max: number }): boolean =>
  value !== undefined && (value < min || value > max);

export function troubleWithVideo(
  film: StoredMedia,
  { maxVideoSeconds }: Person,
  { settings }: Pick<World, "settings">,
): FailReason | undefined {
  const { mimeType, videoCodec, sizeBytes, durationMs, framesPerSecond, width, height } = film;
  if (!containers.includes(mimeType) || (videoCodec !== undefined && !codecs.includes(videoCodec)))
    return "file_format_check_failed";
  if (sizeBytes > settings.maxVideoBytes) return "file_format_check_failed";
  const length = { min: settings.minVideoMs, max: Math.min(longestMs, maxVideoSeconds * 1000) };
  if (outside(durationMs, length)) return "duration_check_failed";
  if (outside(framesPerSecond, { min: 23, max: 60 })) return "frame_rate_check_failed";
  if (outside(width, side) || outside(height, side)) return "picture_size_check_failed";
  return undefined;
}

export function troubleWithPhoto(
  { mimeType, sizeBytes, width = 0, height = 0 }: StoredMedia,
  _person: Person,
  { settings }: Pick<World, "settings">,
): FailReason | undefined {
  if (!pictures.includes(mimeType)) return "file_format_check_failed";
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const isLarge = settings.photoSides === "1080p" ? short > 1080 || long > 1920 : width > 1080;
  return sizeBytes > maxPhotoBytes || isLarge ? "picture_size_check_failed" : undefined;
}
