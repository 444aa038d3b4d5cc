import { type Ground, type SimLimit, type SimRefusal, sha256Hex, simLimits } from "@postd/connector-kit/simulator";
import { blobCid, createTids, didFor, newAppPassword, recordCid } from "./ids.ts";
import type { Account, Blob, StoredRecord, VideoJob } from "./model.ts";
import { createSessions } from "./sessions.ts";
import { xrpcError } from "./words.ts";

/** Fact sheet: unreferenced blobs are collected within hours. Six is this simulator's choice. */
const looseBlobMs = 6 * 3600_000;
const pdsHosts = ["morel.us-east.host.bsky.network", "chanterelle.us-west.host.bsky.network"] as const;

/** Ready-made accounts, the same after every reset and in every process. */
const demoAccounts = [
  ["northfold.bsky.social", "Northfold Coffee", "fold-demo-post-aaaa", true],
  ["northfold-roastery.bsky.social", "Northfold Roastery", "rost-demo-post-bbbb", true],
  ["ida-holm.bsky.social", "Ida Holm", "idah-demo-post-cccc", false],
] as const;

/** Fact sheet, "Rate limits". Requests per address (3,000 in 5 min) are left out: all tests share one address. */
const limits = {
  write: [
    { name: "write-hour", points: 5000, seconds: 3600 },
    { name: "write-day", points: 35_000, seconds: 86_400 },
  ],
  login: [
    { name: "login-5min", points: 30, seconds: 300 },
    { name: "login-day", points: 300, seconds: 86_400 },
  ],
  upload: [{ name: "upload-day", points: 1000, seconds: 86_400 }],
} as const satisfies Record<string, readonly [SimLimit, ...SimLimit[]]>;

/** Everything there is: accounts with their repos, sessions, video jobs, limits. */
export function createWorld({ env }: Ground) {
  const accounts = new Map<string, Account>();
  const nextTid = createTids(env.now);
  const counted = simLimits(env);

  function add(
    handle: string,
    displayName: string,
    appPassword: string,
    emailConfirmed: boolean,
    did: string,
  ): Account {
    const rev = nextTid();
    const account: Account = {
      did,
      handle,
      displayName,
      email: `${handle.split(".")[0]}@example.com`,
      emailConfirmed,
      pdsHost: pdsHosts[accounts.size % pdsHosts.length] ?? pdsHosts[0],
      createdAt: env.now(),
      appPasswords: new Map([["posting", appPassword]]),
      status: "active",
      records: new Map(),
      blobs: new Map(),
      commit: { rev, cid: recordCid({ did, rev }) },
    };
    accounts.set(did, account);
    return account;
  }

  function dropOldBlobs(account: Account): void {
    const oldest = env.now().getTime() - looseBlobMs;
    for (const blob of account.blobs.values())
      if (blob.usedBy.size === 0 && blob.uploadedAt.getTime() < oldest) account.blobs.delete(blob.cid);
  }

  const world = {
    env,
    nextTid,
    limits: counted,
    /** Likes and the like of made-up people, by the URI of a post or the DID of an account; set by `engage`. */
    engaged: new Map<string, Readonly<Record<string, number>>>(),
    videoJobs: new Map<string, VideoJob>(),
    sessions: createSessions(env, (did) => accounts.get(did)),
    accounts: (): readonly Account[] => [...accounts.values()],
    /** By DID, handle or e-mail; handles are not case-sensitive. */
    find(identifier: string): Account | undefined {
      const name = identifier.toLowerCase().replace(/^@/, "");
      return (
        accounts.get(identifier) ?? accounts.values().find(({ handle, email }) => handle === name || email === name)
      );
    },
    /** One that `act` names. */
    mustFind(identifier: string): Account {
      const account = world.find(identifier);
      if (account === undefined) throw new RangeError(`no account ${identifier}`);
      return account;
    },
    create(name = "New account"): { readonly account: Account; readonly appPassword: string } {
      const seed = env.randomId();
      const base =
        name
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "-")
          .replace(/^-|-$/g, "")
          .slice(0, 20) || "account";
      const isFree = world.find(`${base}.bsky.social`) === undefined;
      const handle = `${isFree ? base : `${base}-${seed.slice(0, 6)}`}.bsky.social`;
      const appPassword = newAppPassword();
      return { account: add(handle, name, appPassword, true, didFor(seed)), appPassword };
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
      if (known !== undefined) known.uploadedAt = env.now();
      // One that no record names yet is the newest upload of it, with that one's type.
      if (known !== undefined && (known.usedBy.size > 0 || known.mimeType === mimeType)) return known;
      const { byteLength: sizeBytes } = bytes;
      const blob = {
        cid,
        mimeType,
        sizeBytes,
        sha256: sha256Hex(bytes),
        bytes,
        uploadedAt: env.now(),
        usedBy: new Set<string>(),
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
      for (const account of accounts.values()) dropOldBlobs(account);
      return [...accounts.values()]
        .flatMap(({ blobs }) => [...blobs.values()])
        .filter(({ usedBy }) => usedBy.size === 0).length;
    },
    /** Takes points of a group's limits; answers the headers of the tightest, or refuses with them. */
    take(group: keyof typeof limits, key: string, points: number): Record<string, string> {
      const { limit, left, endsAt, retryAfterSeconds } = counted.take(limits[group], key, points);
      const headers = limitHeaders(limit, left, endsAt);
      if (retryAfterSeconds !== undefined) throw rateLimited(headers, retryAfterSeconds);
      return headers;
    },
  };
  for (const [handle, name, appPassword, confirmed] of demoAccounts)
    add(handle, name, appPassword, confirmed, didFor(handle));
  return world;
}
export type World = ReturnType<typeof createWorld>;

/** RateLimit-Reset is in unix seconds, RateLimit-Policy `limit;w=seconds` (fact sheet). */
const limitHeaders = (limit: SimLimit, left: number, endsAt: Date): Record<string, string> => ({
  "ratelimit-limit": String(limit.points),
  "ratelimit-remaining": String(left),
  "ratelimit-reset": String(Math.floor(endsAt.getTime() / 1000)),
  "ratelimit-policy": `${limit.points};w=${limit.seconds}`,
});

const rateLimited = (headers: Readonly<Record<string, string>>, waitSeconds: number | undefined): SimRefusal =>
  xrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded", {
    ...headers,
    ...(waitSeconds === undefined ? {} : { "retry-after": String(waitSeconds) }),
  });

/** What a used-up limit answers, for the fault; without a wait no Retry-After is sent. */
export const usedUp = (now: Date, waitSeconds: number | undefined): SimRefusal =>
  rateLimited(limitHeaders(limits.write[0], 0, new Date(now.getTime() + (waitSeconds ?? 30) * 1000)), waitSeconds);
