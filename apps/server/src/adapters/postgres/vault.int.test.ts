import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { secret } from "@postd/connector-kit";
import { asId, type TenantId } from "@postd/contracts";
import { createVault, createVaultRotation, MasterKeyMissing, newId, Tampered, type VaultDeps } from "@postd/core";
import { sql } from "drizzle-orm";
import { aesGcm } from "../kms/aes-gcm.ts";
import { addToKeyring, keyringPath } from "../kms/keyring.ts";
import { openLocalKeys } from "../kms/local.ts";
import { openRolePool, type RolePool } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { masterKeysInUse } from "./system.ts";
import { withTenant } from "./tenant-tx.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";
import { createVaultStore } from "./vault-store.ts";

let database: TestDatabase;
let app: RolePool;
let admin: RolePool;
let system: RolePool;
const dataDir = mkdtempSync(path.join(tmpdir(), "postd-vault-"));

before(async () => {
  database = await createTestDatabase();
  app = openRolePool({ url: database.url, role: "postd_app", max: 8 });
  admin = openRolePool({ url: database.url, role: "postd_migrate", max: 2 });
  system = openRolePool({ url: database.url, role: "postd_system", max: 1 });
});
after(async () => {
  await Promise.all([app.close(), admin.close(), system.close()]);
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** One process's view: its own cache of data keys. */
const startProcess = (): VaultDeps => ({
  store: createVaultStore(app.db),
  keys: openLocalKeys({ dataDir, masterKeys: undefined, needed: [] }),
  cipher: aesGcm,
  newId,
  monotonicMs: () => performance.now(),
});

async function makeTenant(): Promise<TenantId> {
  const id = newId("tenant");
  await admin.pool.query("insert into tenants (id, name, slug, created_at) values ($1, $1, $1, now())", [id]);
  return asId("tenant", id);
}
const place = (tenantId: TenantId, ownerId = "con_00000001", name = "credentials") => ({ tenantId, ownerId, name });
const reveal = async (deps: VaultDeps, at: ReturnType<typeof place>) => (await createVault(deps).open(at))?.reveal();

test("a secret comes back from its place and is nowhere in plain text", async () => {
  const tenantId = await makeTenant();
  const vault = createVault(startProcess());
  await vault.put(place(tenantId), secret("hunter2-token"));
  assert.equal((await vault.open(place(tenantId)))?.reveal(), "hunter2-token");
  const { rows } = await admin.pool.query(
    "select s::text || k::text as dump from encrypted_secrets s join encryption_keys k on k.id = s.key_id",
  );
  assert.ok(rows.length > 0);
  for (const row of rows) {
    assert.ok(!row.dump.includes("hunter2"));
    assert.ok(!row.dump.includes(Buffer.from("hunter2-token").toString("hex")));
  }
});

test("a tenant cannot read another tenant's secret or key", async () => {
  const [a, b] = [await makeTenant(), await makeTenant()];
  const vault = createVault(startProcess());
  await vault.put(place(a), secret("of a"));
  assert.equal(await vault.open(place(b)), undefined);
  const seen = await withTenant(app.db, b, (tx) =>
    runSql(tx, sql`select id from encrypted_secrets union all select id from encryption_keys`),
  );
  assert.equal(seen.rowCount, 0);
});

for (const [what, change] of [
  ["tenants", { tenant_id: true, owner_id: false, name: false }],
  ["connections", { tenant_id: false, owner_id: true, name: false }],
  ["names", { tenant_id: false, owner_id: false, name: true }],
] as const)
  test(`a sealed value moved between ${what} does not open`, async () => {
    const a = await makeTenant();
    const from = place(a);
    const to = place(
      change.tenant_id ? await makeTenant() : a,
      change.owner_id ? "con_00000002" : from.ownerId,
      change.name ? "webhook" : from.name,
    );
    const vault = createVault(startProcess());
    await vault.put(from, secret("first"));
    await vault.put(to, secret("second"));
    // Even with the key moved along, which only somebody who owns the database could do.
    await admin.pool.query(
      `update encrypted_secrets t set nonce = f.nonce, ciphertext = f.ciphertext, key_id = f.key_id from encrypted_secrets f
       where f.tenant_id = $1 and f.owner_id = $2 and f.name = $3 and t.tenant_id = $4 and t.owner_id = $5 and t.name = $6`,
      [from.tenantId, from.ownerId, from.name, to.tenantId, to.ownerId, to.name],
    );
    // A key row of another tenant is not even visible; within the tenant the place does not fit.
    if (change.tenant_id) assert.equal(await reveal(startProcess(), to), undefined);
    else await assert.rejects(createVault(startProcess()).open(to), Tampered);
    assert.equal(await reveal(startProcess(), from), "first");
  });

test("a wrapped data key given to another tenant does not open", async () => {
  const [a, b] = [await makeTenant(), await makeTenant()];
  const vault = createVault(startProcess());
  await vault.put(place(a), secret("of a"));
  await vault.put(place(b), secret("of b"));
  await admin.pool.query(
    "update encryption_keys t set wrapped = f.wrapped from encryption_keys f where f.tenant_id = $1 and t.tenant_id = $2",
    [a, b],
  );
  await assert.rejects(createVault(startProcess()).open(place(b)), Tampered);
});

test("erasing a tenant ends reading at once, also in a process that has the key in memory", async () => {
  const [a, b] = [await makeTenant(), await makeTenant()];
  const [here, there] = [createVault(startProcess()), createVault(startProcess())];
  await here.put(place(a), secret("gone"));
  await here.put(place(b), secret("stays"));
  const sealed = await here.seal(place(a, "con_00000003"), secret("in flight"));
  assert.equal((await here.open(place(a)))?.reveal(), "gone");
  assert.deepEqual(await there.eraseTenant(a), { secrets: 1 });
  assert.equal(await here.open(place(a)), undefined);
  assert.equal(await createVaultStore(app.db).write(sealed), false);
  assert.equal((await here.open(place(b)))?.reveal(), "stays");
  await here.put(place(a), secret("a new beginning"));
  assert.equal((await there.open(place(a)))?.reveal(), "a new beginning");
});

test("many first writers of a tenant end with one current key and every value readable", async () => {
  const tenantId = await makeTenant();
  await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      createVault(startProcess()).put(place(tenantId, `con_1000000${i}`), secret(`v${i}`)),
    ),
  );
  assert.equal((await createVaultStore(app.db).keys(tenantId)).length, 1);
  for (let i = 0; i < 12; i += 1)
    assert.equal(await reveal(startProcess(), place(tenantId, `con_1000000${i}`)), `v${i}`);
});

