import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

const ownSecret = "own-app-secret-0123456789abcdef";
let system: System;

before(async () => {
  system = await startSystem();
});
after(() => system?.close());

const create = (session: ApiSession, values: object = {}) =>
  session.call("POST", "/api/apps", {
    provider: "meta",
    values: { app_id: "990011", app_secret: ownSecret, ...values },
  });

/** A person with a Page, connected through this server's app. */
async function owner() {
  const session = await system.signUp();
  const { id: pageId, extra } = await system.sim("POST", "meta/accounts", { kind: "page" });
  const page = { personId: extra.personId as string, pageId: pageId as string };
  return { session, ...page, connectionId: await connectPage(session, page) };
}

async function connectPage(session: ApiSession, { personId, pageId }: { personId: string; pageId: string }) {
  const { grantId } = await grantThroughBrowser(session, "facebook", "facebook_login", { person: personId });
  const accounts = [{ platform: "facebook", externalId: pageId }];
  const { connections } = await session.must("POST", "/api/connections", { grantId, accounts });
  return connections[0].id as string;
}

/** What the provider calls this server's app. */
const clientIdOf = async (session: ApiSession): Promise<string> => {
  const { authUrl } = await session.must("POST", "/api/oauth/facebook/start", { appId: "instance" });
  return new URL(authUrl).searchParams.get("client_id") ?? "";
};

function signedRequest(userId: string, secret: string, more: object = {}): URLSearchParams {
  const issuedAt = Math.floor(system.clock.now().getTime() / 1_000);
  const payload = { algorithm: "HMAC-SHA256", user_id: userId, issued_at: issuedAt, ...more };
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  const signature = createHmac("sha256", secret).update(body).digest("base64url");
  return new URLSearchParams({ signed_request: `${signature}.${body}` });
}

const send = async (address: string, event: string, form: URLSearchParams) => {
  await system.clock.advance(60_000);
  const { status } = await fetch(`${address}?event=${event}`, { method: "POST", body: form });
  await system.settle();
  return status;
};
const statusOf = async (it: Awaited<ReturnType<typeof owner>>) =>
  (await it.session.must("GET", `/api/connections/${it.connectionId}`)).status;

test("secrets of an app go in and never come out, and the database holds none", async () => {
  const session = await system.signUp();
  const made = await create(session);
  assert.equal(made.status, 201);
  assert.deepEqual([made.body.values, made.body.secrets], [{ app_id: "990011" }, ["app_secret"]]);
  assert.equal(made.body.webhookUrl, `${system.url}/api/webhooks/meta/${made.body.id}`);
  const listed = await session.must("GET", "/api/apps");
  assert.ok(!JSON.stringify([made.body, listed]).includes(ownSecret));
  assert.equal(listed.items.length, 1);
  for (const table of ["tenant_apps", "encrypted_secrets", "idempotency_records"]) {
    const rows = await system.query(`select 1 from ${table} t where t::text like '%' || $1 || '%'`, [ownSecret]);
    assert.equal(rows.length, 0, table);
  }
  assert.ok(!system.log().includes(ownSecret));
  const missing = await create(session, { app_secret: " ", colour: "red" });
  assert.deepEqual(
    missing.body.problems.map(({ field }: { field: string }) => field),
    ["values.app_secret", "values.colour"],
  );
});

test("a workspace with an app of its own signs in with it, may name this server's, and nobody else sees it", async () => {
  const session = await system.signUp();
  const stranger = await system.signUp();
  const { body: app } = await create(session);
  const clientOf = async (by: ApiSession, body: object) => {
    const started = await by.call("POST", "/api/oauth/facebook/start", body);
    return started.status === 200 ? new URL(started.body.authUrl).searchParams.get("client_id") : started.body.field;
  };
  assert.equal(await clientOf(session, {}), "990011");
  assert.equal(await clientOf(session, { appId: app.id }), "990011");
  const instances = await clientOf(stranger, {});
  assert.ok(instances && instances !== "990011");
  assert.equal(await clientOf(session, { appId: "instance" }), instances);
  assert.equal(await clientOf(stranger, { appId: app.id }), "appId");
  assert.deepEqual((await stranger.must("GET", "/api/apps")).items, []);
  assert.equal((await stranger.call("DELETE", `/api/apps/${app.id}`)).status, 404);
  assert.deepEqual(await session.must("DELETE", `/api/apps/${app.id}`), { deleted: true });
  assert.equal(await clientOf(session, {}), instances);
  const left = await system.query("select 1 from encrypted_secrets where owner_id = $1", [app.id]);
  assert.equal(left.length, 0);
});

