import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { secret } from "@postd/connector-kit";
import { MasterKeyMissing, Tampered } from "@postd/core";
import { loadAuthSecret } from "./auth-secret.ts";
import { addToKeyring, keyringPath, pruneKeyring, readKeyring } from "./keyring.ts";
import { openLocalKeys } from "./local.ts";
import { masterKeyId } from "./master-key.ts";

const aad = Buffer.from("place");
const plain = Buffer.alloc(32, 3);
const folder = (t: { after(fn: () => void): void }) => {
  const dir = mkdtempSync(path.join(tmpdir(), "postd-kms-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return path.join(dir, "data");
};
const open = (dataDir: string, needed: string[] = []) => openLocalKeys({ dataDir, masterKeys: undefined, needed });

test("a new data folder gets one keyring that only its owner reads", async (t) => {
  const dataDir = folder(t);
  const keys = open(dataDir);
  assert.equal(statSync(keyringPath(dataDir)).mode & 0o777, 0o600);
  assert.equal(await open(dataDir).currentKeyId(), await keys.currentKeyId());
});

test("what is wrapped opens only with the same key and the same binding", async (t) => {
  const keys = open(folder(t));
  const { keyId, wrapped } = await keys.wrap(plain, aad);
  assert.deepEqual(Buffer.from(await keys.unwrap(wrapped, keyId, aad)), plain);
  await assert.rejects(keys.unwrap(wrapped, keyId, Buffer.from("elsewhere")), Tampered);
  await assert.rejects(keys.unwrap(wrapped.subarray(0, 8), keyId, aad), Tampered);
  await assert.rejects(keys.unwrap(wrapped, "mk_0000000000000000", aad), MasterKeyMissing);
});

test("a missing keyring refuses to start and is never made anew while wrapped keys exist", (t) => {
  const dataDir = folder(t);
  assert.throws(() => open(dataDir, ["mk_1234"]), /mk_1234.*keyring\.json.*POSTD_MASTER_KEY/s);
  assert.equal(readKeyring(keyringPath(dataDir)), undefined);
});

test("a wrong keyring refuses to start", (t) => {
  const dataDir = folder(t);
  open(dataDir);
  assert.throws(() => open(dataDir, ["mk_1234"]), MasterKeyMissing);
});

test("a damaged keyring is reported and left as it is", (t) => {
  const dataDir = folder(t);
  open(dataDir);
  writeFileSync(keyringPath(dataDir), "{");
  assert.throws(() => open(dataDir), /damaged/);
});

test("a master key added by another process is used without a restart and the old one still opens", async (t) => {
  const dataDir = folder(t);
  const keys = open(dataDir);
  const before = await keys.wrap(plain, aad);
  const added = addToKeyring(keyringPath(dataDir));
  assert.equal((await keys.wrap(plain, aad)).keyId, added.id);
  assert.deepEqual(Buffer.from(await keys.unwrap(before.wrapped, before.keyId, aad)), plain);
});

test("pruning keeps the current key and the ones still needed", (t) => {
  const dataDir = folder(t);
  open(dataDir);
  const file = keyringPath(dataDir);
  const second = addToKeyring(file);
  const third = addToKeyring(file);
  assert.equal(pruneKeyring(file, new Set([second.id])).length, 1);
  assert.deepEqual(
    readKeyring(file)?.map(({ id }) => id),
    [second.id, third.id],
  );
});

test("keys from the environment wrap with the first and open with all, and write nothing to disk", async (t) => {
  const dataDir = folder(t);
  const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const given = (...keys: Buffer[]) => keys.map((key) => secret(key.toString("base64")));
  const old = openLocalKeys({ dataDir, masterKeys: given(a), needed: [] });
  const { keyId, wrapped } = await old.wrap(plain, aad);
  const both = openLocalKeys({ dataDir, masterKeys: given(b, a), needed: [keyId] });
  assert.equal(await both.currentKeyId(), masterKeyId(b));
  assert.deepEqual(Buffer.from(await both.unwrap(wrapped, keyId, aad)), plain);
  assert.throws(() => openLocalKeys({ dataDir, masterKeys: given(b), needed: [keyId] }), MasterKeyMissing);
  assert.equal(readKeyring(keyringPath(dataDir)), undefined);
});

test("the session secret is made once and kept", (t) => {
  const dataDir = folder(t);
  const made = loadAuthSecret({ dataDir, authSecret: undefined }).reveal();
  assert.equal(loadAuthSecret({ dataDir, authSecret: undefined }).reveal(), made);
  assert.equal(statSync(path.join(dataDir, "auth-secret")).mode & 0o777, 0o600);
});
