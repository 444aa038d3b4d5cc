import type { ByteRange, MediaInfo, PictureChange, VideoFacts } from "@postd/connector-kit";
import type { MediaId, MediaSettings, Result, TenantId } from "@postd/contracts";

/** A file a post names was deleted, or its bytes are lost. The message is for people. */
export class MediaGone extends Error {
  override readonly name = "MediaGone";
  readonly mediaId: MediaId;

  constructor(mediaId: MediaId) {
    super(`The file ${mediaId} of this post is gone. Upload it again and put it into the post.`);
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
  readonly video?: VideoFacts;
}

export type MediaRefusal =
  | { readonly code: "too_large" }
  | { readonly code: "empty" }
  /** The sender stopped before the end. */
  | { readonly code: "broken_off"; readonly message: string }
  /** `message` says for people what it is instead. */
  | { readonly code: "unsupported"; readonly message: string }
  | { readonly code: "damaged"; readonly message: string }
  | { readonly code: "too_many_pixels"; readonly message: string }
  /** Made for a platform it is larger than `maxBytes` even so small. */
  | { readonly code: "does_not_fit"; readonly maxBytes: number; readonly width: number; readonly height: number };

/**
 * A file that has arrived and is as it will go out: upright, without place and other data that is not shown. Size, hash
 * and facts are those of this file and never change again. It has no place yet; exactly one of `keep` and `discard` is
 * called.
 */
export interface ReceivedFile {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly facts: MediaFacts;
  /** The file as it came, where it was asked for and differs. */
  readonly original?: { readonly extension: string; readonly sizeBytes: number };
  /** Puts it in the store for good, and the original under its own key: both survive a crash from here on. */
  keep(key: string, originalKey?: string): Promise<void>;
  discard(): Promise<void>;
}

export interface ReceiveOptions {
  readonly maxBytes: number;
  /** Whose work it is; those who wait take turns. */
  readonly share: string;
  /** Keeps the file as it came, too. */
  readonly keepOriginal?: boolean;
}

/** Where media bytes are. Never holds a file whole in memory; rejects only when the storage itself fails. */
export interface BlobStore {
  receive(stream: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<Result<ReceivedFile, MediaRefusal>>;
  /** Makes a stored picture as a platform takes it; undefined: there is no such blob. What was stored stays. */
  fit(
    key: string,
    change: PictureChange,
    options: Pick<ReceiveOptions, "share">,
  ): Promise<Result<ReceivedFile, MediaRefusal> | undefined>;
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
  readonly blobKey: string;
  /** The file as it came, kept where the tenant asks for it. */
  readonly originalKey?: string;
  readonly originalBytes?: number;
  /** Of a file made from another one for a platform; such a file goes with its source. */
  readonly derived?: DerivedFrom;
  readonly createdBy: string;
  readonly createdAt: Date;
}

export interface DerivedFrom {
  readonly sourceId: MediaId;
  readonly sourceSha256: string;
  /** The change in one way of writing; the same of the same bytes is kept once. */
  readonly operation: string;
}

export interface TenantMediaRepo {
  insert(record: MediaRecord): Promise<void>;
  /** Inserts if the tenant's files stay within `maxBytes` together; false: they would not. Two at once cannot both. */
  insertWithin(record: MediaRecord, maxBytes: number): Promise<boolean>;
  /** What was made of these bytes by this change. */
  derivedBy(made: Omit<DerivedFrom, "sourceId">): Promise<MediaRecord | undefined>;
  /** Bytes of all files that are not deleted. */
  usedBytes(): Promise<number>;
  /** undefined: not this tenant's, or deleted. */
  get(id: MediaId): Promise<MediaRecord | undefined>;
  /**
   * Marks it deleted, and what was made of it, unless a post needs one of them that has not gone out yet. What was made of
   * it stays where another file has the same bytes.
   */
  remove(id: MediaId): Promise<
    | { readonly kind: "removed"; readonly record: MediaRecord; readonly derived: readonly MediaRecord[] }
    | { readonly kind: "not_found" }
    /** The first few by id, newest first. */
    | { readonly kind: "in_use"; readonly posts: number; readonly postIds: readonly string[] }
  >;
  /** How this tenant wants its files kept. */
  settings(): Promise<MediaSettings>;
  changeSettings(settings: MediaSettings): Promise<void>;
}

export interface MediaRepo {
  forTenant(tenantId: TenantId): TenantMediaRepo;
}

/** Opens a public file by address; egress guards it. The body rejects when it grows over a limit, breaks or drips. */
export type FetchPublic = (
  url: string,
  limits: { readonly maxBytes: number; readonly timeoutMs: number; readonly signal?: AbortSignal },
) => Promise<
  Result<
    { readonly body: AsyncIterable<Uint8Array> },
    { readonly code: "refused" | "unavailable" | "not_found" | "too_large"; readonly message: string }
  >
>;
