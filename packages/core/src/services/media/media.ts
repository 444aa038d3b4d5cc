import type { Clock, Secret } from "@postd/connector-kit";
import {
  fail,
  type Id,
  type IdKind,
  type MediaId,
  type MediaView,
  ok,
  type Result,
  type ServiceError,
} from "@postd/contracts";
import type { TenantMedia } from "../../ports/egress.ts";
import { type BlobStore, type FetchPublic, MediaGone, type MediaRecord, type MediaRepo } from "../../ports/media.ts";
import type { Caller, MediaService, MediaUpload } from "../../ports/services.ts";
import { blobKey, originalKey } from "./blob-keys.ts";
import { createDerivedFiles } from "./derived-files.ts";
import { implausible, isPlausible } from "./plausible.ts";
import { fetchRefusalOf, quotaRefusal, refusalOf } from "./refusals.ts";
import { createSignedPaths } from "./signed-path.ts";
import { createTransfers } from "./transfers.ts";

export interface MediaDeps {
  readonly repo: MediaRepo;
  readonly blobs: BlobStore;
  readonly fetchPublic: FetchPublic;
  readonly clock: Clock;
  readonly newId: <K extends IdKind>(kind: K) => Id<K>;
  /** The key of signed addresses is derived from it. */
  readonly instanceSecret: Secret;
  /** Address platforms reach this server at, without a slash at the end; asked each time, as the port may move. */
  readonly publicUrl: () => string;
  /** What all files of one tenant may have together. Default: no limit. */
  readonly quotaBytes?: number;
  /** Default 1 GiB. */
  readonly maxBytes?: number;
  /** How long a signed address works. Default 6 hours. */
  readonly linkTtlMs?: number;
}

const fetchTimeoutMs = 5 * 60_000;
const missing: ServiceError = { code: "not_found", detail: "There is no such file." };

/**
 * Uploads and fetches are typed by their bytes, made as they go out, and stored before their row exists, so a row never names a missing
 * file; a crash in between leaves a file nobody names. `access` is the same media as connectors see them.
 */
