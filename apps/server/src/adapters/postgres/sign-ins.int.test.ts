import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { type Credentials, secret } from "@postd/connector-kit";
import { asId, type ConnectionId, type Result, type ServiceError, type TenantId } from "@postd/contracts";
import { createAppsService, credentialsName, joinSignIns, newId, packCredentials } from "@postd/core";
import { openRolePool, type RolePool } from "./pools.ts";
import { createSignInsRepo } from "./sign-ins-repo.ts";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";

let fixture: Fixture;
let system: RolePool;
let tenantId: TenantId;

before(async () => {
  fixture = await createFixture();
  system = openRolePool({ url: fixture.url, role: "postd_system", max: 1 });
});
after(async () => {
  await system.close();
  await fixture.close();
});
beforeEach(async () => {
  Object.assign(fixture.platform, {
    subject: `person-${randomUUID()}`,
    refreshes: 0,
    revokes: 0,
    ownTokens: false,
    duringRefresh: async () => {},
    onSignIn: () => {},
    accounts: [{ id: "acc-1", name: "Harbour Bakery" }],
  });
  tenantId = await fixture.tenant();
});

function value<T>(result: Result<T, ServiceError>): T {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
const connect = async (tenant = tenantId): Promise<readonly ConnectionId[]> => {
  const keys = { identifier: "ida", password: "right" };
  const done = await fixture.process().service.connectWithKeys(fixture.caller(tenant), { platform: "blog", keys });
  return value(done).connections.map(({ id }) => asId("connection", id));
};
const only = ([id]: readonly ConnectionId[]): ConnectionId => asId("connection", id ?? "");
const disconnect = async (connectionId: ConnectionId, tenant = tenantId) =>
  value(await fixture.process().service.disconnect(fixture.caller(tenant), connectionId));
const open = (connectionId: ConnectionId, input: { newerThan?: number; tenant?: TenantId } = {}) =>
  fixture
    .process({ patienceMs: 0 })
    .access.open({ tenantId: input.tenant ?? tenantId, connectionId, fresh: true, ...input });
const tokenOf = async (connectionId: ConnectionId): Promise<string> => {
  const opened = await open(connectionId);
  return opened?.ok ? opened.value.credentials.accessToken.reveal() : assert.fail(opened?.error.message);
};
const rows = async (sql: string, ...values: unknown[]) => (await fixture.admin.pool.query(sql, values)).rows;
const nearTheEnd = () => fixture.moveClock(fixture.platform.tokenLifeMs - 60_000);

test("withdrawing in one tenant leaves the same person's account in another alive, and says where to end it", async () => {
  const other = await fixture.tenant();
  const here = only(await connect());
  const there = only(await connect(other));
  const done = await disconnect(here);
  assert.equal(done.revokedAtPlatform, false);
  assert.match(done.note ?? "", /used elsewhere on this server.*Blog's settings/);
  assert.equal(fixture.platform.revokes, 0);
  assert.ok((await open(there, { tenant: other }))?.ok);
  const [left] = await rows("select count(*)::int as n from encrypted_secrets where tenant_id = $1", tenantId);
  assert.equal(left.n, 0, "here its tokens are deleted all the same");
  assert.equal((await disconnect(there, other)).revokedAtPlatform, true);
});

test("whether a person signed in elsewhere is a yes or no, and only about a sign-in of one's own", async () => {
  const other = await fixture.tenant();
  await connect();
  await connect(other);
  const [foreign] = await rows("select id from platform_sign_ins where tenant_id = $1", other);
  const client = await fixture.app.pool.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
    const visible = await client.query("select count(*)::int as n from platform_sign_ins");
    assert.equal(visible.rows[0].n, 1);
    const asked = await client.query(
      "select sign_in_elsewhere(id) as own, sign_in_elsewhere($1) as foreign, sign_in_elsewhere('sgn_none0000') as nobody from platform_sign_ins",
      [foreign.id],
    );
    assert.deepEqual(asked.rows, [{ own: true, foreign: true, nobody: true }]);
    await assert.rejects(client.query("select key from sign_in_keys"), /permission denied/);
  } finally {
    await client.query("rollback");
    client.release();
  }
});

test("signing in again replaces the pair for every account of the sign-in, and an older consent never does", async () => {
  fixture.platform.accounts = [1, 2, 3].map((n) => ({ id: `acc-${n}`, name: `Bakery ${n}` }));
  const { service } = fixture.process();
  const caller = fixture.caller(tenantId);
  const granted = async () => {
    const { state } = value(await service.startOAuth(caller, { provider: "blog", authKind: "login" }));
    return value(await service.finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } }))
      .grantId;
  };
  const choose = async (grantId: Awaited<ReturnType<typeof granted>>, externalId: string) =>
    value(
      await service.connectFromGrant(caller, { grantId, accounts: [{ platform: "blog", externalId }] }),
    ).connections.map(({ id }) => asId("connection", id));
  const older = await granted();
  await fixture.moveClock(1_000);
  const newer = await granted();
  const first = only(await choose(newer, "acc-1"));
  const token = await tokenOf(first);
  // Another account of the same consent, after its pair was renewed.
  await nearTheEnd();
  assert.notEqual(await tokenOf(first), token);
  const renewed = await tokenOf(first);
  await fixture.admin.pool.query("update oauth_grants set expires_at = domain_now() + interval '10 minutes'");
  const second = only(await choose(newer, "acc-2"));
  const third = only(await choose(older, "acc-3"));
  for (const id of [first, second, third]) assert.equal(await tokenOf(id), renewed);
  assert.equal(fixture.platform.refreshes, 1);
});

