import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { asId, type ConnectionId, type Result, type ServiceError, type TenantId } from "@postd/contracts";
import { type Caller, type ConnectionsDeps, createConnectionsService } from "@postd/core";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";
import { waitsForLock } from "./testing/waits-for-lock.ts";

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
    throwsIn: undefined,
    duringFinish: async () => {},
    duringRevoke: async () => {},
    accounts: [
      { id: "acc-1", name: "Harbour Bakery" },
      { id: "acc-2", name: "Harbour Café" },
    ],
  });
  deps = fixture.process().deps;
  here = fixture.caller(await fixture.tenant());
  there = fixture.caller(await fixture.tenant());
});

function value<T>(result: Result<T, ServiceError>): T {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
const codeOf = (result: Result<unknown, ServiceError>): string => (result.ok ? "ok" : result.error.code);
const service = (own: Partial<ConnectionsDeps> = {}) => createConnectionsService({ ...deps, ...own });
const signIn = async (caller: Caller) => {
  const { state } = value(await service().startOAuth(caller, { provider: "blog", authKind: "login" }));
  return service().finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } });
};
const grantOf = async (caller: Caller) => value(await signIn(caller)).grantId;
type GrantId = Awaited<ReturnType<typeof grantOf>>;
const choose = (caller: Caller, grantId: GrantId, externalId = "acc-1") =>
  service().connectFromGrant(caller, { grantId, accounts: [{ platform: "blog", externalId }] });
const chosen = async (caller: Caller, grantId: GrantId, externalId?: string): Promise<ConnectionId> =>
  asId("connection", value(await choose(caller, grantId, externalId)).connections[0]?.id ?? "");
const connect = async (caller: Caller, externalId?: string) => chosen(caller, await grantOf(caller), externalId);
const disconnect = async (caller: Caller, id: ConnectionId, own?: Partial<ConnectionsDeps>) =>
  value(await service(own).disconnect(caller, id));
const opens = async (tenantId: TenantId, connectionId: ConnectionId) =>
  (await deps.access.open({ tenantId, connectionId, fresh: true }))?.ok === true;

test("a sign-in of another tenant that nobody has chosen an account from yet is not withdrawn", async () => {
  const id = await connect(here);
  const pending = await grantOf(there);
  const done = await disconnect(here, id);
  assert.deepEqual([done.revokedAtPlatform, fixture.platform.revokes], [false, 0]);
  assert.match(done.note ?? "", /used elsewhere on this server/);
  assert.equal(await opens(there.tenantId, await chosen(there, pending)), true);
});

test("a grant that was chosen from keeps nobody's sign-in from being withdrawn once its accounts are disconnected", async () => {
  const mine = await connect(here);
  const theirs = await connect(there);
  assert.equal((await disconnect(there, theirs)).revokedAtPlatform, false);
  assert.equal((await disconnect(here, mine)).revokedAtPlatform, true);
});

test("a grant that has run out, of another person, or of another app keeps nobody's sign-in from being withdrawn", async () => {
  const subject = fixture.platform.subject;
  await grantOf(there);
  await fixture.admin.pool.query("update oauth_grants set client_id = 'another-app' where tenant_id = $1", [
    there.tenantId,
  ]);
  fixture.platform.subject = `person-${randomUUID()}`;
  await grantOf(there);
  fixture.platform.subject = subject;
  await grantOf(there);
  await fixture.moveClock(31 * 60_000);
  const id = await connect(here);
  assert.equal((await disconnect(here, id)).revokedAtPlatform, true);
});

test("events of an account that another tenant hears by the same subscription go on until the last of them disconnects", async () => {
  const [mine, theirs] = [await connect(here), await connect(there)];
  const ended = () => fixture.platform.eventCalls.filter(({ call, of }) => call === "unsubscribe" && of === "page-1");
  await fixture.admin.pool.query(
    "update webhook_subscriptions set external_id = 'page-1' where connection_id in ($1, $2)",
    [mine, theirs],
  );
  await disconnect(here, mine);
  assert.deepEqual(ended(), []);
  await disconnect(there, theirs);
  assert.equal(ended().length, 1);
  const own = await connect(here, "acc-2");
  const before = fixture.platform.eventCalls.length;
  await connect(there, "acc-2");
  await disconnect(here, own);
  const since = fixture.platform.eventCalls.slice(before).map(({ call }) => call);
  assert.deepEqual(since, ["subscribe", "unsubscribe"], "a subscription of one's own is ended");
});

test("a consent given while the same access is withdrawn in another tenant is not stored, and works afterwards", async () => {
  const id = await connect(here);
  let during: string | undefined;
  let keys: string | undefined;
  fixture.platform.duringRevoke = async () => {
    during = codeOf(await signIn(there));
    const typed = { identifier: "ida", password: "right" };
    keys = codeOf(await service().connectWithKeys(there, { platform: "blog", keys: typed }));
  };
  assert.equal((await disconnect(here, id)).revokedAtPlatform, true);
  assert.deepEqual([during, keys], ["conflict", "ok"], "a key is another consent");
  const { rows } = await fixture.admin.pool.query("select 1 from oauth_grants where tenant_id = $1", [there.tenantId]);
  assert.equal(rows.length, 0);
  await fixture.moveClock(1_000);
  assert.equal(await opens(there.tenantId, await connect(there, "acc-2")), true);
});

test("a consent that was exchanged before a withdrawal and comes to be stored after it is not stored", async () => {
  const id = await connect(here);
  fixture.platform.duringFinish = async () => {
    fixture.platform.duringFinish = async () => {};
    assert.equal((await disconnect(here, id)).revokedAtPlatform, true);
  };
  assert.equal(codeOf(await signIn(there)), "conflict");
});

