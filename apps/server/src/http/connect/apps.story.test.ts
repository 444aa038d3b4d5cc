import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
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
  const { grantId } = await grantThroughBrowser(session, "facebook", "facebook_login", { person: extra.personId });
  const accounts = [{ platform: "facebook", externalId: pageId }];
  const { connections } = await session.must("POST", "/api/connections", { grantId, accounts });
  return { session, personId: extra.personId as string, connectionId: connections[0].id as string };
}

function signedRequest(userId: string, secret: string): URLSearchParams {
  const issuedAt = Math.floor(system.clock.now().getTime() / 1_000);
  const payload = { algorithm: "HMAC-SHA256", user_id: userId, issued_at: issuedAt };
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
  assert.equal(await statusOf(attacker), "attention");
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
