import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { asId, type ConnectionId, type Result, type ServiceError, type TenantId } from "@postd/contracts";
import { type Caller, type ConnectionsService, finishDisconnects } from "@postd/core";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";

let fixture: Fixture;
let service: ConnectionsService;
let tenantId: TenantId;
let caller: Caller;

before(async () => {
  fixture = await createFixture();
});
after(() => fixture.close());
beforeEach(async () => {
  Object.assign(fixture.platform, {
    subject: `person-${randomUUID()}`,
    revokes: 0,
    refuseRefresh: undefined,
    health: undefined,
    subscribeFails: false,
    throwsIn: undefined,
    ownTokens: false,
    accounts: [{ id: "acc-1", name: "Harbour Bakery" }],
  });
  fixture.platform.planned = 0;
  fixture.held.length = 0;
  fixture.released.length = 0;
  tenantId = await fixture.tenant();
  caller = fixture.caller(tenantId);
  service = fixture.process().service;
});

function value<T>(result: Result<T, ServiceError>): T {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
function refusal<T>(result: Result<T, ServiceError>): ServiceError {
  if (result.ok) assert.fail("it was allowed");
  return result.error;
}
const start = async (input: Partial<Parameters<ConnectionsService["startOAuth"]>[1]> = {}) =>
  value(await service.startOAuth(caller, { provider: "blog", ...input }));
const finish = (state: string, input: { provider?: string; code?: string } = {}, as?: Caller | "nobody") => {
  const { provider = "blog", code = "good" } = input;
  return service.finishOAuth(as === "nobody" ? undefined : (as ?? caller), {
    provider,
    state,
    callback: { state, code },
  });
};
const connect = async (
  accounts = fixture.platform.accounts.map(({ id }) => ({ platform: "blog", externalId: id })),
) => {
  const { grantId } = value(await finish((await start()).state));
  return value(await service.connectFromGrant(caller, { grantId, accounts })).connections;
};
const idOf = (views: readonly { readonly id: string }[], at = 0): ConnectionId =>
  asId("connection", views[at]?.id ?? "");
const count = async (sql: string, ...values: string[]) => (await fixture.admin.pool.query(sql, values)).rows[0].n;

test("an authorisation goes to the mapped page with a fresh state and a PKCE challenge that fits its verifier", async () => {
  const [one, two] = [await start(), await start()];
  assert.notEqual(one.state, two.state);
  const url = new URL(one.authUrl);
  assert.equal(url.origin, "http://127.0.0.1:4100");
  assert.equal(url.searchParams.get("state"), one.state);
  value(await finish(one.state));
  const challenge = createHash("sha256")
    .update(fixture.platform.sawVerifier ?? "")
    .digest("base64url");
  assert.equal(url.searchParams.get("code_challenge"), challenge);
  assert.ok((fixture.platform.sawVerifier ?? "").length >= 43);
});

test("a state works once, and only its hash is stored", async () => {
  const { state } = await start();
  assert.equal(
    await count("select count(*)::int as n from oauth_states s where s::text like '%' || $1 || '%'", state),
    0,
  );
  value(await finish(state));
  assert.equal(refusal(await finish(state)).code, "expired");
});

test("a state used by many at once lets exactly one through", async () => {
  const { state } = await start();
  const all = await Promise.all(Array.from({ length: 8 }, () => finish(state)));
  assert.equal(all.filter(({ ok }) => ok).length, 1);
});

test("another session or another tenant cannot finish an authorisation, and it is spent by the attempt", async () => {
  const first = await start();
  assert.equal(refusal(await finish(first.state, {}, fixture.caller(tenantId, "session-2"))).code, "forbidden");
  assert.equal(refusal(await finish(first.state)).code, "expired");
  const second = await start();
  const other = fixture.caller(await fixture.tenant());
  assert.equal(refusal(await finish(second.state, {}, other)).code, "forbidden");
  assert.equal(await count("select count(*)::int as n from encrypted_secrets where tenant_id = $1", tenantId), 0);
});

test("what an API key started is finished in a browser that is not signed in, for the key's tenant", async () => {
  const byKey = { ...caller, actorId: asId("apiKey", "key_0190000000000000") };
  const returnTo = "https://agency.example/connected";
  const { state } = value(await service.startOAuth(byKey, { provider: "blog", returnTo }));
  const finished = value(await finish(state, {}, "nobody"));
  assert.equal(finished.returnTo, returnTo);
  assert.equal(value(await service.getGrant(byKey, finished.grantId)).id, finished.grantId);
  assert.equal(
    refusal(await service.getGrant(fixture.caller(await fixture.tenant()), finished.grantId)).code,
    "not_found",
  );
});

test("what a person started is never finished by a browser that is not signed in", async () => {
  const { state } = await start();
  assert.equal(refusal(await finish(state, {}, "nobody")).code, "forbidden");
});

test("a person goes back to this server only, a key may name an address of its own", async () => {
  const refused = refusal(await service.startOAuth(caller, { provider: "blog", returnTo: "https://evil.example" }));
  assert.deepEqual([refused.code, refused.field], ["invalid_input", "returnTo"]);
});

test("a state for one platform does not finish another's", async () => {
  const { state } = await start();
  assert.equal(refusal(await finish(state, { provider: "shop" })).code, "invalid_input");
});

test("an authorisation ends after ten minutes", async () => {
  const { state } = await start();
  await fixture.moveClock(10 * 60_000 + 1);
  const error = refusal(await finish(state));
  assert.equal(error.code, "expired");
  assert.match(error.next ?? "", /again/);
});

test("declined consent connects nothing and says what to do", async () => {
  const { state } = await start();
  const error = refusal(
    await service.finishOAuth(caller, { provider: "blog", state, callback: { state, error: "access_denied" } }),
  );
  assert.match(error.detail, /Nothing was connected/);
  assert.equal(await count("select count(*)::int as n from oauth_grants where tenant_id = $1", tenantId), 0);
});

test("a bad code is explained and leaves nothing behind", async () => {
  const { state } = await start();
  assert.equal(refusal(await finish(state, { code: "bad" })).code, "account_needs_attention");
  assert.equal(await count("select count(*)::int as n from encrypted_secrets where tenant_id = $1", tenantId), 0);
});

test("a grant lists its accounts for half an hour and only to its tenant", async () => {
  fixture.platform.accounts = [
    { id: "acc-1", name: "Harbour Bakery" },
    { id: "acc-2", name: "Hill Bakery", blocked: "You may not post here." },
  ];
  const { grantId } = value(await finish((await start()).state));
  const grant = value(await service.getGrant(caller, grantId));
  assert.deepEqual(
    grant.accounts.map(({ name, blocked }) => [name, blocked]),
    [
      ["Harbour Bakery", undefined],
      ["Hill Bakery", "You may not post here."],
    ],
  );
  assert.equal(grant.simulated, true);
  assert.equal(refusal(await service.getGrant(fixture.caller(await fixture.tenant()), grantId)).code, "not_found");
  const wrong = [{ platform: "blog", externalId: "acc-2" }];
  assert.match(refusal(await service.connectFromGrant(caller, { grantId, accounts: wrong })).detail, /may not post/);
  await fixture.moveClock(30 * 60_000 + 1);
  assert.equal(refusal(await service.getGrant(caller, grantId)).code, "expired");
});

test("connecting an account again keeps its id and lets what waited go on", async () => {
  const first = await connect();
  const second = await connect();
  assert.equal(idOf(first), idOf(second));
  assert.deepEqual(fixture.released, [idOf(first)]);
  assert.equal(await count("select count(*)::int as n from connections where tenant_id = $1", tenantId), 1);
});

test("the same account connected by many at once is one connection that opens", async () => {
  const grants = [];
  for (let i = 0; i < 4; i += 1) grants.push(value(await finish((await start()).state)).grantId);
  const accounts = [{ platform: "blog", externalId: "acc-1" }];
  const all = await Promise.all(grants.map((grantId) => service.connectFromGrant(caller, { grantId, accounts })));
  const ids = new Set(all.map((it) => idOf(value(it).connections)));
  assert.equal(ids.size, 1);
  const [connectionId] = [...ids];
  assert.ok(connectionId);
  const opened = await fixture.process().access.open({ tenantId, connectionId, fresh: false });
  assert.ok(opened?.ok);
});

test("two accounts with tokens of their own keep them apart, and their sign-in is one", async () => {
  fixture.platform.ownTokens = true;
  fixture.platform.accounts = [
    { id: "acc-1", name: "Harbour Bakery" },
    { id: "acc-2", name: "Hill Bakery" },
  ];
  const both = await connect();
  const { access } = fixture.process();
  const tokens = [];
  for (const at of [0, 1]) {
    const opened = await access.open({ tenantId, connectionId: idOf(both, at), fresh: false });
    assert.ok(opened?.ok);
    tokens.push(opened.value.credentials.accessToken.reveal());
  }
  assert.notEqual(tokens[0], tokens[1]);
  assert.equal(await count("select count(*)::int as n from platform_sign_ins where tenant_id = $1", tenantId), 1);
});

test("one account through two logins is two connections with a warning on both", async () => {
  await connect();
  const keys = { identifier: "ida", password: "right" };
  const [byKeys] = value(await service.connectWithKeys(caller, { platform: "blog", keys })).connections;
  assert.match(byKeys?.warnings[0] ?? "", /Both connections post to one account/);
  const { items } = value(await service.list(caller, { limit: 10 }));
  assert.equal(items.length, 2);
  assert.ok(items.every(({ warnings }) => warnings.length === 1));
});

test("keys are checked before anything is sent, and a wrong one names its field", async () => {
  const missing = refusal(
    await service.connectWithKeys(caller, { platform: "blog", keys: { identifier: "ida", pin: "1" } }),
  );
  assert.deepEqual(
    missing.problems?.map(({ field }) => field),
    ["keys.password", "keys.pin"],
  );
  const wrong = refusal(
    await service.connectWithKeys(caller, { platform: "blog", keys: { identifier: "ida", password: "x" } }),
  );
  assert.equal(wrong.field, "keys.password");
});

test("an account that lacks a needed permission is connected with attention and the reason", async () => {
  fixture.platform.accounts = [{ id: "acc-1", name: "Harbour Bakery", missing: ["write", "stats"] }];
  const [view] = await connect();
  assert.equal(view?.status, "attention");
  assert.equal(view?.statusReason?.code, "scope_missing");
  fixture.platform.accounts = [{ id: "acc-1", name: "Harbour Bakery", missing: ["stats"] }];
  const [again] = await connect();
  assert.equal(again?.status, "healthy");
  assert.deepEqual(again?.missingScopes, ["stats"]);
});

test("events that cannot be subscribed do not stand in the way and are in the timeline", async () => {
  fixture.platform.subscribeFails = true;
  const [view] = await connect();
  assert.equal(view?.status, "healthy");
  const { items } = value(await service.timeline(caller, idOf(view ? [view] : []), { limit: 10 }));
  assert.deepEqual(
    items.map(({ action }) => action),
    ["events_not_subscribed", "connected"],
  );
});

test("signing in again as another account names both and connects nothing", async () => {
  const connectionId = idOf(await connect());
  fixture.platform.accounts = [{ id: "acc-9", name: "Lighthouse" }];
  const error = refusal(await finish((await start({ connectionId })).state));
  assert.equal(error.code, "conflict");
  assert.match(error.detail, /Lighthouse/);
  assert.match(error.detail, /Harbour Bakery/);
  assert.equal(await count("select count(*)::int as n from connections where tenant_id = $1", tenantId), 1);
});

test("signing in again as the same account heals it and lets what waited go on", async () => {
  const connectionId = idOf(await connect());
  const { access } = fixture.process();
  const failure = { kind: "auth_revoked", message: "The password was changed." } as const;
  await access.markBroken({ tenantId, connectionId, credentialVersion: 1, failure });
  assert.equal(value(await service.get(caller, connectionId)).status, "attention");
  assert.deepEqual(fixture.held, [connectionId]);
  value(await finish((await start({ connectionId })).state));
  assert.equal(value(await service.get(caller, connectionId)).status, "healthy");
  assert.deepEqual(fixture.released, [connectionId]);
});

test("disconnecting withdraws at the platform, deletes the secrets and holds what was planned", async () => {
  const connectionId = idOf(await connect());
  const done = value(await service.disconnect(caller, connectionId));
  assert.equal(done.revokedAtPlatform, true);
  assert.equal(done.connection.status, "revoked");
  assert.ok(done.connection.disconnectedAt);
  assert.deepEqual([...new Set(fixture.held)], [connectionId]);
  assert.equal(await count("select count(*)::int as n from encrypted_secrets where owner_id = $1", connectionId), 0);
  assert.equal(refusal(await service.refresh(caller, connectionId)).code, "state_conflict");
  assert.equal(value(await service.disconnect(caller, connectionId)).connection.status, "revoked");
  assert.equal(fixture.platform.revokes, 1);
});

test("an account connected again while POSTD still looks stays connected, and its sign-in is not withdrawn", async () => {
  const connectionId = idOf(await connect());
  const { deps } = fixture.process();
  await deps.connections
    .forTenant(tenantId)
    .markEnding(connectionId, { actor: "usr_1", action: "disconnecting", detail: {} });
  // The worker has read it as ending; before it goes on, a person connects again.
  let wasAsked = false;
  const holds = {
    ...deps.holds,
    inDoubt: async () => {
      if (!wasAsked) await connect();
      wasAsked = true;
      return 0;
    },
  };
  assert.equal(await finishDisconnects({ ...deps, holds }, [{ tenantId, connectionId }]), 1);
  assert.ok(wasAsked);
  const view = value(await service.get(caller, connectionId));
  assert.deepEqual([view.status, view.disconnectedAt], ["healthy", undefined]);
  assert.equal(fixture.platform.revokes, 0);
});

test("an account whose sign-in is still being withdrawn is connected again only afterwards", async () => {
  const connectionId = idOf(await connect());
  const repo = fixture.process().deps.connections.forTenant(tenantId);
  await repo.markDisconnected(connectionId, { actor: "usr_1", action: "disconnected", detail: {} });
  assert.ok(await repo.beginWithdrawing(connectionId, 60_000));
  const { grantId } = value(await finish((await start()).state));
  const accounts = [{ platform: "blog", externalId: "acc-1" }];
  const early = refusal(await service.connectFromGrant(caller, { grantId, accounts }));
  assert.equal(early.code, "conflict");
  assert.match(early.detail, /given up a moment ago/);
  value(await service.disconnect(caller, connectionId));
  // What was granted before the platform took the access back may have gone with it.
  assert.equal(refusal(await service.connectFromGrant(caller, { grantId, accounts })).code, "not_found");
  // The first to begin is not known to have ended before its time.
  await fixture.moveClock(3 * 60_000 + 1_000);
  assert.equal(idOf(await connect()), connectionId);
  assert.equal(value(await service.get(caller, connectionId)).status, "healthy");
});

test("disconnecting warns of posts the platform holds itself, and the history keeps their number", async () => {
  const connectionId = idOf(await connect());
  fixture.platform.planned = 2;
  const done = value(await service.disconnect(caller, connectionId));
  assert.equal(done.handedOver, 2);
  assert.match(done.note ?? "", /holds 2 posts itself and will still show them at the planned time/);
  const { items } = value(await service.timeline(caller, connectionId, { limit: 5 }));
  const [entry] = items.filter(({ action }) => action === "credentials_deleted");
  assert.equal(JSON.stringify(entry).includes('"handedOver":2'), true);
});

test("a sign-in another connection lives on is not withdrawn, until the last one goes", async () => {
  fixture.platform.accounts = [
    { id: "acc-1", name: "Harbour Bakery" },
    { id: "acc-2", name: "Hill Bakery" },
  ];
  const both = await connect();
  const first = value(await service.disconnect(caller, idOf(both, 0)));
  assert.equal(first.revokedAtPlatform, false);
  assert.match(first.note ?? "", /Hill Bakery uses the same sign-in/);
  assert.equal(value(await service.disconnect(caller, idOf(both, 1))).revokedAtPlatform, true);
  assert.equal(fixture.platform.revokes, 1);
});

test("a check learns the name, the time it took and the status, and logs both outcomes", async () => {
  const connectionId = idOf(await connect());
  const view = value(await service.check(caller, connectionId));
  assert.equal(view.name, "Harbour Bakery & Co");
  assert.ok(view.checkedAt && view.checkLatencyMs !== undefined);
  fixture.platform.health = { kind: "unavailable", message: "down" };
  assert.equal(value(await service.check(caller, connectionId)).status, "healthy");
  fixture.platform.health = { kind: "auth_revoked", message: "The app was removed." };
  const broken = value(await service.check(caller, connectionId));
  assert.equal(broken.status, "attention");
  assert.equal(broken.statusReason?.message, "The app was removed.");
  assert.deepEqual(fixture.held, [connectionId]);
  fixture.platform.health = undefined;
  assert.equal(value(await service.check(caller, connectionId)).status, "healthy");
  assert.deepEqual(fixture.released, [connectionId]);
  const { items } = value(await service.timeline(caller, connectionId, { limit: 50 }));
  const actions = items.filter(({ kind }) => kind === "audit").map(({ action }) => action);
  assert.deepEqual(actions, ["recovered", "needs_attention", "connected"]);
  const outcomes = items.filter(({ checkType }) => checkType === "synthetic_ping").map(({ ok }) => ok);
  assert.deepEqual(outcomes, [true, false, false, true]);
});

test("the timeline pages without losing or repeating an entry", async () => {
  const connectionId = idOf(await connect());
  for (let i = 0; i < 4; i += 1) value(await service.check(caller, connectionId));
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = value(await service.timeline(caller, connectionId, { limit: 2, ...(cursor ? { cursor } : {}) }));
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor);
  // It was connected, and each look found account and events.
  assert.equal(seen.length, 9);
  assert.equal(new Set(seen).size, 9);
  assert.equal(refusal(await service.timeline(caller, connectionId, { limit: 2, cursor: "nonsense" })).field, "cursor");
});

