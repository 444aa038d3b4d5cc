import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { type Credentials, secret } from "@postd/connector-kit";
import { asId, type ConnectionId, type Result, type ServiceError, type TenantId } from "@postd/contracts";
import {
  type Caller,
  type ConnectionsDeps,
  createConnectionsService,
  credentialsName,
  packCredentials,
} from "@postd/core";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";
import { waitsForLock } from "./testing/waits-for-lock.ts";

let fixture: Fixture;
let tenantId: TenantId;
let caller: Caller;
let deps: ConnectionsDeps;

before(async () => {
  fixture = await createFixture();
});
after(() => fixture.close());
beforeEach(async () => {
  Object.assign(fixture.platform, {
    subject: `person-${randomUUID()}`,
    revokes: 0,
    ownTokens: false,
    duringRevoke: async () => {},
    accounts: ["acc-1", "acc-2"].map((id) => ({ id, name: id })),
  });
  tenantId = await fixture.tenant();
  caller = fixture.caller(tenantId);
  deps = fixture.process().deps;
});

function value<T>(result: Result<T, ServiceError>): T {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
async function granted() {
  const service = createConnectionsService(deps);
  const { state } = value(await service.startOAuth(caller, { provider: "blog", authKind: "login" }));
  return value(await service.finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } }))
    .grantId;
}
type GrantId = Awaited<ReturnType<typeof granted>>;
async function choose(grantId: GrantId, externalId: string): Promise<ConnectionId> {
  const accounts = [{ platform: "blog", externalId }];
  const { connections } = value(await createConnectionsService(deps).connectFromGrant(caller, { grantId, accounts }));
  return asId("connection", connections[0]?.id ?? "");
}
const anotherPerson = () => {
  fixture.platform.subject = `person-${randomUUID()}`;
};
const disconnect = async (id: ConnectionId) => value(await createConnectionsService(deps).disconnect(caller, id));
const tokenOf = async (connectionId: ConnectionId) => {
  const opened = await deps.access.open({ tenantId, connectionId, fresh: true });
  return opened?.ok ? opened.value.credentials.accessToken.reveal() : opened?.error.message;
};
const rows = async (sql: string, ...values: unknown[]) => (await fixture.admin.pool.query(sql, values)).rows;
/** Owners in the vault that no row stands for any more. */
const strays = () =>
  rows(
    `select owner_id from encrypted_secrets s where tenant_id = $1 and not exists (select 1 from platform_sign_ins i where i.id = owner_id)
      and not exists (select 1 from connections c where c.id = owner_id and c.sign_in_id is not null) and not exists (select 1 from oauth_grants g where g.id = owner_id)
      and owner_id not like 'sub_%' and not exists (select 1 from webhook_subscriptions w where w.id = owner_id)`,
    tenantId,
  );

/** What an older version, which knows no sign-ins, does to an account's credentials. */
async function asOlderVersion(
  id: ConnectionId,
  token: string,
  how: "renews" | "signs in again",
  hold?: () => Promise<void>,
) {
  const pair: Credentials = { accessToken: secret(token), refreshToken: secret(`refresh-of-${token}`) };
  await deps.vault.put({ tenantId, ownerId: id, name: credentialsName }, packCredentials(pair));
  const client = await fixture.app.pool.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
    await client.query(
      "update connections set credential_version = credential_version + 1, refreshed_at = case when $2 then domain_now() end where id = $1",
      [id, how === "renews"],
    );
    await hold?.();
    await client.query("commit");
  } finally {
    client.release();
  }
}
async function twoAccounts() {
  const grantId = await granted();
  return [await choose(grantId, "acc-1"), await choose(grantId, "acc-2")] as const;
}

test("an account that held its sign-in's secret and moves to another person's leaves that secret to those who act with it", async () => {
  const [first, second] = await twoAccounts();
  await asOlderVersion(first, "renewed-by-the-older-version", "renews");
  anotherPerson();
  assert.equal(await choose(await granted(), "acc-1"), first);
  assert.equal(await tokenOf(second), "renewed-by-the-older-version");
  assert.match((await tokenOf(first)) ?? "", /^access-/);
  await disconnect(second);
  await disconnect(first);
  assert.deepEqual(await strays(), []);
});

