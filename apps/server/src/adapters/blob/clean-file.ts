import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { ok, type Result } from "@postd/contracts";
import type { MediaRefusal, MediaType, ReceivedFile } from "@postd/core";
import { lengthOf } from "./audio-length.ts";
import { cleanPicture } from "./clean-picture.ts";
import { cleanVideo } from "./clean-video.ts";

export interface Clean extends Pick<ReceivedFile, "sizeBytes" | "sha256" | "facts"> {
  /** `draft` itself where nothing had to change, else `target`. */
  readonly file: string;
  /** Of the file that came. */
  readonly extension: string;
}

/**
 * Makes a file as it goes out, once and for good: whoever reads the store afterwards reads what
 * everybody will see. Documents and audio files are kept as they are. `target` is written, synced, where something had to change.
 */
export async function cleanFile(
  draft: string,
  target: string,
  { kind, mimeType, extension }: MediaType,
  came: Pick<ReceivedFile, "sizeBytes" | "sha256">,
): Promise<Result<Clean, MediaRefusal>> {
  if (kind === "document") return ok({ file: draft, ...came, extension, facts: { kind, mimeType, extension } });
  if (kind === "audio") {
    const durationMs = await lengthOf(draft);
    const facts = { kind, mimeType, extension, ...(durationMs === undefined ? {} : { durationMs }) };
    return ok({ file: draft, ...came, extension, facts });
  }
  const clean =
    kind === "image"
      ? await cleanPicture(draft, mimeType, target)
      : await cleanVideo(draft, { mimeType, extension }, target);
  if (!clean.ok) return clean;
  const { file, facts } = clean.value;
  const measured = file === draft ? came : await measure(file);
  return ok({ file, extension, facts, ...measured });
}

/** Size and hash of a file just written, which is on the disk for good afterwards. */
export async function measure(file: string): Promise<Pick<ReceivedFile, "sizeBytes" | "sha256">> {
  const handle = await open(file, "r+");
  await handle.sync().finally(() => handle.close());
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return { sizeBytes: (await stat(file)).size, sha256: hash.digest("hex") };
}