test("a person's refresh renews at once and heals a refused sign-in", async () => {
  const connectionId = idOf(await connect());
  fixture.platform.refuseRefresh = { kind: "auth_revoked", message: "no" };
  assert.equal(refusal(await service.refresh(caller, connectionId)).code, "account_needs_attention");
  assert.equal(value(await service.get(caller, connectionId)).status, "attention");
  fixture.platform.refuseRefresh = undefined;
  assert.equal(value(await service.refresh(caller, connectionId)).status, "healthy");
  assert.deepEqual(fixture.released, [connectionId]);
});

test("another tenant finds none of it", async () => {
  const connectionId = idOf(await connect());
  const other = fixture.caller(await fixture.tenant());
  for (const refused of [
    await service.get(other, connectionId),
    await service.check(other, connectionId),
    await service.refresh(other, connectionId),
    await service.disconnect(other, connectionId),
    await service.timeline(other, connectionId, { limit: 5 }),
    await service.startOAuth(other, { provider: "blog", connectionId }),
  ])
    assert.equal(refusal<unknown>(refused).code, "not_found");
  assert.equal(value(await service.list(other, { limit: 5 })).items.length, 0);
});

test("connections are listed in pages, newest first", async () => {
  fixture.platform.accounts = [1, 2, 3].map((n) => ({ id: `acc-${n}`, name: `Bakery ${n}` }));
  await connect();
  const first = value(await service.list(caller, { limit: 2 }));
  assert.deepEqual(
    first.items.map(({ name }) => name),
    ["Bakery 3", "Bakery 2"],
  );
  const second = value(await service.list(caller, { limit: 2, cursor: first.nextCursor ?? "" }));
  assert.deepEqual(
    second.items.map(({ name }) => name),
    ["Bakery 1"],
  );
  assert.equal(second.nextCursor, undefined);
});

