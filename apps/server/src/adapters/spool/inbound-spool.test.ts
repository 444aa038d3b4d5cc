import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { InboxItem } from "@postd/core";
import { aesGcm } from "../kms/aes-gcm.ts";
import { addToKeyring, keyringPath, pruneKeyring } from "../kms/keyring.ts";
import { openLocalKeys } from "../kms/local.ts";
import { masterKeysOfSpool, openInboundSpool, type SpoolOptions } from "./inbound-spool.ts";

let dataDir: string;
let folder: string;
let now = new Date("2030-01-01T00:00:00Z");
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "postd-spool-"));
  folder = path.join(dataDir, "inbound-spool");
  now = new Date("2030-01-01T00:00:00Z");
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const open = (more: Partial<SpoolOptions> = {}) =>
  openInboundSpool({
    folder,
    keys: openLocalKeys({ dataDir, masterKeys: undefined, needed: [] }),
    cipher: aesGcm,
    clock: { now: () => now },
    ...more,
  });
const item = (n: number, words = "Ida wrote something"): InboxItem => ({
  id: `wev_${String(n).padStart(8, "0")}`,
  provider: "meta",
  appId: "instance",
  clientIds: ["1"],
  headers: { "content-type": "application/json" },
  query: {},
  body: new Uint8Array(Buffer.from(`${words} ${n}`)),
  receivedAt: now,
});
const bare = ({ body, connectionId: _, requestHash: __, ...said }: InboxItem) => ({
  ...said,
  body: Buffer.from(body).toString("utf8"),
});

/** A database that takes everything once, by its id. */
function database() {
  const rows = new Map<string, InboxItem>();
  return {
    rows,
    store: async (one: InboxItem) => {
      if (!rows.has(one.id)) rows.set(one.id, one);
      return "stored" as const;
    },
  };
}

test("what is kept is there for the next process, whole, in order and once, and then gone from the disk", async () => {
  const spool = open();
  await Promise.all(Array.from({ length: 300 }, (_, n) => spool.put(item(n))));
  assert.equal(spool.standing().items, 300);
  // Nothing is closed: the process was killed.
  const { rows, store } = database();
  assert.equal(await open().drain(store), 300);
  const kept = [...rows.values()].map(bare);
  assert.deepEqual(
    kept,
    Array.from({ length: 300 }, (_, n) => bare(item(n))),
  );
  assert.deepEqual(readdirSync(folder), []);
  await spool.close();
});

test("nothing of what was sent can be read on the disk", async () => {
  const spool = open();
  await spool.put(item(1, "a-secret-of-somebody"));
  const bytes = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), "latin1"));
  assert.equal(bytes.length, 1);
  assert.doesNotMatch(bytes.join(), /a-secret-of-somebody|wev_|meta|instance/);
  await spool.close();
});

test("a writer whose file another process empties loses nothing, at whatever moment", async () => {
  const [writer, other] = [open(), open()];
  const { rows, store } = database();
  const written: Promise<unknown>[] = [];
  for (let n = 0; n < 400; n += 1) {
    written.push(writer.put(item(n)));
    if (n % 7 === 0) await other.drain(store);
    if (n % 50 === 0) await Promise.all([writer.drain(store), other.drain(store)]);
  }
  assert.deepEqual([...new Set(await Promise.all(written))], ["kept"]);
  await other.drain(store);
  assert.equal(rows.size, 400);
  await Promise.all([writer.close(), other.close()]);
});

test("what cannot be stored now stays, and what follows is kept beside it in few files", async () => {
  const spool = open();
  await spool.put(item(1));
  const away = () => Promise.reject(new Error("no database"));
  for (let turn = 0; turn < 20; turn += 1) {
    await assert.rejects(spool.drain(away), /no database/);
    await spool.put(item(2 + turn));
  }
  assert.equal(readdirSync(folder).length, 2, "one file that is taken, and one that is written");
  const { rows, store } = database();
  await spool.drain(store);
  assert.equal(rows.size, 21);
  await spool.close();
});

test("one that is left stays with its file and keeps no other from being stored", async () => {
  const spool = open();
  for (let n = 0; n < 5; n += 1) await spool.put(item(n));
  const { rows, store } = database();
  assert.equal(await spool.drain(async (one) => (one.id === item(2).id ? "left" : store(one))), 4);
  assert.equal(await spool.drain(store), 5);
  assert.equal(rows.size, 5);
  await spool.close();
});

test("a write that was cut off spoils nothing before it", async () => {
  const spool = open();
  await spool.put(item(1));
  await spool.put(item(2));
  const [name = ""] = readdirSync(folder);
  appendFileSync(path.join(folder, name), Buffer.from([0, 0, 1, 0, 7, 7]));
  const { rows, store } = database();
  assert.equal(await open().drain(store), 2);
  assert.equal(rows.size, 2);
  await spool.put(item(3));
  const [next = ""] = readdirSync(folder);
  truncateSync(path.join(folder, next), 3);
  assert.equal(await open().drain(store), 0);
  await spool.close();
});

test("a file that was changed gives nothing, says so, and keeps no other from being stored", async () => {
  const spool = open({ segmentBytes: 1 });
  await spool.put(item(1));
  now = new Date(now.getTime() + 1_000);
  await spool.put(item(2));
  const [name = ""] = readdirSync(folder).sort();
  const file = path.join(folder, name);
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  rmSync(file);
  appendFileSync(file, bytes);
  const { rows, store } = database();
  await assert.rejects(open().drain(store), /does not fit/);
  assert.deepEqual([...rows.keys()], [item(2).id]);
  assert.equal(readdirSync(folder).length, 1);
  await spool.close();
});

test("a full spool, and one nobody emptied in time, take no more until they are empty", async () => {
  const { store } = database();
  const small = open({ maxBytes: 2_000 });
  assert.equal(await small.put(item(1)), "kept");
  assert.equal(await small.put(item(2, "x".repeat(2_000))), "full");
  await small.drain(store);
  assert.equal(await small.put(item(3)), "kept");
  await small.close();
  now = new Date(now.getTime() + 61_000);
  const old = open({ maxAgeMs: 60_000 });
  assert.equal(await old.put(item(4)), "full");
  await old.drain(store);
  assert.equal(await old.put(item(5)), "kept");
  await old.close();
});

test("what was kept under an earlier master key opens after a rotation, and that key is not pruned", async () => {
  const spool = open();
  await spool.put(item(1));
  const [earlier] = await masterKeysOfSpool(dataDir);
  assert.ok(earlier);
  addToKeyring(keyringPath(dataDir));
  pruneKeyring(keyringPath(dataDir), new Set(await masterKeysOfSpool(dataDir)));
  await spool.put(item(2));
  const { rows, store } = database();
  assert.equal(await open().drain(store), 2);
  assert.equal(rows.size, 2);
  await spool.close();
});

test("a disk that takes nothing is told, and no request is called kept", async () => {
  const spool = open();
  rmSync(folder, { recursive: true });
  await assert.rejects(spool.put(item(1)), { code: "ENOENT" });
  await spool.close();
});
