import type { MediaInfo } from "./context.ts";
import { inWords, type MediaComplaint, oneOf } from "./media-words.ts";
import type { MediaRule } from "./publish.ts";

/** What a video's tables say against the rule; facts nobody could read are not judged. */
export function checkVideo(platform: string, item: MediaInfo, rules: MediaRule, name: string): MediaComplaint[] {
  const rule = rules.video;
  const facts = item.video;
  if (!rule || !facts) return [];
  const out: MediaComplaint[] = [];
  const { videoCodec, audioCodec, audioHz, audioChannels, framesPerSecond, index } = facts;
  if (rule.videoCodecs && videoCodec !== undefined && !rule.videoCodecs.includes(videoCodec))
    out.push([
      "video_codec",
      `${name} is coded as ${inWords(videoCodec)}; ${platform} takes ${oneOf(rule.videoCodecs)}. Export it again as ${inWords(rule.videoCodecs[0] ?? "")}.`,
    ]);
  if (rule.audioCodecs && audioCodec !== undefined && !rule.audioCodecs.includes(audioCodec))
    out.push([
      "audio_codec",
      `${name} has ${inWords(audioCodec)} sound; ${platform} takes ${oneOf(rule.audioCodecs)}. Export it again with ${inWords(rule.audioCodecs[0] ?? "")} sound.`,
    ]);
  if (rule.maxAudioHz !== undefined && audioHz !== undefined && audioHz > rule.maxAudioHz)
    out.push([
      "audio_rate",
      `${name} has sound of ${audioHz / 1000} kHz; ${platform} takes up to ${rule.maxAudioHz / 1000} kHz. Export it again with less.`,
    ]);
  if (rule.maxAudioChannels !== undefined && audioChannels !== undefined && audioChannels > rule.maxAudioChannels)
    out.push([
      "audio_channels",
      `${name} has ${audioChannels} channels of sound; ${platform} takes ${rule.maxAudioChannels}. Export it again in stereo.`,
    ]);
  if (framesPerSecond !== undefined) out.push(...frames(platform, framesPerSecond, rule, name));
  const bits = item.durationMs ? (item.sizeBytes * 8_000) / item.durationMs : 0;
  if (rule.maxBitsPerSecond !== undefined && bits > rule.maxBitsPerSecond)
    out.push([
      "video_bit_rate",
      `${name} has ${megabits(bits)} a second; ${platform} takes ${megabits(rule.maxBitsPerSecond)}. Export it again at a lower bit rate.`,
    ]);
  if (rule.needsIndexAtStart && (index === "end" || index === "fragmented"))
    out.push([
      "video_index",
      `${name} has its index ${index === "end" ? "at the end" : "in pieces"}; ${platform} needs it at the start. Upload it again here, or export it with "fast start" (also called web optimised).`,
    ]);
  if (rule.refusesCuts && facts.hasCuts)
    out.push([
      "video_cuts",
      `${name} was cut by a note in the file (an edit list) that ${platform} does not follow. Export the cut video as a new file.`,
    ]);
  return out;
}

/** 23.976 counts as 24 and 59.94 as 60, as makers of cameras and platforms round too. */
const slack = 0.03;

function frames(platform: string, rate: number, rule: NonNullable<MediaRule["video"]>, name: string): MediaComplaint[] {
  const { minFramesPerSecond: min, maxFramesPerSecond: max } = rule;
  const slow = min !== undefined && rate < min - slack;
  const fast = max !== undefined && rate > max + slack;
  if (!slow && !fast) return [];
  const range = [min !== undefined && `at least ${min}`, max !== undefined && `at most ${max}`].filter(Boolean);
  const shown = Number(rate.toFixed(2));
  return [
    [
      "video_frame_rate",
      `${name} has ${shown} frames a second; ${platform} takes ${range.join(" and ")}. Export it again at 30.`,
    ],
  ];
}

const megabits = (bits: number): string => `${Number((bits / 1_000_000).toFixed(1))} Mbit`;
