import { pullMedia, type StoredMedia } from "@postd/connector-kit/simulator";
import { invalidParameter } from "@postd/connector-kit/simulator/graph";
import type { Call } from "./call.ts";
import type { Container, MediaKind } from "./model.ts";
import { refuse } from "./words.ts";

// Fact sheet, sections 5 and 13.

export type Pulled = Pick<Container, "media" | "error">;

/** Takes the medium of a container from its address. A picture that cannot be had refuses the call; a film's fate is told later. */
export async function pullFor(call: Call, kind: MediaKind): Promise<Pulled> {
  if (kind !== "IMAGE" && kind !== "VIDEO") return {};
  const { params, world } = call;
  const name = kind === "IMAGE" ? "image_url" : "video_url";
  const url = params.text(name);
  if (url === undefined || url === "") throw invalidParameter(`The parameter ${name} is required`);
  const media = await pullMedia(world.env, url, kind === "IMAGE" ? "image" : "video");
  const decided = world.nextError;
  world.nextError = undefined;
  if (media === undefined) {
    if (kind === "VIDEO") return { error: "FAILED_DOWNLOADING_VIDEO" };
    // The subcode decides over the code (section 11).
    throw refuse(1, "The media could not be fetched from this URI.", { subcode: 2207052, userTitle: "Media download" });
  }
  const error = decided ?? (kind === "IMAGE" ? imageProblem(media) : videoProblem(media));
  return { media, ...(error === undefined ? {} : { error }) };
}

const maxImageBytes = 8_000_000;

/** JPEG or PNG to 8 MB and 10:1; width is scaled. The only name for a picture is UNKNOWN. */
function imageProblem({ mimeType, sizeBytes, width, height }: StoredMedia): string | undefined {
  if (mimeType !== "image/jpeg" && mimeType !== "image/png") return "UNKNOWN";
  if (sizeBytes > maxImageBytes) return "UNKNOWN";
  if (!width || !height) return "UNKNOWN";
  return Math.max(width / height, height / width) > 10 ? "UNKNOWN" : undefined;
}

const maxVideoBytes = 1_000_000_000;
const maxVideoMs = 300_000;
const maxBitsPerSecond = 100_000_000;

/** In the words of `error_message`. An edit list of one part is what most tools write, so only more of them is one. */
function videoProblem(media: StoredMedia): string | undefined {
  const { mimeType, sizeBytes, width = 0, height = 0, durationMs = 0, framesPerSecond } = media;
  if (mimeType !== "video/mp4" && mimeType !== "video/quicktime") return "FAILED_PROCESSING_VIDEO";
  if (media.index !== "start" || (media.editedParts ?? 0) > 1) return "FAILED_PROCESSING_VIDEO";
  if (!["avc", "hevc"].includes(media.videoCodec ?? "")) return "FAILED_PROCESSING_VIDEO";
  if (sizeBytes > maxVideoBytes || width > 1920) return "FAILED_PROCESSING_VIDEO";
  if (durationMs <= 0 || durationMs > maxVideoMs) return "INVALID_DURATION";
  if (framesPerSecond !== undefined && (framesPerSecond < 23 || framesPerSecond > 60)) return "INVALID_FRAME_RATE";
  // Spelled so by the platform.
  if (height > 0 && (width / height < 0.01 || width / height > 10)) return "INVALID_ASPEC_RATIO";
  return (sizeBytes * 8000) / durationMs > maxBitsPerSecond ? "INVALID_BIT_RATE" : undefined;
}
