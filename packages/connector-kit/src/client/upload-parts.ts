import { fail, type MediaId, ok } from "@postd/contracts";
import type { ConnectorContext, PlatformResult } from "../context.ts";
import type { HttpBody } from "../http.ts";
import type { FilePart } from "./plan-parts.ts";

/** Kept in the step's state between runs: how far the upload is, and what the platform called each part. */
export type PartsSent = {
  readonly bytes: number;
  readonly tags: readonly string[];
};

export const noPartsSent: PartsSent = { bytes: 0, tags: [] };

/** What a platform says of one part. */
export interface PartTaken {
  /** Its name for the part, where ending the upload needs it: an ETag. */
  readonly tag?: string;
  /** Bytes it has in all, where it says so; it counts even where it is less than was sent. */
  readonly receivedBytes?: number;
}

export interface PartsUpload {
  readonly id: MediaId;
  readonly parts: readonly FilePart[];
  readonly sent: PartsSent;
  /** Asked once a run, before the first part: how many bytes the platform has. Undefined: it does not know. */
  readonly received?: () => PlatformResult<number | undefined>;
  /** Sends one part. Called for parts in their order, one after the other. */
  readonly send: (part: FilePart, body: HttpBody) => PlatformResult<PartTaken>;
  /** Bytes after which a run ends and stores how far it is. Default 32 MiB; a run sends one part at least. */
  readonly bytesPerRun?: number;
}

/** How far the upload is after this run. */
export interface PartsProgress {
  readonly sent: PartsSent;
  readonly isWhole: boolean;
}

const RUN_BYTES = 32 * 1024 * 1024;

/**
 * Sends as many parts as a run may, from where the platform says it is or the state remembers. Trouble after the first
 * part ends the run with what was reached, so that it is stored; the next run meets the trouble first if it lasts. A
 * platform that takes parts and does not get on is `unavailable`.
 */
export async function uploadParts(
  ctx: Pick<ConnectorContext, "media">,
  { id, parts, sent: before, received, send, bytesPerRun = RUN_BYTES }: PartsUpload,
): PlatformResult<PartsProgress> {
  const end = parts.at(-1)?.to ?? 0;
  let sent = before;
  const told = received && (await received());
  if (told && !told.ok) return told;
  if (told?.ok && told.value !== undefined) sent = { ...sent, bytes: told.value };
  const start = sent.bytes;
  while (sent.bytes < end && sent.bytes - start < bytesPerRun) {
    const part = parts.find(({ to }) => to > sent.bytes);
    if (!part) break;
    // Where the platform stopped within a part, that part goes on from there.
    const rest = { ...part, from: Math.max(part.from, sent.bytes) };
    const body = await ctx.media.open(id, { from: rest.from, to: rest.to });
    const taken = await send(rest, body);
    if (!taken.ok) return sent.bytes > start ? ok({ sent, isWhole: false }) : taken;
    const { tag, receivedBytes = rest.to } = taken.value;
    if (receivedBytes <= sent.bytes) {
      if (sent.bytes > start) return ok({ sent, isWhole: false });
      return fail({ kind: "unavailable", message: "The platform takes the file's parts and does not get on." });
    }
    sent = { bytes: receivedBytes, tags: tag === undefined ? sent.tags : [...sent.tags, tag] };
  }
  return ok({ sent, isWhole: sent.bytes >= end });
}
