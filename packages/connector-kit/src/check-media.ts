import type { MediaInfo } from "./context.ts";
import type { Format, MediaRule, PostProblem } from "./publish.ts";

type Rule = NonNullable<MediaRule["image"]> & NonNullable<MediaRule["video"]>;
type Complaint = readonly [code: string, message: string];

/** Number and kind of media, then each one against its rule. Dimensions and lengths nobody knows are not judged. */
export function checkMedia(platform: string, media: readonly MediaInfo[], format: Format): readonly PostProblem[] {
  const { min, max } = format.media;
  const problems: PostProblem[] = [];
  const add = (field: string, [code, message]: Complaint) => problems.push({ field, code, message, severity: "error" });
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
      for (const complaint of complaints(platform, item, format, nameOf(media, index)))
        add(`media.${index}`, complaint);
  return problems;
}

function complaints(platform: string, item: MediaInfo, format: Format, name: string): Complaint[] {
  const rule = ruleFor(item, format.media);
  if (!rule) {
    const kinds = [format.media.image && "images", format.media.video && "videos"].filter(Boolean).join(" and ");
    return [["media_kind", `${name} is a ${item.kind}; ${format.label} on ${platform} takes ${kinds || "none"}.`]];
  }
  const out: Complaint[] = [];
  if (!rule.mimeTypes?.includes(item.mimeType))
    out.push([
      "media_type",
      `${name} is ${item.mimeType}; ${platform} takes ${rule.mimeTypes?.join(", ")}. Convert it.`,
    ]);
  if (rule.maxBytes !== undefined && item.sizeBytes > rule.maxBytes)
    out.push([
      "media_too_large",
      `${name} is ${megabytes(item.sizeBytes)}; ${platform} takes ${megabytes(rule.maxBytes)}. Make it smaller.`,
    ]);
  if (rule.minMs !== undefined && item.durationMs !== undefined && item.durationMs < rule.minMs)
    out.push([
      "media_too_short",
      `${name} lasts ${seconds(item.durationMs)}; ${platform} asks for ${seconds(rule.minMs)}.`,
    ]);
  if (rule.maxMs !== undefined && item.durationMs !== undefined && item.durationMs > rule.maxMs)
    out.push([
      "media_too_long",
      `${name} lasts ${seconds(item.durationMs)}; ${platform} takes ${seconds(rule.maxMs)}. Cut it.`,
    ]);
  if (rule.minWidth !== undefined && item.width !== undefined && item.width < rule.minWidth)
    out.push(["media_too_narrow", `${name} is ${item.width} pixels wide; ${platform} asks for ${rule.minWidth}.`]);
  return [...out, ...aspect(platform, item, rule, name)];
}

function aspect(platform: string, item: MediaInfo, rule: Partial<Rule>, name: string): Complaint[] {
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

/** A GIF goes by the image rule, or by the video rule where only that one names its type. */
function ruleFor(item: MediaInfo, rules: MediaRule): Partial<Rule> | undefined {
  if (item.kind === "video") return rules.video;
  if (item.kind === "image") return rules.image;
  if (item.kind === "gif") {
    const named = [rules.image, rules.video].find((rule) => rule?.mimeTypes.includes(item.mimeType));
    return named ?? rules.image ?? rules.video;
  }
  return undefined;
}

function nameOf(media: readonly MediaInfo[], index: number): string {
  const kind = media[index]?.kind ?? "image";
  const label = { image: "Image", video: "Video", gif: "GIF", document: "Document" }[kind];
  const nth = media.slice(0, index + 1).filter((item) => item.kind === kind).length;
  return media.filter((item) => item.kind === kind).length === 1
    ? `The ${label === "GIF" ? label : label.toLowerCase()}`
    : `${label} ${nth}`;
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${bytes.toLocaleString("en")} bytes` : `${Number((bytes / 1_000_000).toFixed(2))} MB`;
}

const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;