test("of a withdrawal and a sign-in that is just being stored, whoever is second sees the first", async () => {
  const id = await connect(here);
  const client = await fixture.app.pool.connect();
  const { tenantId } = there;
  try {
    const pending = await grantOf(there);
    const { rows } = await fixture.admin.pool.query("select * from oauth_grants where id = $1", [pending]);
    await fixture.admin.pool.query("delete from oauth_grants where id = $1", [pending]);
    const { subject, provider, auth_kind, app_id, client_id } = rows[0];
    // The other tenant's transaction has asked and not stored yet.
    await client.query("begin");
    await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
    const asked = await client.query("select consent_stands($1, $2, true, $3, $4, $5, domain_now()) as stands", [
      provider,
      auth_kind,
      subject.externalId,
      app_id,
      client_id,
    ]);
    assert.equal(asked.rows[0].stands, true);
    const ending = disconnect(here, id);
    await waitsForLock(fixture.admin.pool, ending);
    await client.query(
      `insert into oauth_grants (id, tenant_id, provider, platform, auth_kind, subject, scopes, accounts, simulated, app_id, client_id, created_by, created_at, expires_at)
        values ($1, $2, $3, 'blog', $4, $5, '{}', '[]', true, $6, $7, 'usr_1', domain_now(), domain_now() + interval '30 minutes')`,
      [pending, tenantId, provider, auth_kind, subject, app_id, client_id],
    );
    await client.query("commit");
    assert.deepEqual([(await ending).revokedAtPlatform, fixture.platform.revokes], [false, 0]);
  } finally {
    client.release();
  }
});

test("a withdrawal that takes long lets no newer credentials in, neither for its account nor for another of its sign-in", async () => {
  const id = await connect(here);
  const pending = await grantOf(here);
  const seen: string[] = [];
  fixture.platform.duringRevoke = async () => {
    await fixture.moveClock(2 * 60_000);
    for (const externalId of ["acc-1", "acc-2"]) seen.push(codeOf(await choose(here, pending, externalId)));
    seen.push(codeOf(await signIn(here)));
  };
  assert.equal((await disconnect(here, id)).revokedAtPlatform, true);
  assert.deepEqual(seen, ["conflict", "conflict", "conflict"]);
  assert.equal(await opens(here.tenantId, id), false);
});

test("no call of a withdrawal may outlive its mark", async () => {
  const id = await connect(here);
  const left: (() => number)[] = [];
  const egress: ConnectionsDeps["context"]["egress"] = {
    ...deps.context.egress,
    forStep: (step) => {
      left.push(step.leaseRemainingMs ?? (() => Number.POSITIVE_INFINITY));
      return deps.context.egress.forStep(step);
    },
  };
  await disconnect(here, id, { context: { ...deps.context, egress } });
  assert.equal(left.length, 2, "unsubscribing and withdrawing");
  assert.ok(left.every((ms) => ms() > 60_000));
  await fixture.moveClock(3 * 60_000);
  assert.ok(left.every((ms) => ms() <= 0));
});

test("a disconnect that broke off is finished by a repeat minutes later, whose own mark lets nothing newer in", async () => {
  const id = await connect(here);
  const dies = {
    ...deps.connections,
    forTenant: (tenantId: TenantId) => ({
      ...deps.connections.forTenant(tenantId),
      eraseCredentials: () => Promise.reject(new Error("killed")),
    }),
  };
  await assert.rejects(disconnect(here, id, { connections: dies }), /killed/);
  await fixture.moveClock(10 * 60_000);
  let meanwhile: string | undefined;
  fixture.platform.duringRevoke = async () => {
    meanwhile = codeOf(await signIn(here));
  };
  assert.equal((await disconnect(here, id)).revokedAtPlatform, true);
  assert.equal(meanwhile, "conflict");
  assert.equal(fixture.platform.revokes, 2);
});

test("of two that withdraw the same sign-in at once neither lets anything newer in while the other's call may be on its way", async () => {
  const id = await connect(here);
  const pending = await grantOf(here);
  const seen: string[] = [];
  const look = async () => {
    await fixture.moveClock(1_000);
    seen.push(codeOf(await signIn(there)));
  };
  fixture.platform.duringRevoke = async () => {
    fixture.platform.duringRevoke = async () => {};
    await fixture.moveClock(1_000);
    await disconnect(here, id);
    await look();
    seen.push(codeOf(await choose(here, pending)));
  };
  await disconnect(here, id);
  await look();
  assert.deepEqual(seen, ["conflict", "not_found", "conflict"]);
  assert.equal(fixture.platform.revokes, 2);
  await fixture.moveClock(3 * 60_000);
  assert.equal(await opens(there.tenantId, await connect(there)), true);
});

test("of two that end one account at once the first leaves the other's time standing, for whoever would connect it", async () => {
  const id = await connect(here);
  const repo = deps.connections.forTenant(here.tenantId);
  const audit = { actor: "usr_1", action: "disconnected", detail: {} };
  await repo.markDisconnected(id, audit);
  const first = (await repo.beginWithdrawing(id, 60_000)) ?? assert.fail();
  await fixture.moveClock(1_000);
  assert.ok(await repo.beginWithdrawing(id, 60_000));
  await repo.eraseCredentials(id, audit, { until: first });
  fixture.platform.subject = `person-${randomUUID()}`;
  const another = await grantOf(here);
  assert.equal(codeOf(await choose(here, another)), "conflict");
  await fixture.moveClock(61_000);
  assert.equal(codeOf(await choose(here, another)), "ok");
});

test("connecting again after a disconnect that was not withdrawn is possible at once", async () => {
  await connect(there);
  const id = await connect(here);
  await disconnect(here, id);
  assert.equal(await connect(here), id);
  assert.equal(await opens(here.tenantId, id), true);
});