test("rotation loses nothing while others read and write, and removes the old keys", async () => {
  const tenantId = await makeTenant();
  const owners = Array.from({ length: 150 }, (_, i) => `con_2${String(i).padStart(7, "0")}`);
  const writer = createVault(startProcess());
  const reader = createVault(startProcess());
  const latest = new Map<string, string>();
  for (const owner of owners) {
    await writer.put(place(tenantId, owner), secret(`${owner}:0`));
    latest.set(owner, `${owner}:0`);
  }
  let rotating = true;
  const write = async () => {
    for (let n = 1; rotating; n += 1) {
      const owner = owners[(n * 7) % owners.length] ?? "";
      await writer.put(place(tenantId, owner), secret(`${owner}:${n}`));
      latest.set(owner, `${owner}:${n}`);
    }
  };
  const read = async () => {
    for (let n = 0; rotating; n += 1) {
      const owner = owners[n % owners.length] ?? "";
      assert.ok((await reader.open(place(tenantId, owner)))?.reveal().startsWith(`${owner}:`));
    }
  };
  const others = Promise.all([write(), read()]);
  try {
    for (let round = 0; round < 3; round += 1) {
      const report = await createVaultRotation(startProcess()).rotateTenant(tenantId);
      assert.deepEqual(report.unreadable, []);
      assert.ok(report.resealed >= owners.length / 2);
    }
  } finally {
    rotating = false;
    await others;
  }
  // A writer that had the key in hand may have used it after the last look; the next rotation clears that away.
  const last = await createVaultRotation(startProcess()).rotateTenant(tenantId);
  assert.ok(last.keysRemoved >= 1);
  assert.equal((await createVaultStore(app.db).keys(tenantId)).length, 1);
  for (const owner of owners) assert.equal(await reveal(startProcess(), place(tenantId, owner)), latest.get(owner));
});

test("a damaged secret stops neither rotation nor the others and is named", async () => {
  const tenantId = await makeTenant();
  const vault = createVault(startProcess());
  await vault.put(place(tenantId, "con_30000001"), secret("fine"));
  await vault.put(place(tenantId, "con_30000002"), secret("broken"));
  await admin.pool.query(
    "update encrypted_secrets set ciphertext = '\\x00' where tenant_id = $1 and owner_id = 'con_30000002'",
    [tenantId],
  );
  const report = await createVaultRotation(startProcess()).rotateTenant(tenantId);
  assert.equal(report.resealed, 1);
  assert.equal(report.unreadable.length, 1);
  assert.equal(await reveal(startProcess(), place(tenantId, "con_30000001")), "fine");
});

test("a key that something was sealed with meanwhile is not removed", async () => {
  const tenantId = await makeTenant();
  const store = createVaultStore(app.db);
  const vault = createVault(startProcess());
  await vault.put(place(tenantId), secret("first"));
  const [old] = await store.keys(tenantId);
  assert.ok(old);
  const late = await vault.seal(place(tenantId, "con_40000001"), secret("late"));
  await createVaultRotation({
    ...startProcess(),
    store: { ...store, removeUnusedKey: async () => false },
  }).rotateTenant(tenantId);
  const removing = withTenant(app.db, tenantId, async (tx) => {
    await runSql(tx, sql`select 1 from encryption_keys where status = 'retired' for key share`);
    const removed = store.removeUnusedKey(old);
    assert.equal(await store.write(late), true);
    return { removed };
  });
  assert.equal(await (await removing).removed, false);
  assert.equal(await reveal(startProcess(), place(tenantId, "con_40000001")), "late");
});

test("a new master key rewraps data keys while a running process goes on", async () => {
  const tenantId = await makeTenant();
  const running = startProcess();
  await createVault(running).put(place(tenantId), secret("kept"));
  const keyBefore = await running.keys.currentKeyId();
  const added = addToKeyring(keyringPath(dataDir));
  assert.equal(await createVaultRotation(startProcess()).rewrapTenant(tenantId), 1);
  const [key] = await createVaultStore(app.db).keys(tenantId);
  assert.equal(key?.masterKeyId, added.id);
  assert.notEqual(added.id, keyBefore);
  assert.equal(await reveal({ ...running, monotonicMs: () => Number.MAX_SAFE_INTEGER }, place(tenantId)), "kept");
  assert.ok((await masterKeysInUse(system.db)).some(({ keyId }) => keyId === added.id));
});

test("a process without the master key cannot open anything and says which key it lacks", async () => {
  const tenantId = await makeTenant();
  await createVault(startProcess()).put(place(tenantId), secret("sealed"));
  const other = mkdtempSync(path.join(tmpdir(), "postd-vault-other-"));
  try {
    const keys = openLocalKeys({ dataDir: other, masterKeys: undefined, needed: [] });
    await assert.rejects(createVault({ ...startProcess(), keys }).open(place(tenantId)), MasterKeyMissing);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
