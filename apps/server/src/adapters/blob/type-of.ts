import { open } from "node:fs/promises";
import { fail, ok, type Result } from "@postd/contracts";
import { type MediaRefusal, type MediaType, mediaTypeByMime } from "@postd/core";
import { fileTypeFromFile } from "file-type";

/** Names file-type gives to containers that we know under a common one. */
const sameAs: Readonly<Record<string, string>> = {
  "image/apng": "image/png",
  "image/heif": "image/heic",
  "image/heif-sequence": "image/heic",
  "image/heic-sequence": "image/heic",
  "audio/x-m4a": "audio/mp4",
  "audio/ogg; codecs=opus": "audio/ogg",
};

/** What a file is, told by its bytes alone: names and announced types are not looked at. */
export async function typeOf(file: string): Promise<Result<MediaType, MediaRefusal>> {
  const detected = await fileTypeFromFile(file);
  const mimeType = detected && (sameAs[detected.mime] ?? detected.mime);
  const type = mimeType === undefined ? undefined : mediaTypeByMime(mimeType);
  if (type) return ok(type);
  return fail({ code: "unsupported", message: await describeUnknown(file, mimeType) });
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
    const head = new Uint8Array(bytes);
    return head.subarray(0, (await handle.read(head, 0, bytes, 0)).bytesRead);
  } finally {
    await handle.close();
  }
}
