import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { secret } from "@postd/connector-kit";
import { asId, type ConnectionId, type Result, type ServiceError, type TenantId } from "@postd/contracts";
import {
  type Caller,
  type ConnectionsDeps,
  createAppsService,
  createConnectionsService,
  credentialsName,
  packCredentials,
} from "@postd/core";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";

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
    accounts: [{ id: "acc-1", name: "Harbour Bakery" }],
  });
  tenantId = await fixture.tenant();
  caller = fixture.caller(tenantId);
  deps = fixture.process().deps;
});

function value<T>(result: Result<T, ServiceError>): T {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
const granted = async (appId = "instance") => {
  const service = createConnectionsService(deps);
  const { state } = value(await service.startOAuth(caller, { provider: "blog", authKind: "login", appId }));
  return value(await service.finishOAuth(caller, { provider: "blog", state, callback: { state, code: "good" } }))
    .grantId;
};
type GrantId = Awaited<ReturnType<typeof granted>>;
const choose = (grantId: GrantId, externalId = "acc-1") =>
  createConnectionsService(deps).connectFromGrant(caller, {
    grantId,
    accounts: [{ platform: "blog", externalId }],
  });
const connect = async (externalId?: string): Promise<ConnectionId> =>
  asId("connection", value(await choose(await granted(), externalId)).connections[0]?.id ?? "");
const opens = async (connectionId: ConnectionId): Promise<boolean> =>
  (await deps.access.open({ tenantId, connectionId, fresh: true }))?.ok === true;

test("a second disconnect that comes late withdraws nothing of an account that was connected again meanwhile", async () => {
  const id = await connect();
  value(await createConnectionsService(deps).disconnect(caller, id));
  const late = createConnectionsService({
    ...deps,
    holds: {
      ...deps.holds,
      handedOver: async (key) => {
        await connect();
        return deps.holds.handedOver(key);
      },
    },
  });
  const done = value(await late.disconnect(caller, id));
  assert.equal(fixture.platform.revokes, 1, "only the first");
  assert.deepEqual([done.revokedAtPlatform, done.connection.status], [false, "healthy"]);
  assert.equal(await opens(id), true);
});

test("an account is not connected with an app that was removed after its sign-in", async () => {
  const apps = createAppsService({ ...deps, publicUrl: "https://postd.example.org" });
  const app = value(await apps.create(caller, { provider: "blog", values: { client_secret: "own" } }));
  const grantId = await granted(app.id);
  assert.ok((await apps.remove(caller, app.id)).ok);
  const refused = await choose(grantId);
  assert.equal(refused.ok ? "connected" : refused.error.code, "not_found");
  assert.deepEqual(value(await createConnectionsService(deps).list(caller, { limit: 5 })).items, []);
});

test("disconnecting the account that holds what an older version renewed leaves the sign-in's other account working", async () => {
  fixture.platform.accounts = ["acc-1", "acc-2"].map((id) => ({ id, name: id }));
  const grantId = await granted();
  const [first, second] = [
    asId("connection", value(await choose(grantId, "acc-1")).connections[0]?.id ?? ""),
    asId("connection", value(await choose(grantId, "acc-2")).connections[0]?.id ?? ""),
  ];
  const pair = { accessToken: secret("renewed-by-the-older-version"), refreshToken: secret("r") };
  await deps.vault.put({ tenantId, ownerId: first, name: credentialsName }, packCredentials(pair));
  const client = await fixture.app.pool.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
    await client.query(
      "update connections set credential_version = credential_version + 1, refreshed_at = domain_now() where id = $1",
      [first],
    );
    await client.query("commit");
  } finally {
    client.release();
  }
  const token = async () => {
    const opened = await deps.access.open({ tenantId, connectionId: second, fresh: true });
    return opened?.ok ? opened.value.credentials.accessToken.reveal() : opened?.error.message;
  };
  assert.equal(await token(), "renewed-by-the-older-version");
  value(await createConnectionsService(deps).disconnect(caller, first));
  assert.equal(await token(), "renewed-by-the-older-version");
  value(await createConnectionsService(deps).disconnect(caller, second));
  const left = await fixture.admin.pool.query(
    "select owner_id from encrypted_secrets where tenant_id = $1 and owner_id not in (select id from oauth_grants)",
    [tenantId],
  );
  assert.deepEqual(left.rows, []);
});

test("accounts of a sign-in that was withdrawn while somebody still chose among them are not connected with dead tokens", async () => {
  fixture.platform.accounts = ["acc-1", "acc-2"].map((id) => ({ id, name: id }));
  const grantId = await granted();
  const id = asId("connection", value(await choose(grantId, "acc-1")).connections[0]?.id ?? "");
  const done = value(await createConnectionsService(deps).disconnect(caller, id));
  assert.equal(done.revokedAtPlatform, true);
  const chosen = await choose(grantId, "acc-2");
  assert.equal(chosen.ok ? "connected" : chosen.error.code, "not_found");
});
