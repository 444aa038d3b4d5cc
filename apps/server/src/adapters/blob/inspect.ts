import { open } from "node:fs/promises";
import { fail, ok, type Result } from "@postd/contracts";
import { type MediaFacts, type MediaRefusal, mediaTypeByMime } from "@postd/core";
import { fileTypeFromFile } from "file-type";
import { imageSize } from "image-size";
import { ALL_FORMATS, FilePathSource, Input } from "mediabunny";
import { isAnimatedGif } from "./gif.ts";

/** Sizes of pictures stand near the start; colour profiles and thumbnails before them stay well below this. */
const headBytes = 1024 * 1024;
const videoTimeoutMs = 10_000;
/** Formats whose size any reader can tell; where it cannot be told, the file is damaged. */
const plainPictures = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);
/** Names file-type gives to containers that we keep under a common one. */
const sameAs: Readonly<Record<string, string>> = {
  "image/apng": "image/png",
  "image/heif": "image/heic",
  "image/heic-sequence": "image/heic",
};

/**
 * What a file is, told by its bytes alone: names and announced types are not looked at. Reads only the parts it needs.
 * Width and height are as shown, turned pictures included; what cannot be told of a video is left out.
 */
export async function inspectFile(file: string): Promise<Result<MediaFacts, MediaRefusal>> {
  const detected = await fileTypeFromFile(file);
  const mimeType = detected && (sameAs[detected.mime] ?? detected.mime);
  const type = mimeType === undefined ? undefined : mediaTypeByMime(mimeType);
  if (!type) return fail({ code: "unsupported", message: await describeUnknown(file, detected?.mime) });
  const { extension, kind } = type;
  if (kind === "image") {
    const size = pictureSize(await readHead(file, headBytes));
    if (!size && plainPictures.has(type.mimeType))
      return fail({ code: "unsupported", message: "The picture is damaged: its width and height cannot be read." });
    const isMoving = type.mimeType === "image/gif" && (await isAnimatedGif(file));
    return ok({ kind: isMoving ? "gif" : "image", mimeType: type.mimeType, extension, ...size });
  }
  const measures = kind === "video" ? await videoMeasures(file) : {};
  return ok({ kind, mimeType: type.mimeType, extension, ...measures });
}

type PictureMeasures = Pick<MediaFacts, "width" | "height">;

function pictureSize(head: Uint8Array): PictureMeasures | undefined {
  try {
    const { width, height, orientation = 1 } = imageSize(head);
    if (width < 1 || height < 1) return undefined;
    // EXIF orientations 5 to 8 turn the picture by a quarter.
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    return undefined; // the reader throws for every picture it cannot make sense of
  }
}

/** Reads the container's tables, not the pictures. */
async function videoMeasures(file: string): Promise<PictureMeasures & Pick<MediaFacts, "durationMs">> {
  const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(file) });
  const read = async () => {
    const track = await input.getPrimaryVideoTrack();
    const seconds = (await input.getDurationFromMetadata()) ?? (await input.computeDuration());
    const width = await track?.getDisplayWidth();
    const height = await track?.getDisplayHeight();
    return {
      ...(width && height && { width: Math.round(width), height: Math.round(height) }),
      ...(Number.isFinite(seconds) && seconds > 0 && { durationMs: Math.round(seconds * 1_000) }),
    };
  };
  const timeout = Promise.withResolvers<Record<string, never>>();
  const timer = setTimeout(() => timeout.resolve({}), videoTimeoutMs);
  try {
    return await Promise.race([read(), timeout.promise]);
  } catch {
    return {}; // a container it cannot read; the platform will judge the file
  } finally {
    clearTimeout(timer);
    input.dispose();
  }
}

async function describeUnknown(file: string, mimeType: string | undefined): Promise<string> {
  const start = Buffer.from(await readHead(file, 1_024))
    .toString("latin1")
    .replace(/^ï»¿/, "")
    .trimStart()
    .toLowerCase();
  if (mimeType && /x-msdownload|x-elf|x-mach|x-msi|wasm|java/.test(mimeType))
    return "This is a program, not a picture or video.";
  if (start.startsWith("#!")) return "This is a program, not a picture or video.";
  if (/<svg[\s>]/.test(start) || mimeType === "image/svg+xml")
    return "SVG drawings can carry scripts and no platform takes them. Export it as PNG.";
  if (/^(<!doctype html|<html|<head|<body|<script|<\?php)/.test(start))
    return "This is a web page, not a picture or video. Use the address of the file itself.";
  return mimeType
    ? `Files of the type ${mimeType} cannot be posted.`
    : "The kind of this file could not be told from its bytes.";
}

async function readHead(file: string, bytes: number): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const head = new Uint8Array(Math.min(bytes, (await handle.stat()).size));
    let length = 0;
    while (length < head.length) {
      const { bytesRead } = await handle.read(head, length, head.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return head.subarray(0, length);
  } finally {
    await handle.close();
  }
}
