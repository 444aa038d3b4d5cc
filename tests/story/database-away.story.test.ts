import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { secret } from "@postd/connector-kit";
import { samplePng } from "@postd/connector-kit/media-samples";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { asId, operations, Problem } from "@postd/contracts";
import type { ApiSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import pg from "pg";
import { testServerUrl } from "../../apps/server/src/adapters/postgres/testing/test-database.ts";
import { createSignedPaths } from "../../packages/core/src/services/media/signed-path.ts";

const authSecret = "a sign-in secret that is long enough to be one";
let system: System;
let session: ApiSession;
let program: ApiSession;
let mediaPath: string;
let server: pg.Client;
let name: string;

before(async () => {
  system = await startSystem({ worker: false, env: { POSTD_AUTH_SECRET: authSecret } });
  name = new URL(system.databaseUrl).pathname.slice(1);
  server = new pg.Client({ connectionString: testServerUrl() });
  await server.connect();
  session = await system.signUp();
  const { key } = await session.must("POST", "/api/api-keys", { name: "script", scopes: ["posts:read"] });
  program = system.visitor(key);
  const { id } = await session.upload(samplePng({ width: 8, height: 8 }), "a.png");
  const paths = createSignedPaths({ instanceSecret: secret(authSecret), clock: system.clock, ttlMs: 3_600_000 });
  mediaPath = paths.sign(asId("media", id), "png");
  assert.equal((await fetch(system.url + mediaPath)).status, 200);
  await server.query(`alter database ${name} with allow_connections false`);
  await killConnections();
});
after(async () => {
  await server?.query(`alter database ${name} with allow_connections true`);
  await server?.end();
  await system?.close();
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 500; looks += 1) {
    if (await isSo()) return;
    await delay(20);
  }
  throw new Error("it never became so");
}

const killConnections = () =>
  server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);

/** What needs no database answers as ever; a handshake and a wrong signature are refused before one is asked. */
const needsNone: Readonly<Record<string, number>> = {
  live: 200,
  prometheus: 200,
  webhookHandshake: 403,
  receiveWebhook: 401,
  // The example names the instance's own app.
  appWebhookHandshake: 403,
  receiveAppWebhook: 401,
};

for (const operation of operations)
  test(`${operation.id} says plainly that the database is away, and never breaks or claims success`, async () => {
    const { example } = operation;
    let at = operation.path;
    for (const [parameter, value] of Object.entries((example.params ?? {}) as Record<string, string>))
      at = at.replace(`:${parameter}`, encodeURIComponent(value));
    if (example.query) at += `?${new URLSearchParams(example.query as Record<string, string>)}`;
    const answer = await session.call(
      operation.method,
      at,
      operation.method === "GET" ? undefined : (example.body ?? {}),
      {
        accept: "application/json",
      },
    );
    assert.equal(answer.status, needsNone[operation.id] ?? 503, JSON.stringify(answer.body));
    if (answer.status !== 503 || operation.id === "ready" || operation.id === "health") return;
    const problem = Problem.parse(answer.body);
    assert.deepEqual([problem.code, answer.headers.get("retry-after")], ["unavailable", "5"]);
    assert.match(problem.detail, /database cannot be reached/);
  });

for (const [what, at, body] of [
  ["signing up", "sign-up/email", { name: "Bo", email: "bo@example.com", password: "a long enough password" }],
  ["signing in", "sign-in/email", { email: "bo@example.com", password: "a long enough password" }],
  ["signing out", "sign-out", {}],
  ["asking for a reset", "request-password-reset", { email: "bo@example.com" }],
  ["resetting a password", "reset-password", { token: "abc", newPassword: "a long enough password" }],
  [
    "changing a password",
    "change-password",
    { currentPassword: "a long enough password", newPassword: "another long password" },
  ],
] as const)
  test(`${what} is answered 503 while the database is away, not as a wrong password or a fault of ours`, async () => {
    const answer = await session.call("POST", `/api/auth/${at}`, body);
    assert.equal(answer.status, 503, JSON.stringify(answer.body));
    assert.equal(Problem.parse(answer.body).code, "unavailable");
  });

test("a genuine event of a platform is answered 200 while the database is away, and stored once when it is back, however often it came", async () => {
  const appSecret = simulatorDefinitions.find(({ id }) => id === "meta")?.appCredentials.meta?.app_secret ?? "";
  const body = JSON.stringify({ object: "page", entry: [] });
  const send = (more = "") =>
    fetch(`${system.url}/api/webhooks/facebook${more}`, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-hub-signature-256": `sha256=${createHmac("sha256", appSecret).update(body).digest("hex")}`,
      },
    });
  assert.deepEqual([(await send()).status, (await send()).status], [200, 200]);
  // What is checked with a secret of the database cannot be taken: it is to come again.
  const named = await send("?subscription=whs_00000001");
  assert.deepEqual([named.status, named.headers.get("retry-after")], [503, "5"]);
  const metrics = async () => (await fetch(`${system.url}/metrics`)).text();
  assert.match(await metrics(), /^postd_inbound_spooled\{?.* [12]$/m);
  await server.query(`alter database ${name} with allow_connections true`);
  const stored = async () => (await system.query("select 1 from webhook_inbox")).length;
  await until(async () => (await stored()) === 1);
  await until(async () => /^postd_inbound_spooled\{?.* 0$/m.test(await metrics()));
  assert.equal((await send()).status, 200);
  assert.equal(await stored(), 1);
  await server.query(`alter database ${name} with allow_connections false`);
  await killConnections();
});

test("a program with a key is answered 503, not as if its key were wrong", async () => {
  assert.equal((await program.call("GET", "/api/posts")).status, 503);
});

test("an upload is answered 503, and files behind signed links are still served to platforms", async () => {
  await assert.rejects(session.upload(samplePng({ width: 8, height: 8 }), "b.png"), /503/);
  assert.equal((await fetch(system.url + mediaPath)).status, 200);
});

test("ready and health tell it at once, and health calls no platform well", async () => {
  const ready = await session.call("GET", "/api/ready");
  assert.deepEqual([ready.status, ready.body.ready], [503, false]);
  const health = await session.call("GET", "/api/health");
  assert.deepEqual([health.status, health.body.status, health.body.flowing], [503, "down", false]);
  assert.deepEqual([...new Set(health.body.platforms.map((it: { status: string }) => it.status))], ["unknown"]);
});