export function createMediaService(deps: MediaDeps): MediaService & { readonly access: TenantMedia } {
  const maxBytes = deps.maxBytes ?? 1_024 ** 3;
  const { quotaBytes = Number.MAX_SAFE_INTEGER } = deps;
  const transfers = createTransfers();
  const paths = createSignedPaths({ ...deps, ttlMs: deps.linkTtlMs ?? 6 * 3_600_000 });

  async function take(caller: Caller, input: MediaUpload): Promise<Result<MediaView, ServiceError>> {
    const repo = deps.repo.forTenant(caller.tenantId);
    const fileName = input.fileName === undefined ? undefined : plainName(input.fileName);
    const { keepOriginals } = await repo.settings();
    const roomBytes = Math.max(0, quotaBytes - (await repo.usedBytes()));
    const received = await deps.blobs.receive(input.stream, {
      maxBytes: Math.min(maxBytes, roomBytes),
      share: caller.tenantId,
      keepOriginal: keepOriginals,
    });
    if (!received.ok) {
      const isFull = received.error.code === "too_large" && roomBytes < maxBytes;
      return fail(isFull ? quotaRefusal(quotaBytes) : refusalOf(received.error, maxBytes, fileName));
    }
    const said = input.more ? await input.more() : ok({ altText: undefined });
    if (!said.ok) {
      await received.value.discard();
      return said;
    }
    const { facts, sizeBytes, sha256, original } = received.value;
    if (!isPlausible(facts)) {
      await received.value.discard();
      return fail(refusalOf(implausible, maxBytes, fileName));
    }
    const { extension, ...known } = facts;
    const id = deps.newId("media");
    const altText = said.value.altText ?? input.altText;
    const record: MediaRecord = {
      id,
      ...known,
      sizeBytes,
      sha256,
      ...(altText && { altText }),
      ...(fileName && { fileName }),
      blobKey: blobKey(id, extension),
      ...(original && {
        originalKey: originalKey(id, original.extension),
        originalBytes: original.sizeBytes,
      }),
      createdBy: caller.actorId,
      createdAt: deps.clock.now(),
    };
    await received.value.keep(record.blobKey, record.originalKey);
    let isKept = false;
    try {
      isKept = await repo.insertWithin(record, quotaBytes);
    } finally {
      if (!isKept) await removeFiles(record);
    }
    return isKept ? ok(viewOf(record)) : fail(quotaRefusal(quotaBytes));
  }

  async function fetchAndTake(
    caller: Caller,
    { url, altText }: { readonly url: string; readonly altText?: string },
    signal?: AbortSignal,
  ): Promise<Result<MediaView, ServiceError>> {
    // A little more than the limit, so that the store is the one to say that a file is too large.
    const file = await deps.fetchPublic(url, {
      maxBytes: maxBytes + 1_024 ** 2,
      timeoutMs: fetchTimeoutMs,
      ...(signal && { signal }),
    });
    if (!file.ok) return fail(fetchRefusalOf(file.error));
    const fileName = fileNameOf(url);
    const taken = await take(caller, {
      stream: file.value.body,
      ...(fileName && { fileName }),
      ...(altText !== undefined && { altText }),
    });
    return taken.ok ? taken : fail({ ...taken.error, field: "url" });
  }

  async function removeFiles({ blobKey: key, originalKey: original }: MediaRecord): Promise<void> {
    await deps.blobs.remove(key);
    if (original !== undefined) await deps.blobs.remove(original);
  }

  const derived = createDerivedFiles(deps, { maxBytes, quotaBytes });

  return {
    fitted: derived,
    upload: (caller, input) => transfers.run("upload", caller.tenantId, () => take(caller, input)),
    fetchFromUrl: (caller, input, signal) =>
      transfers.run("fetch", caller.tenantId, () => fetchAndTake(caller, input, signal)),
    async get(caller, id) {
      const record = await deps.repo.forTenant(caller.tenantId).get(id);
      if (!record) return fail(missing);
      const { originalKey: original } = record;
      if (original === undefined) return ok(viewOf(record));
      const path = paths.sign(id, extensionOf(original), { which: "original" });
      return ok({ ...viewOf(record), originalUrl: deps.publicUrl() + path });
    },
    async remove(caller, id) {
      const removed = await deps.repo.forTenant(caller.tenantId).remove(id);
      if (removed.kind === "not_found") return fail(missing);
      if (removed.kind === "in_use") {
        return fail({
          code: "state_conflict",
          detail: inUse(removed),
          next: "Take the file out of the post, or cancel the post, and delete it then.",
        });
      }
      for (const record of [removed.record, ...removed.derived]) await removeFiles(record);
      return ok(viewOf(removed.record));
    },
    async openSigned({ path }) {
      const named = paths.verify(path);
      if (!named) return undefined;
      const key = named.isOriginal ? originalKey : blobKey;
      const stored = key(named.id, named.type.extension);
      const blob = await deps.blobs.open(stored);
      if (!blob) return undefined;
      const etag = `"${stored.slice(stored.indexOf("/") + 1)}"`;
      return { open: blob.stream, sizeBytes: blob.sizeBytes, mimeType: named.type.mimeType, etag };
    },
    async settings(caller) {
      return ok(await deps.repo.forTenant(caller.tenantId).settings());
    },
    async changeSettings(caller, settings) {
      await deps.repo.forTenant(caller.tenantId).changeSettings(settings);
      return ok(settings);
    },
    access: {
      forTenant(tenantId) {
        const find = async (id: MediaId) => {
          const record = await deps.repo.forTenant(tenantId).get(id);
          const blob = record && (await deps.blobs.open(record.blobKey));
          if (!record || !blob) throw new MediaGone(id);
          return { record, blob };
        };
        return {
          async open(id, range) {
            const { record, blob } = await find(id);
            const to = Math.min(range?.to ?? blob.sizeBytes, blob.sizeBytes);
            const from = Math.min(range?.from ?? 0, to);
            const part = range && { from, to };
            return { sizeBytes: to - from, contentType: record.mimeType, open: () => blob.stream(part) };
          },
          async publicUrl(id, lastsMs) {
            const { record } = await find(id);
            const extension = extensionOf(record.blobKey);
            return deps.publicUrl() + paths.sign(id, extension, lastsMs === undefined ? {} : { lastsMs });
          },
        };
      },
    },
  };
}

/** Names the posts, so that a person finds them. */
function inUse({ posts, postIds }: { readonly posts: number; readonly postIds: readonly string[] }): string {
  const named = postIds.join(", ");
  if (posts === 1) return `The post ${named} needs this file and has not gone out yet.`;
  const more = posts - postIds.length;
  return `${posts} posts need this file and have not gone out yet: ${named}${more > 0 ? ` and ${more} more` : ""}.`;
}

const extensionOf = (key: string) => key.slice(key.lastIndexOf(".") + 1);

function viewOf({
  blobKey: _k,
  originalKey: _o,
  originalBytes: _b,
  createdBy: _by,
  createdAt,
  derived,
  madeFrom: _m,
  ...info
}: MediaRecord): MediaView {
  return { ...info, ...(derived ? { madeFrom: derived.sourceId } : {}), createdAt: createdAt.toISOString() };
}

/** The last part of a path, printable, at most 200 characters; it is shown, never used as a path. */
function plainName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? "";
  return last.replace(/\p{C}/gu, "").trim().slice(0, 200);
}

function fileNameOf(url: string): string | undefined {
  const last = URL.canParse(url) ? new URL(url).pathname.split("/").at(-1) : undefined;
  try {
    return last && decodeURIComponent(last);
  } catch {
    return last; // not percent-encoded text; shown as it is
  }
}
