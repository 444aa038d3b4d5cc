import { checkRecord } from "./check-record.ts";
import { recordCid } from "./ids.ts";
import { Engagement } from "./lexicon.ts";
import type { Account, StoredRecord } from "./model.ts";
import { xrpcError } from "./words.ts";
import type { World } from "./world.ts";

export type Write =
  | {
      readonly action: "create" | "update";
      readonly collection: string;
      readonly rkey?: string | undefined;
      readonly record: Readonly<Record<string, unknown>>;
      /** Where the record stands in the input. */
      readonly at: string;
    }
  | { readonly action: "delete"; readonly collection: string; readonly rkey: string };

export interface WriteResult {
  readonly action: Write["action"];
  readonly uri?: string;
  readonly cid?: string;
  readonly validationStatus?: string;
}

/**
 * Applies writes as one commit: all are checked before any is stored. Creating what exists, and changing or deleting what
 * does not, answers 500, as seen on a real PDS, and changes nothing. Throws what it refuses.
 */
export function applyWrites(
  world: World,
  account: Account,
  input: {
    readonly writes: readonly Write[];
    readonly validate?: boolean | undefined;
    readonly swapCommit?: string | undefined;
  },
): { readonly results: readonly WriteResult[]; readonly commit: Account["commit"] } {
  const broken = () => xrpcError(500, "InternalServerError", "Internal Server Error");
  const keys = new Set(account.records.keys());
  const prepared = input.writes.map((write) => {
    const rkey = write.rkey ?? world.nextTid();
    const key = `${write.collection}/${rkey}`;
    const uri = `at://${account.did}/${key}`;
    if (write.action === "delete") return { action: write.action, key, uri };
    const { value, validationStatus, blobs } = checkRecord(world, account, {
      ...write,
      rkey,
      validate: input.validate,
    });
    const before = account.records.get(key);
    const stored: StoredRecord = {
      uri,
      cid: recordCid(value),
      collection: write.collection,
      rkey,
      value,
      blobs,
      shownValue: before?.shownValue ?? value,
      indexedAt: before?.indexedAt ?? world.env.now(),
    };
    return { action: write.action, key, uri, stored, validationStatus };
  });
  if (input.swapCommit !== undefined && input.swapCommit !== account.commit.cid)
    throw xrpcError(400, "InvalidSwap", `Commit was at ${account.commit.cid}`);
  for (const { action, key } of prepared) {
    if ((action === "create") === keys.has(key)) throw broken();
    if (action === "delete") keys.delete(key);
    else keys.add(key);
  }

  for (const { key, stored } of prepared) {
    if (stored && input.validate !== false) replaceTwin(world, account, stored);
    world.set(account, key, stored);
  }
  const commit = world.commit(account);
  const results = prepared.map(({ action, uri, stored, validationStatus }) =>
    stored === undefined
      ? { action }
      : { action, uri, cid: stored.cid, validationStatus: validationStatus ?? "unknown" },
  );
  return { results, commit };
}

/** A like or repost of a subject that has one already takes its place (fact sheet, "Publishing"). */
function replaceTwin(world: World, account: Account, { collection, value }: StoredRecord): void {
  if (collection !== "app.bsky.feed.like" && collection !== "app.bsky.feed.repost") return;
  const { uri } = Engagement.parse(value).subject;
  for (const [key, other] of account.records)
    if (other.collection === collection && Engagement.parse(other.value).subject.uri === uri)
      world.set(account, key, undefined);
}
