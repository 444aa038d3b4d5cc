import { troubleOf, workMsOf } from "./check-media.ts";
import type { Medium, World } from "./world.ts";

function secondsLeft({ expiresAt = 0 }: Medium, now: Date): number {
  return Math.floor((expiresAt - now.getTime()) / 1000);
}

/** What is told of a medium, with how far the work on it is where it is worked on. */
export function shownMedium(world: World, medium: Medium, now: Date) {
  const { id, details, media } = medium;
  const about = media?.mimeType.startsWith("image/")
    ? { image: { image_type: media.mimeType, w: media.width ?? 0, h: media.height ?? 0 } }
    : { video: { video_type: media?.mimeType ?? "" } };
  const base = { id, media_key: details.key, expires_after_secs: secondsLeft(medium, now) };
  if (media === undefined) return base;
  const progress = processing(world, medium, now);
  return { ...base, size: media.sizeBytes, ...about, ...(progress && { processing_info: progress }) };
}

function processing(world: World, medium: Medium, now: Date) {
  if (workMsOf(world, medium) === 0 && !medium.details.fails) return undefined;
  const leftMs = (medium.readyAt ?? 0) - now.getTime();
  if (world.uploads.progress(medium) === "ready")
    return medium.details.fails
      ? { state: "failed", progress_percent: 100, error: { code: 1, name: "InvalidMedia", message: troubleIn(medium) } }
      : { state: "succeeded", progress_percent: 100 };
  const doneMs = now.getTime() - medium.details.wholeAt;
  const percent = Math.floor((100 * doneMs) / (doneMs + leftMs));
  const check_after_secs = Math.min(30, Math.max(1, Math.ceil(leftMs / 1000)));
  return { state: percent === 0 ? "pending" : "in_progress", check_after_secs, progress_percent: percent };
}

const troubleIn = (medium: Medium): string => troubleOf(medium) ?? "Unsupported video format";