test("a workspace signs an event with its own app for another workspace's account: nothing happens there", async () => {
  const victim = await owner();
  const attacker = await owner();
  const { body: app } = await create(attacker.session);
  for (const event of ["deauthorize", "data_deletion"]) {
    assert.equal(await send(app.webhookUrl, event, signedRequest(victim.personId, ownSecret)), 200, "it is genuine");
    assert.equal(await statusOf(victim), "healthy", event);
    // Neither does its secret count at this server's address, nor this server's at its own.
    const address = `${system.url}/api/webhooks/meta`;
    assert.notEqual(await send(address, event, signedRequest(victim.personId, ownSecret)), 200);
    assert.notEqual(await send(app.webhookUrl, event, signedRequest(victim.personId, "not-this-one")), 200);
    assert.equal(await statusOf(victim), "healthy", event);
    // What it signs about its own person reaches no account that was let in through this server's app, its own included.
    assert.equal(await send(app.webhookUrl, event, signedRequest(attacker.personId, ownSecret)), 200);
    assert.equal(await statusOf(attacker), "healthy", event);
  }
  await system.query("update connections set app_id = $1 where id = $2", [app.id, attacker.connectionId]);
  assert.equal((await attacker.session.call("DELETE", `/api/apps/${app.id}`)).status, 409);
  assert.equal(await send(app.webhookUrl, "deauthorize", signedRequest(attacker.personId, ownSecret)), 200);
  assert.equal(await statusOf(attacker), "revoked");
});

test("no way of writing an app, in address, query or body, makes its signature count for another's accounts", async () => {
  const victim = await owner();
  const attacker = await owner();
  const { body: app } = await create(attacker.session);
  const id = app.id as string;
  const claims = { app_id: "instance", app: "instance", client_id: "1", issuer: "meta" };
  const signed = signedRequest(victim.personId, ownSecret, claims);
  const places = ["instance", "INSTANCE", "", id.toUpperCase(), `${id}%00`, `instance%2F..%2F${id}`, `${id},instance`];
  const queries = ["", "app=instance", "appId=instance", "app_id=instance", "subscription=whs_none"];
  for (const place of places)
    for (const query of place === "instance" ? queries : [""]) {
      const address = `${system.url}/api/webhooks/meta/${place}`;
      assert.notEqual(await send(address, `deauthorize&${query}`, signed), 200, `${place} ${query}`);
    }
  for (const query of queries) await send(app.webhookUrl, `data_deletion&${query}`, signed);
  for (const provider of ["META", "facebook", "instagram"])
    await send(`${system.url}/api/webhooks/${provider}/${id}`, "data_deletion", signed);
  assert.equal(await statusOf(victim), "healthy");
});

test("an app with the very id, or id and secret, of somebody else's signs for its own workspace alone", async () => {
  const victim = await owner();
  const { body: victims } = await create(victim.session);
  const attacker = await owner();
  // What the provider calls an app is public, and nothing proves it when an app is registered here.
  const [serversClient, connections] = await Promise.all([
    clientIdOf(attacker.session),
    system.query<{ client_id: string }>("select client_id from connections where id = $1", [victim.connectionId]),
  ]);
  assert.equal(connections[0]?.client_id, serversClient);
  const forged = (await create(attacker.session, { app_id: serversClient })).body;
  const twin = (await create(attacker.session)).body;
  for (const event of ["deauthorize", "data_deletion"])
    for (const { webhookUrl } of [forged, twin]) {
      assert.equal(await send(webhookUrl, event, signedRequest(victim.personId, ownSecret)), 200);
      assert.equal(await statusOf(victim), "healthy");
    }
  // The victim's account is signed in with its own registration of the app that both have.
  await system.query("update connections set app_id = $1, client_id = '990011' where id = $2", [
    victims.id,
    victim.connectionId,
  ]);
  for (const event of ["deauthorize", "data_deletion"]) {
    assert.equal(await send(twin.webhookUrl, event, signedRequest(victim.personId, ownSecret)), 200);
    assert.equal(await statusOf(victim), "healthy");
  }
  assert.equal(await send(victims.webhookUrl, "deauthorize", signedRequest(victim.personId, ownSecret)), 200);
  assert.equal(await statusOf(victim), "revoked");
});

