import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { asId, type ConnectionId, type TenantId } from "@postd/contracts";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";

let fixture: Fixture;
let tenantId: TenantId;
let connectionId: ConnectionId;

before(async () => {
  fixture = await createFixture();
});
after(() => fixture.close());
beforeEach(async () => {
  Object.assign(fixture.platform, {
    refreshes: 0,
    refuseRefresh: undefined,
    duringRefresh: async () => {},
    tokenLifeMs: 60 * 60_000,
  });
  tenantId = await fixture.tenant();
  const connected = await fixture.process().service.connectWithKeys(fixture.caller(tenantId), {
    platform: "blog",
    keys: { identifier: "ida", password: "right" },
  });
  assert.ok(connected.ok);
  connectionId = asId("connection", connected.value.connections[0]?.id ?? "");
});

const row = async () => {
  const { rows } = await fixture.admin.pool.query("select * from connections where id = $1", [connectionId]);
  return rows[0];
};
/** Near its end, by a clock that moves for the database and every process. */
const nearTheEnd = () => fixture.moveClock(fixture.platform.tokenLifeMs - 60_000);
const open = (input: { fresh?: boolean; newerThan?: number } = {}, process = fixture.process()) =>
  process.access.open({ tenantId, connectionId, fresh: true, ...input });

test("a token far from its end is opened without asking the platform", async () => {
  const opened = await open();
  assert.ok(opened?.ok);
  assert.equal(opened.value.credentialVersion, 1);
  assert.match(opened.value.credentials.accessToken.reveal(), /^access-/);
  assert.equal(fixture.platform.refreshes, 0);
});

test("twenty parallel opens near the end refresh exactly once and all get the new token", async () => {
  await nearTheEnd();
  const processes = [fixture.process(), fixture.process(), fixture.process(), fixture.process()];
  const opened = await Promise.all(Array.from({ length: 20 }, (_, i) => open({}, processes[i % 4])));
  assert.equal(fixture.platform.refreshes, 1);
  const tokens = new Set(opened.map((it) => (it?.ok ? it.value.credentials.accessToken.reveal() : "failed")));
  assert.equal(tokens.size, 1);
  assert.ok(!tokens.has("failed"));
  const stored = await row();
  assert.equal(stored.credential_version, 2);
  assert.equal(stored.refresh_intent_at, null);
  assert.equal(stored.refresh_lease_until, null);
});

test("twenty parallel refusals of one version refresh once, and an already newer version not at all", async () => {
  const opened = await Promise.all(Array.from({ length: 20 }, () => open({ newerThan: 1 })));
  assert.equal(fixture.platform.refreshes, 1);
  assert.ok(opened.every((it) => it?.ok && it.value.credentialVersion === 2));
  assert.ok((await open({ newerThan: 1 }))?.ok);
  assert.equal(fixture.platform.refreshes, 1);
});

test("the new pair is stored before anybody uses it, and the intent before the platform is asked", async () => {
  await nearTheEnd();
  let during: { credential_version: number; refresh_intent_at: Date | null } | undefined;
  fixture.platform.duringRefresh = async () => {
    during = await row();
  };
  const opened = await open();
  assert.ok(opened?.ok);
  assert.equal(during?.credential_version, 1);
  assert.ok(during?.refresh_intent_at);
  const again = await open({ fresh: false }, fixture.process());
  assert.ok(again?.ok);
  assert.equal(again.value.credentials.accessToken.reveal(), opened.value.credentials.accessToken.reveal());
});

test("no transaction is open while the platform is asked", async () => {
  await nearTheEnd();
  let idle = -1;
  fixture.platform.duringRefresh = async () => {
    const { rows } = await fixture.admin.pool.query(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
    );
    idle = rows[0].n;
  };
  await Promise.all([open(), open(), open()]);
  assert.equal(idle, 0);
});

test("a crash before the platform saw the call costs nothing: the next one refreshes once the lease is over", async () => {
  await nearTheEnd();
  const repo = fixture.process().deps.connections.forTenant(tenantId);
  assert.ok(await repo.claimRefresh({ id: connectionId, credentialVersion: 1, fence: 0, leaseMs: 60_000 }));
  const waiting = await open({}, fixture.process({ patienceMs: 0 }));
  assert.ok(waiting && !waiting.ok);
  assert.equal(waiting.error.kind, "unavailable");
  await fixture.moveClock(61_000);
  assert.ok((await open())?.ok);
  assert.equal(fixture.platform.refreshes, 1);
});

test("a refresh that began and ended since somebody read the account is not made again by them", async () => {
  await nearTheEnd();
  const repo = fixture.process().deps.connections.forTenant(tenantId);
  const claimAt = (fence: number) =>
    repo.claimRefresh({ id: connectionId, credentialVersion: 1, fence, leaseMs: 60_000 });
  const claim = await claimAt(0);
  assert.ok(claim);
  await repo.endRefresh({
    ...claim,
    keepIntent: false,
    check: { checkType: "token_refresh", ok: false, latencyMs: 1, result: {} },
  });
  assert.equal(await claimAt(0), undefined);
  assert.ok(await claimAt(1));
});

