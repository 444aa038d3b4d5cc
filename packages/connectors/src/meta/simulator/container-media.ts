import { type StoredMedia, sha256Hex } from "@postd/connector-kit/simulator";
import { GraphError } from "@postd/connector-kit/simulator/graph";
import type { Container } from "./model.ts";
import { pullMedia } from "./pull-media.ts";
import type { World } from "./world.ts";

const maxImageBytes = 8_000_000;
const maxReelBytes = 300_000_000;
const maxStoryVideoBytes = 100_000_000;
const minAspect = 4 / 5;
const maxAspect = 1.91;
/** A rounded pixel must not refuse a picture of exactly 4:5. */
const aspectSlack = 0.01;

const maxVideoWidth = 1920;
const videoCodecs = ["avc", "hevc"];

/** 9004/2207052: the URL could not be fetched (meta.md §12, §15). */
const notFetchable = () =>
  new GraphError({
    code: 9004,
    subcode: 2207052,
    message: "(#9004) The media could not be fetched from this URI",
    userTitle: "Media download failed",
  });

/** Pulls and checks an image at once: errors come with the container call. */
export async function pullImage(world: World, url: string, isStory: boolean): Promise<StoredMedia> {
  const media = await pullMedia(world, url, "image");
  if (media === undefined) throw notFetchable();
  // JPEG only, 8 MB, 4:5 to 1.91:1 (§14); width is scaled, not refused.
  if (media.mimeType !== "image/jpeg")
    throw new GraphError({ code: 36001, subcode: 2207005, message: "(#36001) The image format is not supported" });
  if (media.sizeBytes > maxImageBytes)
    throw new GraphError({ code: 36000, subcode: 2207004, message: "(#36000) The image is too large to download" });
  const aspect = aspectOf(world, media);
  if (!isStory && aspect !== undefined && (aspect < minAspect - aspectSlack || aspect > maxAspect + aspectSlack))
    throw new GraphError({
      code: 36003,
      subcode: 2207009,
      message: "(#36003) The image's aspect ratio does not fall within our acceptable range",
    });
  return media.channels === 4 ? inScreenColours(media) : media;
}

/**
 * Width to height, of the picture as EXIF has it shown. That Meta measures so is unverified (§14): after
 * `act("ignoreOrientation")` it is measured as its pixels lie.
 */
function aspectOf(world: World, { width, height, orientation = 1 }: StoredMedia): number | undefined {
  if (!width || !height) return undefined;
  const isTurned = orientation >= 5 && !world.data.settings.ignoreOrientation;
  return isTurned ? height / width : width / height;
}

/** Colours of print are converted (§14): what is held is another picture than the one that was sent. */
function inScreenColours({ bytes: _, ...media }: StoredMedia): StoredMedia {
  return { ...media, channels: 3, sha256: sha256Hex(`${media.sha256} in sRGB`) };
}

/** What is wrong with a video, told later in the container's status (§6: `status` holds text with the subcode). */
export function videoProblem(media: StoredMedia, kind: Container["kind"]): Container["error"] {
  const format = { subcode: 2207026, message: "Unsupported video format." };
  if (media.mimeType !== "video/mp4" && media.mimeType !== "video/quicktime") return format;
  if (media.sizeBytes > (kind === "STORIES" ? maxStoryVideoBytes : maxReelBytes)) return format;
  // The index in front, no edit list of several parts, H.264 or HEVC, 23 to 60 frames, at most 1920 px wide, so no upright 4K (§14).
  if (media.index !== "start" || (media.editedParts ?? 0) > 1) return format;
  if (!videoCodecs.includes(media.videoCodec ?? "")) return format;
  if (media.framesPerSecond !== undefined && (media.framesPerSecond < 23 || media.framesPerSecond > 60)) return format;
  if ((media.width ?? 0) > maxVideoWidth) return format;
  const maxMs = kind === "REELS" ? 900_000 : 60_000;
  if (media.durationMs !== undefined && (media.durationMs < 3000 || media.durationMs > maxMs)) return format;
  return undefined;
}

/** Pulls a video; a failure is kept for the status, as Meta pulls videos after answering. */
export async function pullVideo(
  world: World,
  url: string,
  kind: Container["kind"],
): Promise<Pick<Container, "media" | "error">> {
  const media = await pullMedia(world, url, "video");
  if (media === undefined)
    return {
      error: { subcode: 2207052, message: "Media upload has failed: the media could not be fetched from this URI." },
    };
  const error = videoProblem(media, kind);
  return { media, ...(error === undefined ? {} : { error }) };
}
