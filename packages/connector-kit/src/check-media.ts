import { checkVideo } from "./check-video.ts";
import type { MediaInfo } from "./context.ts";
import { aKindOf, inWords, type MediaComplaint, megabytes, nameOfMedium, oneOf, seconds } from "./media-words.ts";
import type { Format, MediaRule, PostProblem } from "./publish.ts";

type Rule = NonNullable<MediaRule["image"]> & NonNullable<MediaRule["video"]>;

/** Number and kind of media, then each one against its rule. What nobody knows about a file is not judged. */
export function checkMedia(platform: string, media: readonly MediaInfo[], format: Format): readonly PostProblem[] {
  const { min, max } = format.media;
  const problems: PostProblem[] = [];
  const add = (field: string, [code, message]: MediaComplaint) =>
    problems.push({ field, code, message, severity: "error" });
  if (media.length > max)
    add("media", [
      "too_many_media",
      max === 0
        ? `${format.label} on ${platform} takes no media. Remove it or choose another format.`
        : `${media.length} media; ${format.label} on ${platform} takes ${max}. Remove ${media.length - max}.`,
    ]);
  if (media.length < min)
    add("media", [
      "too_few_media",
      `${format.label} on ${platform} needs at least ${min} ${min === 1 ? "medium" : "media"}. Add ${min - media.length}.`,
    ]);
  if (max > 0)
    for (const [index, item] of media.entries())
      for (const complaint of checkMedium(platform, item, format, nameOfMedium(media, index)))
        add(`media.${index}`, complaint);
  return [...problems, ...unshownAltTexts(platform, media, format)];
}

const pictures: readonly MediaInfo["kind"][] = ["image", "gif"];

/** Words of a file that nobody will be shown; the post goes out without them. */
function unshownAltTexts(platform: string, media: readonly MediaInfo[], { label, media: rule }: Format): PostProblem[] {
  const { altText: shown = pictures } = rule;
  return media.flatMap(({ altText, kind }, index): PostProblem[] => {
    if (!altText || shown.includes(kind) || rule.max === 0) return [];
    const message = `${nameOfMedium(media, index)} has an alt text, and ${label} on ${platform} shows none with ${aKindOf({ kind })}. It is left out there.`;
    return [{ field: `media.${index}.altText`, code: "alt_text_not_shown", message, severity: "warning" }];
  });
}

/** Everything that keeps one medium out of a format, each with the way out. `name` is how messages call it. */
export function checkMedium(platform: string, item: MediaInfo, format: Format, name: string): MediaComplaint[] {
  const rule = ruleFor(item, format.media);
  if (!rule) {
    const { image, video, audio, document } = format.media;
    const kinds = [image && "images", video && "videos", audio && "audio files", document && "documents"]
      .filter(Boolean)
      .join(" and ");
    return [
      [
        "media_kind",
        `${name} is ${aKindOf(item)}; ${format.label} on ${platform} takes ${kinds || "none"}. Remove it or choose another format.`,
      ],
    ];
  }
  const types = rule.mimeTypes ?? [];
  // Where a rule names GIF, the platform has said what it does with one; of other moving pictures it shows one frame.
  if (item.kind === "gif" && !(types.includes(item.mimeType) && item.mimeType === "image/gif"))
    return [
      [
        "media_animated",
        `${name} is an animated ${inWords(item.mimeType)}; ${format.label} on ${platform} takes still ${oneOf(types, "and")} pictures. Use a still picture, or post it as a video where that is possible.`,
      ],
    ];
  const out: MediaComplaint[] = [];
  if (!types.includes(item.mimeType))
    out.push([
      "media_type",
      `${name} is ${inWords(item.mimeType)}; ${platform} takes ${oneOf(types)} here. Convert it.`,
    ]);
  if (rule.maxBytes !== undefined && item.sizeBytes > rule.maxBytes)
    out.push([
      "media_too_large",
      `${name} is ${megabytes(item.sizeBytes)}; ${platform} takes ${megabytes(rule.maxBytes)}. Make it smaller.`,
    ]);
  if (rule.minBytes !== undefined && item.sizeBytes < rule.minBytes)
    out.push([
      "media_too_small",
      `${name} is ${megabytes(item.sizeBytes)}; ${platform} asks for ${megabytes(rule.minBytes)} at least. Export it larger.`,
    ]);
  if (rule.minMs !== undefined && item.durationMs !== undefined && item.durationMs < rule.minMs)
    out.push([
      "media_too_short",
      `${name} lasts ${seconds(item.durationMs)}; ${platform} asks for ${seconds(rule.minMs)}. Use a longer one.`,
    ]);
  if (rule.maxMs !== undefined && item.durationMs !== undefined && item.durationMs > rule.maxMs)
    out.push([
      "media_too_long",
      `${name} lasts ${seconds(item.durationMs)}; ${platform} takes ${seconds(rule.maxMs)}. Cut it.`,
    ]);
  const dimensions = [...pixels(platform, item, rule, name), ...aspect(platform, item, rule, name)];
  return [...out, ...dimensions, ...(item.kind === "video" ? checkVideo(platform, item, format.media, name) : [])];
}

