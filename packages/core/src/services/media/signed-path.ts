import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Clock, Secret } from "@postd/connector-kit";
import { idSchema, type MediaId } from "@postd/contracts";
import { type MediaType, mediaTypeByExtension } from "../../domain/media-types.ts";

const MediaIdText = idSchema("media");
const pathPattern = /^\/media\/([0-9a-z_]+)\/(\d{1,12})\/([\w-]{43})(\.original)?\.([0-9a-z]{1,8})$/;

export interface SignedFile {
  readonly id: MediaId;
  readonly type: MediaType;
  /** The file as it came, not as it goes out. */
  readonly isOriginal: boolean;
}

export interface SignedPaths {
  /** `lastsMs`: it works so long at least, and never shorter than others. */
  sign(id: MediaId, extension: string, more?: { readonly which?: "original"; readonly lastsMs?: number }): string;
  /** What a path names; undefined when it was not made here or has ended. */
  verify(path: string): SignedFile | undefined;
}

/**
 * Paths that open one file for a while without a session: `/media/<id>/<expires, unix seconds>/<hmac>.<extension>`,
 * with `.original` before the extension for the file as it came.
 * The key is derived from the instance secret for this use alone, so neither can be computed from the other.
 */
export function createSignedPaths(options: {
  readonly instanceSecret: Secret;
  readonly clock: Clock;
  readonly ttlMs: number;
}): SignedPaths {
  const key = Buffer.from(hkdfSync("sha256", options.instanceSecret.reveal(), "", "postd media path v1", 32));
  const signature = (id: string, expires: string, extension: string) =>
    createHmac("sha256", key).update(`${id}/${expires}/${extension}`).digest("base64url");
  return {
    sign(id, extension, { which, lastsMs = 0 } = {}) {
      const ttlMs = Math.max(options.ttlMs, lastsMs);
      const expires = String(Math.ceil((options.clock.now().getTime() + ttlMs) / 1_000));
      const ending = which ? `${which}.${extension}` : extension;
      return `/media/${id}/${expires}/${signature(id, expires, ending)}.${ending}`;
    },
    verify(path) {
      const [, id = "", expires = "", given = "", original = "", extension = ""] = pathPattern.exec(path) ?? [];
      const expected = Buffer.from(signature(id, expires, `${original}.${extension}`.slice(1)));
      const claimed = Buffer.from(given);
      if (claimed.length !== expected.length || !timingSafeEqual(claimed, expected)) return undefined;
      if (Number(expires) * 1_000 <= options.clock.now().getTime()) return undefined;
      const mediaId = MediaIdText.safeParse(id);
      const type = mediaTypeByExtension(extension);
      return mediaId.success && type ? { id: mediaId.data, type, isOriginal: original !== "" } : undefined;
    },
  };
}
