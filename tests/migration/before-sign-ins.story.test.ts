import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiSession, openSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { migrateTestDatabase } from "../../apps/server/src/adapters/postgres/testing/test-database.ts";
import { startHeldPlatforms } from "./held-platforms.ts";

const read = (name: string) => readFileSync(new URL(`fixtures/before-sign-ins/${name}`, import.meta.url), "utf8");
const facts = JSON.parse(read("facts.json"));
const { jobs, connections } = facts;
const at = new Date(facts.madeAt);

let system: System;
let session: ApiSession;
let platforms: Awaited<ReturnType<typeof startHeldPlatforms>>;

before(async () => {
  const database = await migrateTestDatabase({ migrations: facts.migrations, rows: read("database.sql") });
  const [handedOver] = await rowsOf(database.url, jobs.handed_over);
  const [unknown] = await rowsOf(database.url, jobs.unknown);
  const native = {
    id: handedOver.external_post_id,
    publishAt: Math.ceil(Date.parse(handedOver.scheduled_for) / 1_000),
  };
  platforms = await startHeldPlatforms(
    {
      ...facts.posts,
      unseen: [
        { ...native, accountId: handedOver.external_id, text: "Handed over before" },
        // Facebook took the call whose answer was lost.
        { id: `${unknown.external_id}_1`, accountId: unknown.external_id, text: "Unknown before", hasCard: true },
      ],
    },
    () => system?.clock.now() ?? at,
  );
  system = await startSystem({
    restored: { database, at },
    simulatorUrl: platforms.url,
    env: { POSTD_MASTER_KEY: facts.masterKey },
  });
  session = openSession(system.url);
  const { email, password } = facts.person;
  await session.must("POST", "/api/auth/sign-in/email", { email, password });
});
after(async () => {
  await system?.close();
  await platforms?.close();
});

async function rowsOf(url: string, jobId: string) {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    "select j.external_post_id, j.scheduled_for::text, c.external_id from publish_jobs j join connections c on c.id = j.connection_id where j.id = $1",
    [jobId],
  );
  await client.end();
  return rows;
}

const stateOf = async (name: string) => (await session.must("GET", `/api/publish/${jobs[name]}`)).state;

async function pass(ms: number, step: number): Promise<void> {
  for (let left = ms; left > 0; left -= step) {
    await system.clock.advance(Math.min(step, left));
    await system.settle();
  }
}

test("connections of one login become one sign-in, and the others have one each", async () => {
  for (let left = 200; ; left -= 1) {
    const [waiting] = await system.query<{ n: number }>(
      "select count(*)::int as n from platform_sign_ins where unjoined",
    );
    if (waiting?.n === 0) break;
    assert.ok(left > 0, system.log().slice(-3_000));
    await delay(50);
  }
  const rows = await system.query<{ id: string; sign_in_id: string; own_secret: boolean }>(
    "select id, sign_in_id, own_secret from connections",
  );
  const of = (name: string) => rows.find(({ id }) => id === connections[name]);
  const meta = ["page", "secondPage", "instagram"].map(of);
  assert.equal(new Set(meta.map((it) => it?.sign_in_id)).size, 1);
  assert.ok(
    meta.every((it) => it?.own_secret),
    "a Page token is the account's own",
  );
  assert.equal(new Set(rows.map((it) => it.sign_in_id)).size, 5);
  const subjects = await system.query<{ provider: string; n: number }>(
    "select provider, count(*)::int as n from platform_sign_ins group by 1 order by 1",
  );
  assert.deepEqual(
    subjects.map(({ provider, n }) => [provider, n]),
    [
      ["bluesky", 4],
      ["meta", 1],
    ],
  );
});

test("every job goes on where it stood, and each post is seen once", async () => {
  // What held the work and the renewal when the rows were read is gone; their leases run out first.
  await pass(70_000, 70_000);
  await pass(10 * 60_000, 20_000);
  await session.must("POST", "/api/resume", { scope: "connection", connectionId: connections.paused });
  await pass(70 * 60_000, 5 * 60_000);
  await pass(3 * 3_600_000, 3_600_000);
  const untouched = ["published", "removed", "failed", "discarded", "partly_published", "canceled"];
  const states = Object.fromEntries(
    await Promise.all(Object.keys(jobs).map(async (name) => [name, await stateOf(name)] as const)),
  );
  assert.deepEqual(
    states,
    Object.fromEntries(Object.keys(jobs).map((name) => [name, untouched.includes(name) ? name : "published"])),
  );
  assert.deepEqual(platforms.shown(), {
    "Published before": 1,
    "Partly published before": 1,
    "Scheduled before": 1,
    "Held before": 1,
    "Handed over before": 1,
    "Processing before": 1,
    "Draft not made before": 1,
    "Shown before": 1,
    "Written before": 1,
    "Unknown before": 1,
    "Retrying before": 1,
  });
});

test("nobody has to sign in again, and a renewal cut in the middle is told to have been recovered", async () => {
  for (const id of [connections.bluesky, connections.cut, connections.busy]) {
    const renewed = await session.must("POST", `/api/connections/${id}/refresh`);
    assert.equal(renewed.status, "healthy");
    assert.equal((await session.must("POST", `/api/connections/${id}/check`)).status, "healthy");
  }
  const { items } = await session.must("GET", "/api/connections");
  assert.deepEqual(
    items.map(({ status }: { status: string }) => status),
    Array.from({ length: 7 }, () => "healthy"),
  );
  const timeline = await session.must("GET", `/api/connections/${connections.cut}/timeline`);
  const refreshed = timeline.items.findLast(({ action }: { action?: string }) => action === "refreshed");
  assert.ok(Date.parse(refreshed.detail.afterCutOffAt) < at.getTime());
  // Renewed pairs are good once each: nothing was lost on the way.
  assert.ok(platforms.renewals() >= 3);
});
