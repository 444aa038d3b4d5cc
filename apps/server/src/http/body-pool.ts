import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { Refusal } from "./problem.ts";

export interface BodyPool {
  /** Reads a body into memory; throws a `Refusal` when it is larger than `maxBytes` or memory for bodies is used up. */
  collect(request: FastifyRequest, payload: Readable, maxBytes: number): Promise<Buffer>;
  readonly usedBytes: number;
}

interface Held {
  bytes: number;
  /** Ends the reading; the caller of `collect` gets a refusal. */
  readonly give: () => void;
}

const firstBytes = 4_096;

/**
 * Memory for bodies that are not read to their end, all requests together. A body takes room as it arrives, never more
 * than twice what came, however small the pieces. When there is none left the body that has been arriving longest makes
 * room: whoever sends at a normal pace is done long before.
 */
export function createBodyPool(maxTotalBytes: number): BodyPool {
  const open = new Set<Held>();
  let usedBytes = 0;

  const take = (held: Held, bytes: number) => {
    held.bytes += bytes;
    usedBytes += bytes;
    while (usedBytes > maxTotalBytes) {
      const [longest] = open;
      if (!longest) return;
      release(longest);
      longest.give();
    }
  };
  const release = (held: Held) => {
    if (!open.delete(held)) return;
    usedBytes -= held.bytes;
  };

  return {
    get usedBytes() {
      return usedBytes;
    },
    collect(request, payload, maxBytes) {
      if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
      return new Promise((resolve, reject) => {
        let buffer = Buffer.alloc(0);
        let size = 0;
        const end = (finish: () => void) => {
          payload.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose).pause();
          release(held);
          finish();
        };
        const held: Held = { bytes: 0, give: () => end(() => reject(crowded())) };
        const onEnd = () => end(() => resolve(buffer.subarray(0, size)));
        const onError = (error: unknown) => end(() => reject(error));
        const onClose = () => end(() => reject(cutOff()));
        const onData = (chunk: Buffer) => {
          const needed = size + chunk.byteLength;
          if (needed > maxBytes) return end(() => reject(tooLarge(maxBytes)));
          if (needed > buffer.byteLength) {
            const wider = Math.min(maxBytes, Math.max(needed, 2 * buffer.byteLength, firstBytes));
            take(held, wider - buffer.byteLength);
            if (!open.has(held)) return; // it was this body that had to make room
            const grown = Buffer.allocUnsafe(wider);
            buffer.copy(grown, 0, 0, size);
            buffer = grown;
          }
          size += chunk.copy(buffer, size);
        };
        open.add(held);
        payload.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
      });
    },
  };
}

const tooLarge = (maxBytes: number) =>
  new Refusal({
    code: "payload_too_large",
    detail: `The body is larger than ${Math.floor(maxBytes / 1_000)} KB, the most this operation takes.`,
    next: "Send less at once; files go to POST /api/media.",
  });

const crowded = () =>
  new Refusal({
    code: "unavailable",
    detail: "Too many requests are arriving at once, and this one took longest. Nothing was changed by it.",
    next: "Send it again shortly.",
    retryAfterMs: 2_000,
  });

const cutOff = () =>
  new Refusal({
    code: "invalid_input",
    field: "body",
    detail: "The body was cut off before its end.",
    next: "Send it again.",
  });
