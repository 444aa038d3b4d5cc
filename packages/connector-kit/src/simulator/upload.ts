import { sha256Hex } from "../crypto.ts";
import { type StoredMedia, storeMedia } from "./media.ts";
import { randomWord } from "./random.ts";

export type UploadProblem =
  | "unknown"
  | "expired"
  /** All bytes are there already. */
  | "finished"
  /** The bytes do not begin where the ones before them ended, or a part is missing. */
  | "range"
  /** More bytes than were announced, or fewer at the end. */
  | "size"
  /** A part's tag is not the one it was answered with. */
  | "tag";

export type UploadAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: UploadProblem; readonly receivedBytes: number };

export interface Upload<D> {
  readonly id: string;
  /** Announced size; absent: whatever comes. */
  readonly sizeBytes?: number;
  readonly contentType: string;
  readonly details: D;
  readonly expiresAt?: number;
  receivedBytes: number;
  /** Once all bytes are there. */
  media?: StoredMedia;
  /** Until then the platform works on them. */
  readyAt?: number;
}

/** `awaited`: bytes are missing; `working`: the platform has them all and is not done. */
export type UploadProgress = "awaited" | "working" | "ready";

interface Held<D> extends Upload<D> {
  /** By index; whole uploads have one. */
  readonly parts: Map<number, { readonly bytes: Uint8Array; readonly tag: string }>;
}

/** Upload sessions: whole, in a row, or in numbered parts; `workMs` is how long the platform works on what has arrived. What a problem is called and answers is the platform's own. */
export function simUploads<D>(env: { now(): Date }) {
  const uploads = new Map<string, Held<D>>();
  const refuse = (problem: UploadProblem, receivedBytes = 0) => ({ ok: false, problem, receivedBytes }) as const;

  function open(input: {
    readonly id?: string;
    readonly details: D;
    readonly sizeBytes?: number;
    readonly contentType?: string;
    readonly seconds?: number;
  }): Upload<D> {
    const { id = randomWord(32), details, sizeBytes, contentType = "", seconds } = input;
    const upload: Held<D> = {
      id,
      details,
      contentType,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(seconds === undefined ? {} : { expiresAt: env.now().getTime() + seconds * 1000 }),
      receivedBytes: 0,
      parts: new Map(),
    };
    uploads.set(id, upload);
    return upload;
  }

  function openOne(id: string): UploadAnswer<Held<D>> {
    const upload = uploads.get(id);
    if (upload === undefined) return refuse("unknown");
    if (upload.expiresAt !== undefined && upload.expiresAt <= env.now().getTime())
      return refuse("expired", upload.receivedBytes);
    return upload.media === undefined ? { ok: true, value: upload } : refuse("finished", upload.receivedBytes);
  }

  function keep(upload: Held<D>, index: number, bytes: Uint8Array): string {
    const tag = sha256Hex(bytes).slice(0, 32);
    upload.parts.set(index, { bytes, tag });
    upload.receivedBytes = [...upload.parts.values()].reduce((sum, part) => sum + part.bytes.byteLength, 0);
    return tag;
  }

  function close(upload: Held<D>, workMs: number): StoredMedia {
    const inOrder = [...upload.parts].sort(([left], [right]) => left - right).map(([, { bytes }]) => bytes);
    upload.media = storeMedia(new Uint8Array(Buffer.concat(inOrder)), upload.contentType);
    upload.readyAt = env.now().getTime() + workMs;
    upload.parts.clear();
    return upload.media;
  }

  return {
    open,
    get: (id: string): Upload<D> | undefined => uploads.get(id),
    all: (): readonly Upload<D>[] => [...uploads.values()],
    progress({ readyAt }: Upload<D>): UploadProgress {
      if (readyAt === undefined) return "awaited";
      return env.now().getTime() < readyAt ? "working" : "ready";
    },
    /** Bytes of a picture, by the sha256 a post names; for `media` of a simulator. */
    bytesOf(sha256: string) {
      const media = uploads.values().find((upload) => upload.media?.sha256 === sha256)?.media;
      return media?.bytes && { bytes: media.bytes, contentType: media.mimeType };
    },
    /** All bytes in one request. */
    takeWhole(id: string, bytes: Uint8Array, workMs = 0): UploadAnswer<StoredMedia> {
      const found = openOne(id);
      if (!found.ok) return found;
      const { sizeBytes } = found.value;
      if (sizeBytes !== undefined && bytes.byteLength !== sizeBytes) return refuse("size");
      keep(found.value, 0, bytes);
      return { ok: true, value: close(found.value, workMs) };
    },
    /** Bytes that begin where the ones before ended; with the last of the announced size the medium is whole. */
    takeNext(id: string, from: number, bytes: Uint8Array, workMs = 0): UploadAnswer<StoredMedia | undefined> {
      const found = openOne(id);
      if (!found.ok) return found;
      const upload = found.value;
      const { receivedBytes: at, sizeBytes = Number.POSITIVE_INFINITY } = upload;
      if (from !== at) return refuse("range", at);
      if (at + bytes.byteLength > sizeBytes) return refuse("size", at);
      keep(upload, upload.parts.size, bytes);
      return { ok: true, value: upload.receivedBytes === sizeBytes ? close(upload, workMs) : undefined };
    },
    /** A numbered part, in any order and as often as sent; answers its tag. */
    takePart(id: string, index: number, bytes: Uint8Array): UploadAnswer<string> {
      const found = openOne(id);
      return found.ok ? { ok: true, value: keep(found.value, index, bytes) } : found;
    },
    /** Ends an upload in parts: numbered without a gap, of the announced size, with these tags where given. */
    finish(id: string, tags?: readonly string[], workMs = 0): UploadAnswer<StoredMedia> {
      const found = openOne(id);
      if (!found.ok) return found;
      const { parts, receivedBytes, sizeBytes } = found.value;
      const indexes = [...parts.keys()].sort((left, right) => left - right);
      if (parts.size === 0 || indexes.some((index, at) => index !== at)) return refuse("range", receivedBytes);
      if (tags && (tags.length !== parts.size || tags.some((tag, at) => parts.get(at)?.tag !== tag)))
        return refuse("tag", receivedBytes);
      if (sizeBytes !== undefined && receivedBytes !== sizeBytes) return refuse("size", receivedBytes);
      return { ok: true, value: close(found.value, workMs) };
    },
    remove: (id: string): boolean => uploads.delete(id),
  };
}
export type SimUploads<D> = ReturnType<typeof simUploads<D>>;

/** `Content-Range: bytes a-b/total`; undefined where the header is missing or no such range. */
export function contentRange(
  header: string | undefined,
): { readonly from: number; readonly to: number; readonly sizeBytes: number | undefined } | undefined {
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || Number(to) < Number(from)) return undefined;
  return { from: Number(from), to: Number(to), sizeBytes: size === "*" ? undefined : Number(size) };
}
