import { invalidRequest, XrpcError } from "./answer.ts";
import { checkRecord } from "./check-record.ts";
import { isNsid, isRecordKey, recordCid } from "./ids.ts";
import type { Account, StoredRecord, World } from "./world.ts";

export type Write =
  | {
      readonly action: "create" | "update";
      readonly collection: string;
      readonly rkey?: string | undefined;
      readonly record: unknown;
    }
  | { readonly action: "delete"; readonly collection: string; readonly rkey: string };

export interface WriteResult {
  readonly action: Write["action"];
  readonly uri?: string;
  readonly cid?: string;
  readonly validationStatus?: string;
}

/**
 * Applies writes as one commit: all are checked before any is stored. Throws XrpcError; a key that exists answers 500,
 * as seen on a real PDS, and changes nothing.
 */
export function applyWrites(
  world: World,
  account: Account,
  input: {
    readonly writes: readonly Write[];
    readonly validate?: boolean | undefined;
    readonly swapCommit?: string | undefined;
    readonly now: Date;
  },
): { readonly results: readonly WriteResult[]; readonly commit: Account["commit"] } {
  if (input.swapCommit !== undefined && input.swapCommit !== account.commit.cid) {
    throw new XrpcError(400, "InvalidSwap", `Commit was at ${account.commit.cid}`);
  }
  const created = new Set<string>();
  const prepared = input.writes.map((write) => {
    const rkey = write.rkey ?? world.nextTid();
    if (!isNsid(write.collection)) throw invalidRequest("Input/collection must be a valid nsid");
    if (!isRecordKey(rkey)) throw invalidRequest("Input/rkey must be a valid Record Key");
    const key = `${write.collection}/${rkey}`;
    const current = account.records.get(key);
    const uri = `at://${account.did}/${key}`;
    if (write.action === "delete") return { action: write.action, key, current, uri };
    const { value, validationStatus, blobs } = checkRecord(world, account, {
      collection: write.collection,
      rkey,
      record: write.record,
      validate: input.validate,
    });
    if (write.action === "create" && (current !== undefined || created.has(key)))
      throw new XrpcError(500, "InternalServerError", "Internal Server Error");
    created.add(key);
    const stored: StoredRecord = {
      uri,
      cid: recordCid(value),
      collection: write.collection,
      rkey,
      value,
      blobs,
      shownValue: current?.shownValue ?? value,
      indexedAt: current?.indexedAt ?? input.now,
    };
    return { action: write.action, key, current, uri, stored, validationStatus };
  });

  for (const { key, stored } of prepared) world.set(account, key, stored);
  const commit = world.commit(account);
  const results = prepared.map(({ action, uri, stored, validationStatus }) =>
    stored === undefined
      ? { action }
      : { action, uri, cid: stored.cid, validationStatus: validationStatus ?? "unknown" },
  );
  return { results, commit };
}
