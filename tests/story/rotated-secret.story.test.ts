import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { openSession, randomPassword } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import {
  createTestDatabase,
  type TestDatabase,
} from "../../apps/server/src/adapters/postgres/testing/test-database.ts";
import { startSimulatorHost } from "../../apps/simulators/src/start.ts";
import { postboxHost, postboxProvider, postboxSimulator } from "./postbox-provider.ts";

const [first, second] = ["first-secret-5f4e3d2c1b0a", "second-secret-0a1b2c3d4e5f"] as const;
const person = { email: "ida@example.com", password: randomPassword() };
const masterKey = randomBytes(32).toString("base64");
const simulator = postboxSimulator(first);
let database: TestDatabase;
let host: Awaited<ReturnType<typeof startSimulatorHost>>;

before(async () => {
  database = await createTestDatabase();
  host = await startSimulatorHost({ port: 0, definitions: [simulator], clock: { now: () => new Date() } });
});
after(async () => {
  await host?.close();
  await database?.drop();
});

/** The server as an operator starts it with these variables, on the same database as before. */
async function running(secrets: Readonly<Record<string, string>>, during: (system: System) => Promise<void>) {
  const system = await startSystem({
    providers: [postboxProvider],
    simulators: [simulator],
    simulatorUrl: host.url,
    restored: { database: { ...database, drop: async () => {} }, at: new Date() },
    env: {
      POSTD_MASTER_KEY: masterKey,
      POSTD_HOST_MAP: `${postboxHost}=${host.url}/${postboxHost}`,
      POSTD_POSTBOX_CLIENT_ID: "postbox-client",
      ...secrets,
    },
  });
  try {
    await during(system);
    for (const secret of [first, second]) assert.ok(!system.log().includes(secret));
  } finally {
    await system.close();
  }
}

/** Walks through a sign-in as this user, and answers the choice's status. */
async function connect(system: System, user: string): Promise<number> {
  const session = openSession(system.url);
  const { status } = await session.call("POST", "/api/auth/sign-in/email", person);
  if (status !== 200) await session.must("POST", "/api/auth/sign-up/email", { name: "Ida Holm", ...person });
  const started = await session.must("POST", "/api/oauth/postbox/start", {});
  const { code } = await system.sim("POST", "postbox/act", { action: "consent", user });
  const back = `/api/oauth/postbox/callback?${new URLSearchParams({ state: started.state, code })}`;
  const finished = await session.call("GET", back, undefined, { accept: "application/json" });
  if (finished.status !== 200) return finished.status;
  const accounts = [{ platform: "postbox", externalId: user }];
  return (await session.call("POST", "/api/connections", { grantId: finished.body.grantId, accounts })).status;
}

/** Sends an event about an account, and answers what the platform heard and how many of them the account has by now. */
async function event(system: System, secret: string, account = "ida"): Promise<readonly [number, number]> {
  const address = `${system.url}/api/webhooks/postbox`;
  const { status } = await system.sim("POST", "postbox/act", { action: "emit", secret, account, address });
  await system.settle();
  const [row] = await system.query<{ n: number }>(
    `select count(*)::int as n from webhook_events e join connections c on c.id = e.connection_id where c.external_id = '${account}'`,
  );
  return [status, row?.n ?? -1];
}

test("an app's secret is replaced without losing an event: the one before is taken beside it, and refused once it is gone", async () => {
  await running({ POSTD_POSTBOX_CLIENT_SECRET: first }, async (system) => {
    assert.equal(await connect(system, "ida"), 201);
    assert.deepEqual(await event(system, first), [200, 1]);
    assert.deepEqual(await event(system, second), [401, 1]);
  });
  await fetch(`${host.url}/__sim/postbox/act`, {
    method: "POST",
    body: JSON.stringify({ action: "secret", secret: second }),
  });
  const both = { POSTD_POSTBOX_CLIENT_SECRET: second, POSTD_POSTBOX_CLIENT_SECRET_PREVIOUS: first };
  await running(both, async (system) => {
    assert.deepEqual(await event(system, first), [200, 2], "it was on its way");
    assert.deepEqual(await event(system, second), [200, 3]);
    // Signing in goes by the new one alone.
    assert.equal(await connect(system, "bo"), 201);
    assert.equal(await connect(system, "ida"), 201);
    assert.deepEqual(await event(system, first, "bo"), [200, 1]);
  });
  await running({ POSTD_POSTBOX_CLIENT_SECRET: second }, async (system) => {
    assert.deepEqual(await event(system, first), [401, 3]);
    assert.deepEqual(await event(system, second), [200, 4]);
    const inbox = await system.query("select 1 from webhook_inbox");
    assert.equal(inbox.length, 5, "what was refused is not kept");
  });
});

test("a previous secret alone configures no app", async () => {
  await running({ POSTD_POSTBOX_CLIENT_ID: "", POSTD_POSTBOX_CLIENT_SECRET_PREVIOUS: first }, async (system) => {
    const [status] = await event(system, first);
    assert.ok(status >= 400, `${status}`);
  });
});