test("an older version's renewal under way keeps this one from renewing, and what it stored is what counts", async () => {
  const id = only(await connect());
  await nearTheEnd();
  const old = "select set_config('app.tenant_id', $1, true)";
  const asOlderVersion = async (sql: string, ...values: unknown[]) => {
    const client = await fixture.app.pool.connect();
    try {
      await client.query("begin");
      await client.query(old, [tenantId]);
      const done = await client.query(sql, values);
      await client.query("commit");
      return done;
    } finally {
      client.release();
    }
  };
  const claim = `update connections set refresh_lease_until = domain_now() + interval '1 minute', refresh_fence = refresh_fence + 1,
    refresh_intent_at = domain_now() where id = $1 and credential_version = $2 and disconnected_at is null
    and (refresh_lease_until is null or refresh_lease_until <= domain_now())`;
  assert.equal((await asOlderVersion(claim, id, 1)).rowCount, 1);
  const waiting = await open(id, { newerThan: 1 });
  assert.equal(waiting?.ok, false);
  assert.equal(fixture.platform.refreshes, 0);
  const { vault } = fixture.process().deps;
  const pair: Credentials = { accessToken: secret("access-of-the-older-version"), refreshToken: secret("r") };
  await vault.put({ tenantId, ownerId: id, name: credentialsName }, packCredentials(pair));
  await asOlderVersion(
    `update connections set credential_version = 2, token_expires_at = domain_now() + interval '2 hours', refreshed_at = domain_now(),
      refresh_lease_until = null, refresh_intent_at = null where id = $1 and credential_version = 1`,
    id,
  );
  assert.equal(await tokenOf(id), "access-of-the-older-version");
  const [signIn] = await rows("select * from platform_sign_ins where tenant_id = $1", tenantId);
  assert.deepEqual([signIn.secret_owner, signIn.credential_version], [id, 2]);

  // The other way round: while this version renews, an older one gets no lease, and afterwards reads the same pair.
  const again = only(await connect());
  await nearTheEnd();
  let taken: number | null = -1;
  fixture.platform.duringRefresh = async () => {
    taken = (await asOlderVersion(claim, again, 3)).rowCount;
  };
  const token = await tokenOf(again);
  assert.equal(taken, 0);
  const copy = await vault.open({ tenantId, ownerId: again, name: credentialsName });
  assert.ok(copy?.reveal().includes(token));
});