test("a crash after the platform spent the old pair ends in attention that says so, never in a loop", async () => {
  await nearTheEnd();
  // Whoever asked is gone: its answer never comes.
  await new Promise<void>((spent) => {
    fixture.platform.duringRefresh = () => {
      spent();
      return new Promise(() => {});
    };
    void open();
  });
  fixture.platform.duringRefresh = async () => {};
  await fixture.moveClock(61_000);
  const next = await open();
  assert.ok(next && !next.ok);
  assert.equal(next.error.kind, "auth_revoked");
  assert.match(next.error.message, /cut off/);
  assert.equal((await row()).status, "attention");
  assert.ok(fixture.held.includes(connectionId));
  const asked = fixture.platform.refreshes;
  await open();
  await open();
  assert.equal(fixture.platform.refreshes, asked);
});

test("a connector that throws after the platform spent the old pair ends in the same attention, without waiting for the lease", async () => {
  await nearTheEnd();
  fixture.platform.duringRefresh = async () => {
    throw new TypeError("a fault of the connector");
  };
  assert.ok((await open())?.ok, "what is at hand lasts a while yet");
  fixture.platform.duringRefresh = async () => {};
  const next = await open();
  assert.ok(next && !next.ok);
  assert.match(next.error.message, /cut off/);
  assert.equal((await row()).status, "attention");
});

test("a platform that is down leaves the token in use while it lasts", async () => {
  await nearTheEnd();
  fixture.platform.refuseRefresh = { kind: "unavailable", message: "down" };
  const opened = await Promise.all(Array.from({ length: 8 }, () => open()));
  assert.ok(opened.every((it) => it?.ok));
  assert.equal((await row()).status, "healthy");
  await fixture.moveClock(120_000);
  const ended = await open();
  assert.ok(ended && !ended.ok);
  assert.equal(ended.error.kind, "unavailable");
});

test("a lost answer to a refresh is a delay for publishing, not an unknown post", async () => {
  await fixture.moveClock(fixture.platform.tokenLifeMs + 1_000);
  fixture.platform.refuseRefresh = { kind: "outcome_unknown", message: "cut" };
  const opened = await open();
  assert.ok(opened && !opened.ok);
  assert.equal(opened.error.kind, "unavailable");
  assert.ok((await row()).refresh_intent_at);
});

test("a refusal seen with older credentials changes nothing", async () => {
  const { access } = fixture.process();
  await open({ newerThan: 1 });
  const failure = { kind: "auth_revoked", message: "gone" } as const;
  await access.markBroken({ tenantId, connectionId, credentialVersion: 1, failure });
  assert.equal((await row()).status, "healthy");
  await access.markBroken({ tenantId, connectionId, credentialVersion: 2, failure });
  assert.equal((await row()).status, "attention");
});

test("a disconnect while a refresh is under way stores nothing and stays disconnected", async () => {
  await nearTheEnd();
  fixture.platform.duringRefresh = async () => {
    const done = await fixture.process().service.disconnect(fixture.caller(tenantId), connectionId);
    assert.ok(done.ok);
  };
  const opened = await open();
  assert.ok(opened && !opened.ok);
  assert.equal((await row()).status, "revoked");
  const { rows } = await fixture.admin.pool.query("select 1 from encrypted_secrets where owner_id = $1", [
    connectionId,
  ]);
  assert.equal(rows.length, 0);
});

test("a database that is away for a moment does not lose the renewed pair", async () => {
  await nearTheEnd();
  const { deps } = fixture.process();
  let failures = 2;
  const connections: typeof deps.connections = {
    forTenant: (id) => {
      const repo = deps.connections.forTenant(id);
      return {
        ...repo,
        storeRefreshed: (input) =>
          failures-- > 0 ? Promise.reject(new Error("connection terminated")) : repo.storeRefreshed(input),
      };
    },
  };
  assert.ok((await open({}, fixture.process({ connections })))?.ok);
  assert.equal((await row()).credential_version, 2);
});

test("another tenant cannot open it", async () => {
  const other = await fixture.tenant();
  assert.equal(await fixture.process().access.open({ tenantId: other, connectionId, fresh: true }), undefined);
});

test("a platform's wish to wait is never shortened by a later one", async () => {
  const { access } = fixture.process();
  const late = new Date(Date.now() + 600_000);
  await access.blockUntil({ tenantId, connectionId, until: late });
  await access.blockUntil({ tenantId, connectionId, until: new Date(Date.now() + 1_000) });
  assert.equal((await row()).blocked_until.getTime(), late.getTime());
});
