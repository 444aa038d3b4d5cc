import { checkMedium } from "./check-media.ts";
import type { AccountRef, MediaInfo } from "./context.ts";
import { type MediaComplaint, nameOfMedium, oneOf } from "./media-words.ts";
import type { PublishingPlatform } from "./platform.ts";
import type { Format, PostProblem } from "./publish.ts";

/** What no converting, cutting or shrinking mends: the platform has no place for such a file. */
const outright = new Set(["media_kind", "media_type", "media_animated"]);

/**
 * Why no format fits a post whose author named none: the files that fit nowhere, each with its reason and way out, or
 * the combination of files that each fit somewhere. Pure.
 */
export function noFormatFits(
  { name, publishing }: PublishingPlatform,
  media: readonly MediaInfo[],
  account: Pick<AccountRef, "kind">,
): readonly PostProblem[] {
  const formats = Object.values(publishing.formats).filter(
    ({ accountKinds, media: { max } }) => max > 0 && (!accountKinds || accountKinds.includes(account.kind)),
  );
  const strangers = media.flatMap((item, index): PostProblem[] => {
    const reason = refusedEverywhere(name, item, formats, nameOfMedium(media, index));
    return reason ? [{ field: `media.${index}`, code: reason[0], message: reason[1], severity: "error" }] : [];
  });
  if (strangers.length > 0) return strangers;
  const kinds = new Set(media.map(({ kind }) => kind));
  const message =
    kinds.size > 1
      ? `${name} does not take ${oneOf(
          [...kinds].map((kind) => plural[kind]),
          "and",
        )} together in one post. Send them as separate posts; ${offer(formats)}.`
      : `${name} has no format for these media; ${offer(formats)}. Change the media or name a format.`;
  return [{ field: "format", code: "no_format_fits", message, severity: "error" }];
}

const plural = {
  image: "images",
  video: "videos",
  gif: "animations",
  audio: "audio files",
  document: "documents",
} as const;

/** The reason of the format that comes closest: one that takes the kind at all says more than one that does not. */
function refusedEverywhere(
  platform: string,
  item: MediaInfo,
  formats: readonly Format[],
  name: string,
): MediaComplaint | undefined {
  const reasons = formats.map((format) =>
    checkMedium(platform, item, format, name).find(([code]) => outright.has(code)),
  );
  if (reasons.length > 0 && reasons.some((reason) => reason === undefined)) return undefined;
  const types = new Set(
    formats.flatMap(({ media: { image, video, audio, document } }) =>
      [image, video, audio, document].flatMap((it) => it?.mimeTypes ?? []),
    ),
  );
  return (
    reasons.find((reason) => reason?.[0] === "media_animated") ??
    reasons.find((reason) => reason?.[0] === "media_type") ?? [
      "media_kind",
      types.size === 0
        ? `${name} cannot be posted: ${platform} takes no media. Remove it.`
        : `${name} cannot be posted to ${platform}, which takes ${oneOf([...types], "and")}. Remove it or convert it.`,
    ]
  );
}

const offer = (formats: readonly Format[]): string =>
  formats
    .map(({ label, media: { min, max, image, video, audio, document } }) => {
      const s = max === 1 ? "" : "s";
      const kinds = [image && "image", video && "video", audio && "audio file", document && "document"];
      const what = kinds.flatMap((kind) => (kind ? [`${kind}${s}`] : [])).join(" or ");
      return `${label} takes ${min === max ? min : `${min} to ${max}`} ${what}`;
    })
    .join(", ");
