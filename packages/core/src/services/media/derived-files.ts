import type { Clock, MediaInfo, PictureChange } from "@postd/connector-kit";
import { fail, type Id, type IdKind, ok, type Result, type ServiceError } from "@postd/contracts";
import type { BlobStore, MediaRecord, MediaRepo } from "../../ports/media.ts";
import type { Caller } from "../../ports/services.ts";
import { blobKey } from "./blob-keys.ts";
import { quotaRefusal, refusalOf } from "./refusals.ts";

interface Deps {
  readonly repo: MediaRepo;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly newId: <K extends IdKind>(kind: K) => Id<K>;
}

/**
 * A picture as a platform takes it, made once of the same bytes by the same change and kept as a file of its own, so that
 * what a post names has its bytes, and their hash, before anything is sent. It goes with the file it was made of.
 */
export function createDerivedFiles(
  deps: Deps,
  { maxBytes, quotaBytes }: { readonly maxBytes: number; readonly quotaBytes: number },
) {
  return async (
    { tenantId, actorId }: Pick<Caller, "tenantId" | "actorId">,
    source: MediaInfo,
    change: PictureChange,
  ): Promise<Result<MediaInfo, ServiceError>> => {
    const repo = deps.repo.forTenant(tenantId);
    const made = { sourceSha256: source.sha256, operation: operationOf(change) };
    const known = await repo.derivedBy(made);
    if (known) return ok(infoOf(known));
    const stored = await repo.get(source.id);
    const fitted = stored && (await deps.blobs.fit(stored.blobKey, change, { share: tenantId }));
    if (!fitted) return fail(gone);
    if (!fitted.ok) return fail(refusalOf(fitted.error, maxBytes, source.fileName));
    const { facts, sizeBytes, sha256 } = fitted.value;
    const { extension, ...shown } = facts;
    const id = deps.newId("media");
    const record: MediaRecord = {
      id,
      ...shown,
      sizeBytes,
      sha256,
      ...(source.fileName ? { fileName: source.fileName } : {}),
      blobKey: blobKey(id, extension),
      derived: { sourceId: source.id, ...made },
      createdBy: actorId,
      createdAt: deps.clock.now(),
    };
    await fitted.value.keep(record.blobKey);
    let kept: Awaited<ReturnType<typeof repo.insertWithin>> = false;
    try {
      kept = await repo.insertWithin(record, quotaBytes);
    } finally {
      if (!kept) await deps.blobs.remove(record.blobKey);
    }
    if (kept) return ok(infoOf(record));
    // Somebody else made it meanwhile, or there is no room.
    const other = await repo.derivedBy(made);
    return other ? ok(infoOf(other)) : fail(quotaRefusal(quotaBytes));
  };
}

const gone: ServiceError = {
  code: "not_found",
  detail: "The file was deleted meanwhile.",
  next: "Upload it again and put it into the post.",
};

/** One way of writing a change, whatever the order of its fields. */
function operationOf({ crop, types, sizes, maxBytes }: PictureChange): string {
  const box = crop && [crop.left, crop.top, crop.width, crop.height, crop.of.width, crop.of.height];
  return JSON.stringify({ box, types, sizes: sizes.map(({ width, height }) => [width, height]), maxBytes });
}

const infoOf = ({
  blobKey: _key,
  originalKey: _original,
  originalBytes: _bytes,
  createdBy: _by,
  createdAt: _at,
  derived: _derived,
  altText: _alt,
  ...info
}: MediaRecord): MediaInfo => info;