/** A connection as a version from before sign-ins writes it. */
async function connectedBefore(externalId: string, credentials: Credentials, personId = fixture.platform.subject) {
  const id = newId("connection");
  await fixture.admin.pool.query(
    `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
    values ($1, $2, 'blog', 'login', $3, 'page', $3, jsonb_build_object('personId', $4::text, 'region', 'eu'), '{}', '{}', 'healthy', true, 'usr_x', domain_now(), domain_now())`,
    [id, tenantId, externalId, personId],
  );
  await fixture
    .process()
    .deps.vault.put({ tenantId, ownerId: id, name: credentialsName }, packCredentials(credentials));
  return id;
}
const pageOf = (name: string, person: string): Credentials => ({
  accessToken: secret(`token-of-${name}`),
  extra: { userToken: secret(`user-token-of-${person}`) },
});
const join = async (broken: boolean) => {
  const { deps } = fixture.process();
  const vault = broken
    ? { ...deps.vault, seal: () => Promise.reject(new Error("the key service is away")) }
    : deps.vault;
  const signIns = createSignInsRepo({ app: fixture.app.db, system: system.db });
  return joinSignIns({ signIns, vault, registry: deps.registry, log: deps.log });
};
const signInOf = async (id: ConnectionId): Promise<string> =>
  (await rows("select sign_in_id from connections where id = $1", id))[0].sign_in_id;

test("Pages of one login from before become one sign-in, also after a joining that broke off, and keep their tokens", async () => {
  const [first, second, third] = [
    await connectedBefore("page-1", pageOf("page-1", "ida")),
    await connectedBefore("page-2", pageOf("page-2", "ida")),
    await connectedBefore("page-3", pageOf("page-3", "ida")),
  ];
  assert.notEqual(await signInOf(first), await signInOf(second));
  await assert.rejects(join(true), /key service is away/);
  assert.equal(await tokenOf(second), "token-of-page-2");
  await join(false);
  assert.equal(new Set([await signInOf(first), await signInOf(second), await signInOf(third)]).size, 1);
  assert.equal(await join(false), 0);
  for (const [n, id] of [first, second, third].entries()) assert.equal(await tokenOf(id), `token-of-page-${n + 1}`);
  const kept = await fixture.process().deps.vault.open({
    tenantId,
    ownerId: await signInOf(first),
    name: credentialsName,
  });
  assert.match(kept?.reveal() ?? "", /"accessToken":"user-token-of-ida"/);
  const note = (await disconnect(first)).note ?? "";
  assert.match(note, /page-2 uses the same sign-in/);
  assert.equal(await tokenOf(second), "token-of-page-2");
});

test("until they are joined, withdrawing compares what their secrets hold", async () => {
  const first = await connectedBefore("page-1", pageOf("page-1", "ida"), "named otherwise");
  await connectedBefore("page-2", pageOf("page-2", "ida"));
  const done = await disconnect(first);
  assert.equal(done.revokedAtPlatform, false);
  assert.match(done.note ?? "", /page-2 uses the same sign-in/);
});

test("sign-ins of one person with different tokens stay apart, and a new consent for one leaves the other's alone", async () => {
  const first = await connectedBefore("page-1", pageOf("page-1", "one session"));
  const second = await connectedBefore("page-2", pageOf("page-2", "another session"));
  await join(false);
  assert.notEqual(await signInOf(first), await signInOf(second));
  const [waiting] = await rows(
    "select count(*)::int as n from platform_sign_ins where tenant_id = $1 and unjoined",
    tenantId,
  );
  assert.equal(waiting.n, 0);
  fixture.platform.ownTokens = true;
  fixture.platform.accounts = [{ id: "page-3", name: "Third" }];
  const { service } = fixture.process();
  const caller = fixture.caller(tenantId);
  const { state } = value(await service.startOAuth(caller, { provider: "blog", authKind: "login" }));
  const { grantId } = value(
    await service.finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } }),
  );
  const accounts = [{ platform: "blog", externalId: "page-3" }];
  const made = value(await service.connectFromGrant(caller, { grantId, accounts })).connections;
  assert.match(await tokenOf(asId("connection", made[0]?.id ?? "")), /^own-/);
  assert.equal(await tokenOf(first), "token-of-page-1");
  assert.equal(await tokenOf(second), "token-of-page-2");
});

