import type { ByteRange, MediaInfo } from "@postd/connector-kit";
import type { MediaId, Result, TenantId } from "@postd/contracts";

/** A file a post needs is no longer stored. */
export class MediaGone extends Error {
  override readonly name = "MediaGone";
  readonly mediaId: string;
  constructor(mediaId: string) {
    super(`media ${mediaId} is gone`);
    this.mediaId = mediaId;
  }
}

/** What the bytes of a file say about it. */
export interface MediaFacts {
  readonly kind: MediaInfo["kind"];
  readonly mimeType: string;
  readonly extension: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
}

export type MediaRefusal =
  | { readonly code: "too_large" }
  | { readonly code: "empty" }
  /** The sender stopped before the end. */
  | { readonly code: "broken_off"; readonly message: string }
  /** `message` says for people what it is instead. */
  | { readonly code: "unsupported"; readonly message: string };

/** A file that has arrived and been looked at, but has no place yet. Exactly one of `keep` and `discard` is called. */
export interface ReceivedFile {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly facts: MediaFacts;
  /** Puts it in the store for good: it survives a crash from here on. */
  keep(key: string): Promise<void>;
  discard(): Promise<void>;
}

/** Where media bytes are. Never holds a file whole in memory; rejects only when the storage itself fails. */
export interface BlobStore {
  receive(
    stream: AsyncIterable<Uint8Array>,
    limits: { readonly maxBytes: number },
  ): Promise<Result<ReceivedFile, MediaRefusal>>;
  /** undefined: there is no such blob. Each iteration of `stream()` reads it anew, a part from where it begins. */
  open(
    key: string,
  ): Promise<{ readonly sizeBytes: number; stream(range?: ByteRange): AsyncIterable<Uint8Array> } | undefined>;
  /** Removing what is not there is fine. */
  remove(key: string): Promise<void>;
  /** Keys of what was written between the two, in no order. */
  list(written: { readonly writtenAfter: Date; readonly writtenBefore: Date }): AsyncIterable<string>;
}

export interface MediaRecord extends MediaInfo {
  readonly fileName?: string;
  readonly blobKey: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}

export interface TenantMediaRepo {
  insert(record: MediaRecord): Promise<void>;
  /** undefined: not this tenant's, or deleted. */
  get(id: MediaId): Promise<MediaRecord | undefined>;
  /** Marks it deleted unless a post needs it that has not gone out yet. */
  remove(
    id: MediaId,
  ): Promise<
    | { readonly kind: "removed"; readonly record: MediaRecord }
    | { readonly kind: "not_found" }
    | { readonly kind: "in_use"; readonly posts: number }
  >;
}

export interface MediaRepo {
  forTenant(tenantId: TenantId): TenantMediaRepo;
}

/** Opens a public file by address; egress guards it. The body rejects when it grows over the limit or breaks. */
export type FetchPublic = (
  url: string,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
) => Promise<
  Result<
    { readonly body: AsyncIterable<Uint8Array> },
    { readonly code: "refused" | "unavailable" | "not_found" | "too_large"; readonly message: string }
  >
>;