function pixels(platform: string, item: MediaInfo, rule: Partial<Rule>, name: string): MediaComplaint[] {
  const { width, height } = item;
  if (width === undefined || height === undefined) return [];
  const { minWidth = 0, minHeight, maxWidth, maxHeight, maxLongSide, maxShortSide, maxPixels } = rule;
  const size = `${name} is ${width} x ${height} pixels`;
  if (minHeight !== undefined && (width < minWidth || height < minHeight))
    return [["media_too_small", `${size}; ${platform} asks for ${minWidth} x ${minHeight}. Export it larger.`]];
  if (width < minWidth)
    return [["media_too_narrow", `${size}; ${platform} asks for a width of ${minWidth}. Use a larger one.`]];
  if (maxWidth !== undefined && width > maxWidth)
    return [["media_too_wide", `${size}; ${platform} takes a width of up to ${maxWidth}. Export it smaller.`]];
  if (maxHeight !== undefined && height > maxHeight)
    return [["media_too_tall", `${size}; ${platform} takes a height of up to ${maxHeight}. Export it smaller.`]];
  if (maxLongSide !== undefined && Math.max(width, height) > maxLongSide)
    return [
      ["media_too_large", `${size}; ${platform} takes a longer side of up to ${maxLongSide}. Export it smaller.`],
    ];
  if (maxShortSide !== undefined && Math.min(width, height) > maxShortSide)
    return [
      ["media_too_large", `${size}; ${platform} takes a shorter side of up to ${maxShortSide}. Export it smaller.`],
    ];
  if (maxPixels !== undefined && width * height > maxPixels)
    return [["media_too_large", `${size}; ${platform} takes ${maxPixels} of them in all. Export it smaller.`]];
  return [];
}

function aspect(platform: string, item: MediaInfo, rule: Partial<Rule>, name: string): MediaComplaint[] {
  if (!item.width || !item.height) return [];
  const ratio = item.width / item.height;
  // A thousandth of slack: 1080 x 1351 is 4:5 to everybody, and platforms round too.
  const narrow = rule.minAspect !== undefined && ratio < rule.minAspect - 0.001;
  const wide = rule.maxAspect !== undefined && ratio > rule.maxAspect + 0.001;
  if (!narrow && !wide) return [];
  const bound = narrow ? rule.minAspect : rule.maxAspect;
  const way = narrow ? "at least" : "at most";
  return [
    [
      "media_aspect",
      `${name} is ${item.width} x ${item.height} (${ratio.toFixed(2)}:1); ${platform} takes ${way} ${bound?.toFixed(2)}:1. Crop it.`,
    ],
  ];
}

/** A moving picture goes by the image rule, or by the video rule where only that one names its type. */
function ruleFor(item: MediaInfo, rules: MediaRule): Partial<Rule> | undefined {
  if (item.kind === "video") return rules.video;
  if (item.kind === "image") return rules.image;
  if (item.kind === "audio") return rules.audio;
  if (item.kind === "document") return rules.document;
  if (item.kind === "gif") {
    const named = [rules.image, rules.video].find((rule) => rule?.mimeTypes.includes(item.mimeType));
    return named ?? rules.image;
  }
  return undefined;
}