test("of one app that is registered more than once, this server's speaks for all, and a workspace's for its others", async () => {
  const { app_secret: serversSecret = "" } =
    simulatorDefinitions.find(({ id }) => id === "meta")?.appCredentials.meta ?? {};
  const it = await owner();
  const serversClient = await clientIdOf(it.session);
  const { body: same } = await create(it.session, { app_id: serversClient });
  // A workspace that only claims this server's id is not heard about what was let in through this server's registration.
  assert.equal(await send(same.webhookUrl, "deauthorize", signedRequest(it.personId, ownSecret)), 200);
  assert.equal(await statusOf(it), "healthy");
  const under = (appId: string, clientId: string) =>
    system.query("update connections set app_id = $1, client_id = $2 where id = $3", [
      appId,
      clientId,
      it.connectionId,
    ]);
  const serversAddress = `${system.url}/api/webhooks/meta`;
  const [{ body: first }, { body: second }] = [await create(it.session), await create(it.session)];
  await under(second.id, "990011");
  assert.equal(await send(serversAddress, "deauthorize", signedRequest(it.personId, serversSecret)), 200);
  assert.equal(await statusOf(it), "healthy", "another app");
  await under(same.id, serversClient);
  assert.equal(await send(serversAddress, "deauthorize", signedRequest(it.personId, serversSecret)), 200);
  assert.equal(await statusOf(it), "revoked");
  const other = await owner();
  await system.query("update connections set app_id = $1, client_id = '990011' where id = $2", [
    second.id,
    other.connectionId,
  ]);
  assert.equal(await send(first.webhookUrl, "deauthorize", signedRequest(other.personId, ownSecret)), 200);
  assert.equal(await statusOf(other), "healthy", "another workspace");
  await system.query("update connections set status = 'healthy', app_id = $1, client_id = '990011' where id = $2", [
    second.id,
    it.connectionId,
  ]);
  assert.equal(await send(first.webhookUrl, "deauthorize", signedRequest(it.personId, ownSecret)), 200);
  assert.equal(await statusOf(it), "revoked");
});

test("an account that has just come from another workspace is not reached by what that one's app still signs", async () => {
  const former = await owner();
  const { body: app } = await create(former.session);
  await system.query("update connections set app_id = $1 where id = $2", [app.id, former.connectionId]);
  await former.session.must("DELETE", `/api/connections/${former.connectionId}`);
  const now = await system.signUp();
  const moved = { ...former, session: now, connectionId: await connectPage(now, former) };
  for (const event of ["deauthorize", "data_deletion"]) {
    assert.equal(await send(app.webhookUrl, event, signedRequest(former.personId, ownSecret)), 200);
    assert.equal(await statusOf(moved), "healthy", event);
  }
  const [left] = await system.query<{ name: string }>("select name from connections where id = $1", [
    former.connectionId,
  ]);
  assert.equal(left?.name, "Erased account", "where it was, its person is forgotten");
});

test("an address with an app that is not there, or is another provider's, takes nothing", async () => {
  const { body: app } = await create(await system.signUp());
  for (const path of ["meta/app_0195a1b2c3d47e8f90a1b2c3d4e5f699", `bluesky/${app.id}`])
    assert.equal(
      await send(`${system.url}/api/webhooks/${path}`, "deauthorize", signedRequest("1", ownSecret)),
      404,
      path,
    );
});

test("disconnecting the last Page of a person withdraws the app at Facebook by the person's own token", async () => {
  const { session, connectionId } = await owner();
  const gone = await session.must("DELETE", `/api/connections/${connectionId}`);
  assert.equal(gone.revokedAtPlatform, true, gone.note);
});
