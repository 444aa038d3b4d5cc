import { sha256Hex } from "@postd/connector-kit/simulator";
import { invalidRequest } from "./answer.ts";
import { blobCid, createTids, didFor, isDid, newAppPassword, recordCid } from "./ids.ts";

export interface Blob {
  readonly cid: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  uploadedAt: Date;
  /** Keys of the records that name it. Empty: a loose upload. */
  readonly usedBy: Set<string>;
}

export interface StoredRecord {
  readonly uri: string;
  readonly cid: string;
  readonly collection: string;
  readonly rkey: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** What apps show: they do not follow edits of posts (fact sheet, "Edit/Delete"). */
  readonly shownValue: Readonly<Record<string, unknown>>;
  readonly blobs: readonly Blob[];
  /** When this repo first got it, whatever `createdAt` says. */
  readonly indexedAt: Date;
}

export interface Account {
  readonly did: string;
  readonly handle: string;
  readonly displayName: string;
  readonly email: string;
  emailConfirmed: boolean;
  readonly pdsHost: string;
  readonly createdAt: Date;
  /** By name; the password itself is the value. */
  readonly appPasswords: Map<string, string>;
  status: "active" | "takendown" | "suspended" | "deactivated" | "deleted";
  /** By collection/rkey. */
  readonly records: Map<string, StoredRecord>;
  readonly blobs: Map<string, Blob>;
  commit: { readonly cid: string; readonly rev: string };
}

/** Fact sheet: unreferenced blobs are collected within hours. Six is this simulator's choice. */
const looseBlobMs = 6 * 3600_000;
const pdsHosts = ["morel.us-east.host.bsky.network", "chanterelle.us-west.host.bsky.network"] as const;

/** Ready-made accounts, the same after every reset and in every process. */
const demoAccounts = [
  {
    handle: "northfold.bsky.social",
    displayName: "Northfold Coffee",
    appPassword: "fold-demo-post-aaaa",
    emailConfirmed: true,
  },
  {
    handle: "northfold-roastery.bsky.social",
    displayName: "Northfold Roastery",
    appPassword: "rost-demo-post-bbbb",
    emailConfirmed: true,
  },
  {
    handle: "ida-holm.bsky.social",
    displayName: "Ida Holm",
    appPassword: "idah-demo-post-cccc",
    emailConfirmed: false,
  },
] as const;

/** All accounts and what they hold. */
export function createWorld(env: { now(): Date; randomId(): string }) {
  const accounts = new Map<string, Account>();
  const nextTid = createTids(env.now);

  function add(input: {
    handle: string;
    displayName: string;
    appPassword: string;
    emailConfirmed: boolean;
    did: string;
  }): Account {
    const rev = nextTid();
    const account: Account = {
      did: input.did,
      handle: input.handle,
      displayName: input.displayName,
      email: `${input.handle.split(".")[0]}@example.com`,
      emailConfirmed: input.emailConfirmed,
      pdsHost: pdsHosts[accounts.size % pdsHosts.length] ?? pdsHosts[0],
      createdAt: env.now(),
      appPasswords: new Map([["posting", input.appPassword]]),
      status: "active",
      records: new Map(),
      blobs: new Map(),
      commit: { rev, cid: recordCid({ did: input.did, rev }) },
    };
    accounts.set(account.did, account);
    return account;
  }

  function dropOldBlobs(account: Account): void {
    const oldest = env.now().getTime() - looseBlobMs;
    for (const blob of account.blobs.values()) {
      if (blob.usedBy.size === 0 && blob.uploadedAt.getTime() < oldest) account.blobs.delete(blob.cid);
    }
  }

  const world = {
    nextTid,
    accounts: (): readonly Account[] => [...accounts.values()],
    /** By DID, handle or e-mail; handles are not case-sensitive. */
    find(identifier: string): Account | undefined {
      const name = identifier.toLowerCase().replace(/^@/, "");
      return (
        accounts.get(identifier) ?? world.accounts().find(({ handle, email }) => handle === name || email === name)
      );
    },
    /** The repo a request names. Message of the reference PDS (commit d6296a1, createRecord). */
    repo(name: string): Account {
      const account = isDid(name)
        ? accounts.get(name)
        : world.accounts().find(({ handle }) => handle === name.toLowerCase());
      if (account === undefined) throw invalidRequest(`Could not find repo: ${name}`);
      return account;
    },
    create({ name = "New account" }: { readonly name?: string }): {
      readonly account: Account;
      readonly appPassword: string;
    } {
      const seed = env.randomId();
      const base =
        name
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "-")
          .replace(/^-|-$/g, "")
          .slice(0, 20) || "account";
      const handle =
        world.find(`${base}.bsky.social`) === undefined
          ? `${base}.bsky.social`
          : `${base}-${seed.slice(0, 6)}.bsky.social`;
      const appPassword = newAppPassword();
      return {
        account: add({ handle, displayName: name, appPassword, emailConfirmed: true, did: didFor(seed) }),
        appPassword,
      };
    },
    commit(account: Account): Account["commit"] {
      const rev = nextTid();
      account.commit = { rev, cid: recordCid({ did: account.did, rev, before: account.commit.cid }) };
      return account.commit;
    },
    blob(account: Account, cid: string): Blob | undefined {
      dropOldBlobs(account);
      return account.blobs.get(cid);
    },
    addBlob(account: Account, bytes: Uint8Array, mimeType: string): Blob {
      dropOldBlobs(account);
      const cid = blobCid(bytes);
      const known = account.blobs.get(cid);
      if (known !== undefined) {
        known.uploadedAt = env.now();
        return known;
      }
      const blob: Blob = {
        cid,
        mimeType,
        sizeBytes: bytes.byteLength,
        sha256: sha256Hex(bytes),
        bytes,
        uploadedAt: env.now(),
        usedBy: new Set(),
      };
      account.blobs.set(cid, blob);
      return blob;
    },
    /** Stores or deletes one record. A blob goes with the last record that names it (reference PDS, blob transactor). */
    set(account: Account, key: string, record: StoredRecord | undefined): void {
      const before = account.records.get(key);
      if (record === undefined) account.records.delete(key);
      else account.records.set(key, record);
      for (const blob of before?.blobs ?? []) blob.usedBy.delete(key);
      for (const blob of record?.blobs ?? []) blob.usedBy.add(key);
      for (const blob of before?.blobs ?? []) if (blob.usedBy.size === 0) account.blobs.delete(blob.cid);
    },
    looseBlobs(): number {
      return world.accounts().reduce((sum, account) => {
        dropOldBlobs(account);
        return sum + [...account.blobs.values()].filter(({ usedBy }) => usedBy.size === 0).length;
      }, 0);
    },
    reset(): void {
      accounts.clear();
      for (const demo of demoAccounts) add({ ...demo, did: didFor(demo.handle) });
    },
  };
  world.reset();
  return world;
}
export type World = ReturnType<typeof createWorld>;