test("no token, refresh token, key, verifier or state is readable in any table", async () => {
  const { state } = await start();
  const connectionId = idOf(await connect());
  value(await service.check(caller, connectionId));
  value(await service.refresh(caller, connectionId));
  const opened = await fixture.process().access.open({ tenantId, connectionId, fresh: false });
  assert.ok(opened?.ok);
  const { accessToken, refreshToken, extra } = opened.value.credentials;
  const planted = [state, accessToken, refreshToken, extra?.keyring, fixture.platform.sawVerifier].map((it) =>
    typeof it === "string" ? it : (it?.reveal() ?? ""),
  );
  assert.ok(planted.every((it) => it.length > 20));
  const { rows: tables } = await fixture.admin.pool.query(
    "select tablename from pg_tables where schemaname = 'public'",
  );
  assert.ok(tables.length > 20);
  for (const { tablename } of tables) {
    const { rows } = await fixture.admin.pool.query(`select t::text as line from "${tablename}" t`);
    for (const { line } of rows)
      for (const secret of planted) {
        assert.ok(!line.includes(secret), `${tablename} holds a secret`);
        assert.ok(!line.includes(Buffer.from(secret).toString("hex")), `${tablename} holds a secret as bytes`);
      }
  }
});

test("expired authorisations and grants go with their secrets when a new one comes", async () => {
  await start();
  value(await finish((await start()).state));
  await fixture.moveClock(31 * 60_000);
  value(await finish((await start()).state));
  assert.equal(await count("select count(*)::int as n from oauth_states where tenant_id = $1", tenantId), 0);
  assert.equal(await count("select count(*)::int as n from oauth_grants where tenant_id = $1", tenantId), 1);
  // What was granted, and what its one account acts with.
  assert.equal(await count("select count(*)::int as n from encrypted_secrets where tenant_id = $1", tenantId), 2);
});

