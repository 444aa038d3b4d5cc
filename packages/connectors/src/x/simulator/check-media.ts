import { type Category, isPremium, type Medium, type Person, type World } from "./world.ts";

// Fact sheet, sections 5 and 13.

const mega = 1024 * 1024;
const giga = 1024 * mega;
const sizes: Readonly<Record<Category, number>> = {
  tweet_image: 5 * mega,
  dm_image: 5 * mega,
  tweet_gif: 15 * mega,
  dm_gif: 15 * mega,
  tweet_video: 8 * giga,
  amplify_video: 8 * giga,
  dm_video: 512 * mega,
  subtitles: mega,
};

export const largest = (category: Category, person: Person): number =>
  ["tweet_video", "amplify_video"].includes(category) && isPremium(person) ? 16 * giga : sizes[category];

/** How long X works on it; pictures are there at once, unless that is changed. */
export function workMsOf({ settings }: Pick<World, "settings">, { details, media }: Medium): number {
  if (details.category === "subtitles") return 0;
  if (details.category.endsWith("_image")) return settings.pictureMs;
  return details.category.endsWith("_gif") ? 1000 : 2000 + Math.ceil((media?.sizeBytes ?? 0) / 20_000);
}

/** Why it cannot be shown. */
export function troubleOf({ details, media }: Medium): string | undefined {
  const { mimeType = "", width = 0, height = 0 } = media ?? {};
  switch (details.category) {
    case "tweet_image":
    case "dm_image":
      return ["image/jpeg", "image/png", "image/webp", "image/gif"].includes(mimeType)
        ? undefined
        : "media type unrecognized.";
    case "tweet_gif":
    case "dm_gif":
      if (mimeType !== "image/gif") return "media type unrecognized.";
      return width > 1280 || height > 1080 ? "The GIF is too large" : undefined;
    case "tweet_video":
    case "amplify_video":
    case "dm_video":
      return filmTrouble(media);
    case "subtitles":
      return undefined;
    default:
      return details.category satisfies never;
  }
}

function filmTrouble(media: Medium["media"]): string | undefined {
  const { mimeType = "", width = 0, height = 0, durationMs = 0, framesPerSecond = 0 } = media ?? {};
  // Nobody here reads inside of a transport stream.
  if (mimeType === "video/mp2t") return undefined;
  if (!["video/mp4", "video/quicktime", "video/webm"].includes(mimeType)) return "Unsupported video format";
  if (durationMs < 500) return "The video is shorter than 0.5 seconds";
  const ratio = width / height;
  if (Math.min(width, height) < 32 || ratio < 1 / 3 || ratio > 3) return "The video has unsupported dimensions";
  // Whether a plain account may send 1080p is open: it is taken.
  if (Math.max(width, height) > 1920 || framesPerSecond > 60) return "The video is too large";
  return undefined;
}
