import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { asId, type ConnectionId, type Result, type ServiceError, type TenantAppId } from "@postd/contracts";
import {
  type Caller,
  type ConnectionsDeps,
  createAppsService,
  createConnectionsService,
  newId,
  tendSubscriptions,
} from "@postd/core";
import { createLedger } from "./ledger/ledger.ts";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";

/** As this server's own registration has it. */
const serversClientId = "app-client_id";
let fixture: Fixture;
let deps: ConnectionsDeps;
let here: Caller;
let there: Caller;

before(async () => {
  fixture = await createFixture();
});
after(() => fixture.close());
beforeEach(async () => {
  Object.assign(fixture.platform, {
    subject: `person-${randomUUID()}`,
    revokes: 0,
    accounts: ["acc-1", "acc-2"].map((id) => ({ id, name: id })),
  });
  fixture.platform.eventCalls.length = 0;
  deps = fixture.process().deps;
  here = fixture.caller(await fixture.tenant());
  there = fixture.caller(await fixture.tenant());
});

function value<T>(result: Result<T, ServiceError>): T {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
const apps = () => createAppsService({ ...deps, publicUrl: "https://postd.example.org" });
const register = async (caller: Caller, client_id: string, client_secret: string): Promise<TenantAppId> =>
  value(await apps().create(caller, { provider: "blog", values: { client_id, client_secret } })).id;
async function connect(caller: Caller, appId: "instance" | TenantAppId, externalId = "acc-1"): Promise<ConnectionId> {
  const service = createConnectionsService(deps);
  const { state } = value(await service.startOAuth(caller, { provider: "blog", authKind: "login", appId }));
  const callback = { state, code: "good" };
  const { grantId } = value(await service.finishOAuth(caller, { provider: "blog", state, callback }));
  const accounts = [{ platform: "blog", externalId }];
  const { connections } = value(await service.connectFromGrant(caller, { grantId, accounts }));
  return asId("connection", connections[0]?.id ?? "");
}
const disconnect = async (caller: Caller, id: ConnectionId) =>
  value(await createConnectionsService(deps).disconnect(caller, id));
const rows = async (sql: string, ...values: unknown[]) => (await fixture.admin.pool.query(sql, values)).rows;
const tokenOf = async ({ tenantId }: Caller, connectionId: ConnectionId, newerThan?: number) => {
  const opened = await deps.access.open({
    tenantId,
    connectionId,
    fresh: true,
    ...(newerThan === undefined ? {} : { newerThan }),
  });
  return opened?.ok ? opened.value.credentials.accessToken.reveal() : assert.fail(opened?.error.message);
};
const appsOf = async ({ tenantId }: Caller) =>
  (await rows("select app_id from connections where tenant_id = $1 order by external_id", tenantId)).map(
    (it) => it.app_id,
  );

test("an app a workspace registered twice is one: a new sign-in under either renews the accounts of both, and goes on with the newer secret", async () => {
  const first = await register(here, "client-7", "old-secret");
  const one = await connect(here, first);
  const two = await connect(here, first, "acc-2");
  const second = await register(here, "client-7", "new-secret");
  assert.equal(await connect(here, second), one);
  const signIns = await rows("select app_id, client_id from platform_sign_ins where tenant_id = $1", here.tenantId);
  assert.deepEqual(signIns, [{ app_id: second, client_id: "client-7" }]);
  assert.equal(await tokenOf(here, one), await tokenOf(here, two));
  assert.deepEqual(await appsOf(here), [second, second]);
  assert.ok(await tokenOf(here, two, 3));
  assert.equal(fixture.platform.sawAppSecret, "new-secret");
  assert.ok((await apps().remove(here, first)).ok, "nothing lives on the older registration");
  assert.equal((await apps().remove(here, second)).ok, false);
});

test("an app that the operator and a workspace registered is one: neither's withdrawing ends the other's access", async () => {
  const own = await register(there, serversClientId, "the-very-same");
  const mine = await connect(here, "instance");
  const theirs = await connect(there, own);
  assert.equal((await disconnect(here, mine)).revokedAtPlatform, false);
  assert.ok(await tokenOf(there, theirs));
  assert.equal((await disconnect(there, theirs)).revokedAtPlatform, true);
});

test("a workspace that comes to register the operator's app itself keeps its one sign-in", async () => {
  const id = await connect(here, "instance");
  const other = await connect(here, "instance", "acc-2");
  const own = await register(here, serversClientId, "the-very-same");
  assert.equal(await connect(here, own), id);
  assert.equal(await tokenOf(here, id), await tokenOf(here, other));
  assert.deepEqual(await appsOf(here), [own, own]);
});

test("two apps of a provider are two, also where one registration was given another id in between", async () => {
  const own = await register(there, "another-client", "s");
  const mine = await connect(here, "instance");
  const theirs = await connect(there, own);
  assert.equal((await disconnect(here, mine)).revokedAtPlatform, true);
  assert.ok(await tokenOf(there, theirs));
  const id = await connect(here, "instance");
  await rows("update platform_sign_ins set client_id = 'the-operators-former-app' where tenant_id = $1", here.tenantId);
  assert.equal((await connect(here, "instance", "acc-2")) === id, false);
  const signIns = await rows("select client_id from platform_sign_ins where tenant_id = $1 order by 1", here.tenantId);
  assert.deepEqual(
    signIns.map((it) => it.client_id),
    [serversClientId, "the-operators-former-app"],
  );
});

test("a sign-in from before does not know its app: it is taken on under its registration, and nobody withdraws what may be its", async () => {
  const forget = ({ tenantId }: Caller) =>
    rows("update platform_sign_ins set client_id = null where tenant_id = $1", tenantId);
  const own = await register(there, "another-client", "s");
  const theirs = await connect(there, own);
  await forget(there);
  const mine = await connect(here, "instance");
  assert.match((await disconnect(here, mine)).note ?? "", /used elsewhere on this server/);
  assert.equal(await connect(there, own), theirs);
  const signIns = await rows("select client_id from platform_sign_ins where tenant_id = $1", there.tenantId);
  assert.deepEqual(signIns, [{ client_id: "another-client" }]);
  assert.equal((await disconnect(here, await connect(here, "instance"))).revokedAtPlatform, true);
});

test("events of an account that signs in with another app are subscribed anew with that one, and ended with what worked before", async () => {
  const own = await register(here, "client-7", "of-client-7");
  const id = await connect(here, "instance");
  const before = await tokenOf(here, id);
  const [old] = await rows("select id, external_id from webhook_subscriptions where connection_id = $1", id);
  assert.equal(await connect(here, own), id);
  const [now, ...more] = await rows(
    "select id, external_id, app_id, client_id from webhook_subscriptions where connection_id = $1",
    id,
  );
  assert.deepEqual([now.app_id, now.client_id, more], [own, "client-7", []]);
  assert.notEqual(now.id, old.id);
  assert.deepEqual(fixture.platform.eventCalls.slice(1), [
    { call: "unsubscribe", token: before, app: "app-client_secret", of: old.external_id },
    {
      call: "subscribe",
      token: await tokenOf(here, id),
      app: "of-client-7",
      of: `https://postd.example.org/api/webhooks/blog/${own}?subscription=${now.id}`,
    },
  ]);
  const left = await rows("select 1 from encrypted_secrets where owner_id = $1", old.id);
  assert.deepEqual(left, [], "what the old one signed with is not taken any more");
});

test("events go on where an account signs in again with the app it had, and from before that was kept", async () => {
  const id = await connect(here, "instance");
  await connect(here, "instance");
  await rows("update webhook_subscriptions set client_id = null where connection_id = $1", id);
  await connect(here, "instance");
  assert.deepEqual(
    fixture.platform.eventCalls.map(({ call }) => call),
    ["subscribe", "renew", "renew"],
  );
});

test("an account that follows its sign-in to another registration of the app has its events subscribed anew by the worker", async () => {
  const first = await register(here, "client-7", "old-secret");
  await connect(here, first);
  const two = await connect(here, first, "acc-2");
  const second = await register(here, "client-7", "new-secret");
  await tendSubscriptions(deps);
  await connect(here, second);
  fixture.platform.eventCalls.length = 0;
  await tendSubscriptions(deps);
  assert.deepEqual(
    fixture.platform.eventCalls.map(({ call, app }) => [call, app]),
    [
      ["unsubscribe", "new-secret"],
      ["subscribe", "new-secret"],
    ],
  );
  const [row] = await rows("select app_id, renew_at from webhook_subscriptions where connection_id = $1", two);
  assert.deepEqual(row, { app_id: second, renew_at: null });
});

test("what a platform asks of an app holds under each of its registrations, and for no other app", async () => {
  const own = await register(there, serversClientId, "the-very-same");
  const asked = await connect(there, own);
  fixture.platform.subject = `person-${randomUUID()}`;
  const same = await connect(here, "instance");
  const other = await connect(here, await register(here, "another-client", "s"), "acc-2");
  const until = new Date(Date.now() + 600_000);
  await deps.connections.forTenant(there.tenantId).blockUntil(asked, until, true);
  const ledger = createLedger(fixture.app.db);
  const wakes = async (connectionId: ConnectionId) => {
    const jobId = newId("publishJob");
    await rows(
      `with post as (insert into posts (id, tenant_id, status, content, targets, metadata, created_by, created_at, updated_at)
          values ($1, $2, 'approved', '{}', '[]', '{}', 'usr_1', domain_now(), domain_now()))
        insert into publish_jobs (id, tenant_id, post_id, connection_id, platform, state, scheduled_for, wake_at, content, fingerprint, simulated, created_at, updated_at)
        values ($3, $2, $1, $4, 'blog', 'scheduled', domain_now(), domain_now(), '{}', $3, true, domain_now(), domain_now())`,
      newId("post"),
      here.tenantId,
      jobId,
      connectionId,
    );
    await ledger.claim({ tenantId: here.tenantId, jobId, owner: "w", leaseMs: 30_000, lateAfterMs: 3_600_000 });
    const [job] = await rows("select wake_at from publish_jobs where id = $1", jobId);
    return job.wake_at?.getTime();
  };
  assert.equal(await wakes(same), until.getTime());
  assert.notEqual(await wakes(other), until.getTime());
});