test("a connector that throws is told as a failure with a line in the log, at every call somebody waits for", async () => {
  const [connection] = await connect();
  const id = asId("connection", connection?.id ?? "");
  const keys = { identifier: "ida", password: "right" };
  const withKeys = () => service.connectWithKeys(caller, { platform: "blog", keys });
  const signIn = async () => finish((await start()).state);
  const calls: Readonly<Record<string, () => Promise<Result<unknown, ServiceError>>>> = {
    start: () => service.startOAuth(caller, { provider: "blog" }),
    finish: async () => {
      fixture.platform.throwsIn = undefined;
      const { state } = await start();
      fixture.platform.throwsIn = "finish";
      return finish(state);
    },
    accounts: signIn,
    connect: withKeys,
    refresh: () => service.refresh(caller, id),
  };
  for (const [call, ask] of Object.entries(calls)) {
    fixture.warned.length = 0;
    fixture.platform.throwsIn = call;
    const refused = refusal(await ask());
    assert.match(refused.detail, /POSTD itself failed/, call);
    assert.doesNotMatch(JSON.stringify(refused), /planted/, call);
    assert.ok(fixture.warned.includes("a connector threw"), call);
  }
  // What is only noted does not stand in the way.
  fixture.platform.throwsIn = "health";
  const checked = value(await service.check(caller, id));
  assert.notEqual(checked.status, "attention", "a fault of ours says nothing about the account");
  fixture.platform.throwsIn = "subscribe";
  await connect();
  fixture.platform.throwsIn = "revoke";
  const ended = value(await service.disconnect(caller, id));
  assert.equal(ended.revokedAtPlatform, false);
  assert.match(ended.note ?? "", /Withdraw the access in its settings/);
});