test("the same where the account's new person has given it a secret of its own", async () => {
  const [first, second] = await twoAccounts();
  await asOlderVersion(first, "renewed-by-the-older-version", "renews");
  anotherPerson();
  fixture.platform.ownTokens = true;
  await choose(await granted(), "acc-1");
  assert.match((await tokenOf(first)) ?? "", /^own-/);
  assert.equal(await tokenOf(second), "renewed-by-the-older-version");
});

test("an account that ended while it held a secret for others, and is connected by another person, goes on to leave it to them", async () => {
  const [first, second] = await twoAccounts();
  await asOlderVersion(first, "renewed-by-the-older-version", "renews");
  await disconnect(first);
  anotherPerson();
  assert.equal(await choose(await granted(), "acc-1"), first);
  assert.equal(await tokenOf(second), "renewed-by-the-older-version");
  assert.notEqual(await tokenOf(first), await tokenOf(second));
});

test("what the last account leaves for another sign-in ends, and goes where nobody withdraws by it yet", async () => {
  const [first, second] = await twoAccounts();
  await asOlderVersion(first, "renewed-by-the-older-version", "renews");
  const [signIn] = await rows("select sign_in_id as id from connections where id = $1", second);
  const audit = { actor: "usr_1", action: "disconnected", detail: {} };
  await deps.connections.forTenant(tenantId).markDisconnected(second, audit);
  anotherPerson();
  await choose(await granted(), "acc-1");
  const [left] = await rows("select ended_at, secret_owner from platform_sign_ins where id = $1", signIn.id);
  assert.ok(left.ended_at);
  assert.equal(left.secret_owner, signIn.id);
  // The broken-off disconnect withdraws what it was about, and not what the first account has now.
  const now = await tokenOf(first);
  assert.equal((await disconnect(second)).revokedAtPlatform, true);
  assert.equal(await tokenOf(first), now);
  assert.deepEqual(await rows("select 1 from platform_sign_ins where id = $1", signIn.id), []);
  assert.deepEqual(await strays(), []);
});

test("disconnecting the holder keeps its secret also for an account that is being disconnected", async () => {
  const [first, second] = await twoAccounts();
  await asOlderVersion(first, "renewed-by-the-older-version", "renews");
  const audit = { actor: "usr_1", action: "disconnected", detail: {} };
  await deps.connections.forTenant(tenantId).markDisconnected(second, audit);
  fixture.platform.duringRevoke = () => Promise.reject(new Error("cut"));
  await disconnect(first);
  fixture.platform.duringRevoke = async () => {};
  const done = await disconnect(second);
  assert.equal(done.revokedAtPlatform, true, done.note);
  assert.deepEqual(await strays(), []);
});

test("an older version that signs an account in again gives it a sign-in of its own, and the others keep theirs", async () => {
  const [first, second] = await twoAccounts();
  const before = await tokenOf(second);
  await asOlderVersion(first, "of-another-person", "signs in again");
  assert.equal(await tokenOf(first), "of-another-person");
  assert.equal(await tokenOf(second), before);
  await asOlderVersion(second, "renewed-by-the-older-version", "renews");
  assert.equal(await tokenOf(first), "of-another-person");
  // One that holds the secret leaves the others the copies they have.
  const third = await twoAccounts();
  assert.deepEqual(third, [first, second]);
  const shared = await tokenOf(second);
  await asOlderVersion(first, shared ?? "", "renews");
  await asOlderVersion(first, "of-another-person", "signs in again");
  assert.equal(await tokenOf(second), shared);
});

test("a renewal by an older version that is just being stored goes where the account's secret goes", async () => {
  const [first, second] = await twoAccounts();
  await asOlderVersion(first, "first-renewal", "renews");
  anotherPerson();
  const grantId = await granted();
  let moving: Promise<ConnectionId> | undefined;
  await asOlderVersion(first, "second-renewal", "renews", async () => {
    moving = choose(grantId, "acc-1");
    await waitsForLock(fixture.admin.pool, moving);
  });
  assert.equal(await moving, first);
  assert.equal(await tokenOf(second), "second-renewal");
});

test("no statement can leave a sign-in reading the secret of an account that lives on another", async () => {
  const [first] = await twoAccounts();
  await asOlderVersion(first, "renewed-by-the-older-version", "renews");
  anotherPerson();
  await choose(await granted(), "acc-2");
  const [other] = await rows("select id from platform_sign_ins where tenant_id = $1 and secret_owner = id", tenantId);
  await assert.rejects(
    rows("update connections set sign_in_id = $1 where id = $2", other.id, first),
    /still holds the secret/,
  );
});
