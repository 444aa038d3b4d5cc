import { rm } from "node:fs/promises";
import type { VideoFacts } from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import type { MediaFacts, MediaRefusal } from "@postd/core";
import { FilePathSource, Input, MATROSKA, MP4, QTFF, WEBM } from "mediabunny";
import { isWhole, TooManyParts, withByteSource, writePieces } from "./clean/byte-source.ts";
import { type CleanedVideo, cleanMp4 } from "./clean/clean-mp4.ts";
import { cleanWebm } from "./clean/clean-webm.ts";
import type { CleanFile } from "./clean-picture.ts";

const readTimeoutMs = 10_000;

/** What is cleaned here. A file is never read as anything else it may look like: sound, a playlist that names others. */
const formats = [MP4, QTFF, WEBM, MATROSKA];

/** The video as it goes out: without places, tags and data tracks, never coded anew, with what its tables say of it. */
export async function cleanVideo(
  file: string,
  type: Pick<MediaFacts, "mimeType" | "extension">,
  target: string,
): Promise<Result<CleanFile, MediaRefusal>> {
  const cleaned = await withByteSource(file, async (source) => {
    const made = await cleanerFor(type.mimeType)(source).catch(refuseOddFiles);
    if (!made.ok || isWhole(made.pieces, source.sizeBytes)) return { made, isNew: false };
    await writePieces(source, made.pieces, target);
    return { made, isNew: true };
  }).catch(async (error: unknown) => {
    await rm(target, { force: true });
    throw error;
  });
  const { made, isNew } = cleaned;
  if (!made.ok) return fail({ code: "damaged", message: `The video cannot be used: ${made.why}.` });
  const out = isNew ? target : file;
  const { video, ...measures } = await readTables(out);
  const facts = { ...made.facts, ...video };
  return ok({
    file: out,
    facts: { kind: "video", ...type, ...measures, ...(Object.keys(facts).length > 0 && { video: facts }) },
  });
}

type Made =
  | CleanedVideo
  | { readonly ok: true; readonly pieces: Extract<CleanedVideo, { ok: true }>["pieces"]; readonly facts: VideoFacts };

function cleanerFor(mimeType: string): (source: Parameters<typeof cleanMp4>[0]) => Promise<Made> {
  if (mimeType !== "video/webm") return cleanMp4;
  return async (source) => {
    const pieces = await cleanWebm(source);
    return pieces ? { ok: true, pieces, facts: {} } : { ok: false, why: "it is damaged" };
  };
}

function refuseOddFiles(error: unknown): Made {
  if (error instanceof TooManyParts) return { ok: false, why: "it is made of more parts than any video" };
  throw error;
}

type Tables = Pick<MediaFacts, "width" | "height" | "durationMs"> & { readonly video?: VideoFacts };

/** Reads the container's tables by ranges, not the pictures; what cannot be told is left out. */
async function readTables(file: string): Promise<Tables> {
  const input = new Input({ formats, source: new FilePathSource(file) });
  const timeout = Promise.withResolvers<Tables>();
  const timer = setTimeout(() => timeout.resolve({}), readTimeoutMs);
  try {
    return await Promise.race([tablesOf(input), timeout.promise]);
  } catch {
    return {}; // a container it cannot read; the platform will judge the file
  } finally {
    clearTimeout(timer);
    input.dispose();
  }
}

async function tablesOf(input: Input): Promise<Tables> {
  const [track, sound] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
  const seconds = (await input.getDurationFromMetadata()) ?? (await input.computeDuration());
  const [width, height] = [await track?.getDisplayWidth(), await track?.getDisplayHeight()];
  const rate = track && (await track.computePacketStats(packetsForRate)).averagePacketRate;
  const [videoCodec, audioCodec] = [track && (await codecOf(track)), sound && (await codecOf(sound))];
  const rotation = await track?.getRotation();
  return {
    ...(width && height && { width: Math.round(width), height: Math.round(height) }),
    ...(Number.isFinite(seconds) && seconds > 0 && { durationMs: Math.round(seconds * 1_000) }),
    video: {
      ...(videoCodec && { videoCodec }),
      ...(audioCodec && { audioCodec }),
      ...(sound && { audioHz: await sound.getSampleRate(), audioChannels: await sound.getNumberOfChannels() }),
      ...(rate && Number.isFinite(rate) && { framesPerSecond: Math.round(rate * 1_000) / 1_000 }),
      ...(rotation !== undefined && { rotation }),
    },
  };
}

/** Enough frames for a rate that is steady, few enough to need the start of the tables only. */
const packetsForRate = 300;

type Track = NonNullable<Awaited<ReturnType<Input["getPrimaryVideoTrack"] | Input["getPrimaryAudioTrack"]>>>;

/** The common name, or the container's own short one where the codec is no common one. */
async function codecOf(track: Track): Promise<string | undefined> {
  const own = (await track.getCodec()) ?? (await track.getInternalCodecId());
  const name = typeof own === "string" ? own.trim() : undefined;
  return name && /^[\w./ -]{1,20}$/.test(name) ? name : undefined;
}