test("a sign-in made with a tenant's own app is renewed with it, and stands apart from one made with this server's", async () => {
  const { deps, service } = fixture.process();
  const caller = fixture.caller(tenantId);
  const signIn = async (appId: string) => {
    const { state } = value(await service.startOAuth(caller, { provider: "blog", authKind: "login", appId }));
    const { grantId } = value(
      await service.finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } }),
    );
    const accounts = [{ platform: "blog", externalId: "acc-1" }];
    return only(
      value(await service.connectFromGrant(caller, { grantId, accounts })).connections.map(({ id }) =>
        asId("connection", id),
      ),
    );
  };
  const apps = createAppsService({ ...deps, publicUrl: "https://postd.example.org" });
  const values = { client_secret: "of-the-tenant's-own-app" };
  const app = value(await apps.create(caller, { provider: "blog", values }));
  const id = await signIn("instance");
  assert.equal(fixture.platform.sawAppSecret, "app-client_secret");
  assert.equal(await signIn(app.id), id);
  assert.equal(fixture.platform.sawAppSecret, values.client_secret);
  const [signInRow, ...more] = await rows("select app_id from platform_sign_ins where tenant_id = $1", tenantId);
  assert.deepEqual([signInRow.app_id, more], [app.id, []]);
  await nearTheEnd();
  assert.ok(await tokenOf(id));
  assert.equal(fixture.platform.sawAppSecret, values.client_secret);
  // A wish to wait of one's own app is nobody else's.
  const repo = deps.connections.forTenant(tenantId);
  await repo.blockUntil(id, new Date(Date.now() + 600_000), true);
  assert.deepEqual(await rows("select 1 from app_blocks"), []);
  const refused = await apps.remove(caller, app.id);
  assert.equal(refused.ok ? "removed" : refused.error.code, "state_conflict");
  await disconnect(id);
  assert.ok((await apps.remove(caller, app.id)).ok);
});

test("renewing is told who signed in and what the sign-in told of itself; one from before tells what its account does", async () => {
  const told: unknown[] = [];
  fixture.platform.onSignIn = (signIn) => void told.push(signIn);
  const id = only(await connect());
  await open(id, { newerThan: 1 });
  await fixture.admin.pool.query("update platform_sign_ins set extras = null where tenant_id = $1", [tenantId]);
  await open(id, { newerThan: 2 });
  await disconnect(id);
  const { subject } = fixture.platform;
  assert.deepEqual(told, [
    { subject, extras: { home: "https://blog.example" } },
    { subject, extras: { region: "eu" } },
    { subject, extras: { region: "eu" } },
  ]);
});

test("an ended sign-in whose disconnect broke off goes with its secret a day later", async () => {
  const id = only(await connect());
  const repo = fixture.process().deps.connections.forTenant(tenantId);
  await repo.markDisconnected(id, { actor: "usr_1", action: "disconnected", detail: {} });
  await join(false);
  const count = async () =>
    (await rows("select count(*)::int as n from platform_sign_ins where tenant_id = $1", tenantId))[0].n;
  assert.equal(await count(), 1);
  await fixture.moveClock(25 * 3_600_000);
  await join(false);
  assert.equal(await count(), 0);
  const [left] = await rows(
    "select count(*)::int as n from encrypted_secrets where owner_id like 'sgn_%' and tenant_id = $1",
    tenantId,
  );
  assert.equal(left.n, 0);
});
