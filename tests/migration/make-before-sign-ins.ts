import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { sampleMp4 } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { startSystem } from "@postd/testkit/system";
import pg from "pg";
import { tablesInOrder } from "../../apps/server/src/adapters/postgres/backup/tables.ts";
import { appliedMigrations } from "../../apps/server/src/adapters/postgres/migrate.ts";

// Writes fixtures/before-sign-ins/: `node tests/migration/make-before-sign-ins.ts`, in a checkout of a version from before
// sign-ins had a table of their own. It needs POSTD_TEST_PG_URL, as the integration tests do.

/** Opens simulated tokens of the fixture and nothing else: it was made for it and is public. */
const masterKey = Buffer.from("POSTD throw-away fixture key 001").toString("base64");
const person = { name: "Ida Holm", email: "ida@fixture.example", password: "fixture-password-that-opens-nothing" };

const system = await startSystem({ env: { POSTD_MASTER_KEY: masterKey }, logLevel: "warn" });
const session = await system.signUp(person);

const publish = async (connectionId: string, content: string, more: Readonly<Record<string, unknown>> = {}) =>
  (await session.must("POST", "/api/publish", { connectionId, payload: { content, ...more } })).id as string;
const stateOf = async (id: string) => (await session.must("GET", `/api/publish/${id}`)).state as string;
const later = (ms: number) => new Date(system.clock.now().getTime() + ms).toISOString();

async function reaches(id: string, ...states: string[]): Promise<void> {
  for (let left = 300; ; left -= 1) {
    const state = await stateOf(id);
    if (states.includes(state)) return;
    assert.ok(left > 0, `a job is ${state}, not ${states.join(" or ")}: ${system.log().slice(-2_000)}`);
    await delay(50);
  }
}

async function held(simulator: string, count: number): Promise<void> {
  for (let left = 300; (await system.sim("GET", `${simulator}/holds`)).holds.length < count; left -= 1) {
    assert.ok(left > 0, `fewer than ${count} requests are held`);
    await delay(50);
  }
}

/** Two Pages and a linked Instagram account, all opened by one Facebook login. */
async function connectMeta(by: ApiSession) {
  const { grantId } = await grantThroughBrowser(by, "facebook");
  const { accounts } = await by.must("GET", `/api/grants/${grantId}`);
  const open = accounts.filter((it: { blocked?: string }) => !it.blocked);
  const [page, secondPage] = open.filter((it: { platform: string }) => it.platform === "facebook");
  const instagram = open.find((it: { platform: string }) => it.platform === "instagram");
  const { connections } = await by.must("POST", "/api/connections", {
    grantId,
    accounts: [page, secondPage, instagram].map(({ platform, externalId }) => ({ platform, externalId })),
  });
  const idOf = (wanted: { externalId: string }) =>
    connections.find((it: { externalId: string }) => it.externalId === wanted.externalId).id as string;
  return { page: idOf(page), secondPage: idOf(secondPage), instagram: idOf(instagram) };
}

const meta = await connectMeta(session);
const bluesky = await connectBluesky(system, session, "Northfold");
const cut = await connectBluesky(system, session, "Cut");
const paused = await connectBluesky(system, session, "Paused");
const busy = await connectBluesky(system, session, "Busy");

const jobs: Record<string, string> = {};
const ended = async (name: string, id: string, ...states: string[]) => {
  jobs[name] = id;
  await reaches(id, ...states);
};

await ended("published", await publish(bluesky.id, "Published before"), "published");
await ended("removed", await publish(bluesky.id, "Removed before"), "published");
await session.must("POST", `/api/jobs/${jobs.removed}/remove`, {});
await reaches(jobs.removed ?? "", "removed");

const refusal = { fault: "platformError", error: "InvalidRequest", message: "refused by the fixture" };
const put = { method: "POST", path: "putRecord$" };
await system.sim("POST", "bluesky/faults", { ...refusal, match: { ...put, account: bluesky.account } });
await ended("failed", await publish(bluesky.id, "Failed before"), "failed");
await system.sim("POST", "bluesky/faults", { ...refusal, match: { ...put, account: bluesky.account } });
await ended("discarded", await publish(bluesky.id, "Discarded before"), "failed");
await session.must("POST", `/api/jobs/${jobs.discarded}/resolve`, { outcome: "leave" });
await reaches(jobs.discarded ?? "", "discarded");
await system.sim("POST", "bluesky/faults", { ...refusal, skip: 1, match: { ...put, account: bluesky.account } });
const thread = { options: { replies: ["Partly published, part 2"] } };
await ended("partly_published", await publish(bluesky.id, "Partly published before", thread), "partly_published");

await ended("canceled", await publish(bluesky.id, "Canceled before", { scheduledFor: later(7_200_000) }), "scheduled");
await session.must("POST", `/api/jobs/${jobs.canceled}/cancel`, {});
await reaches(jobs.canceled ?? "", "canceled");
await ended(
  "scheduled",
  await publish(meta.secondPage, "Scheduled before", { scheduledFor: later(60_000) }),
  "scheduled",
);
await session.must("POST", "/api/pause", { scope: "connection", connectionId: paused.id });
await ended("held", await publish(paused.id, "Held before"), "held");
const native = { scheduledFor: later(3_600_000), nativeSchedule: true };
await ended("handed_over", await publish(meta.page, "Handed over before", native), "handed_over");

await system.sim("POST", "meta/faults", { fault: "slowProcessing", times: "always", params: { ms: 20_000 } });
const video = await session.upload(sampleMp4({ width: 540, height: 960, durationMs: 4_000 }), "beans.mp4");
await ended("processing", await publish(meta.instagram, "Processing before", { mediaIds: [video.id] }), "processing");

const faults = async (simulator: string, list: readonly object[]) => {
  for (const fault of list) await system.sim("POST", `${simulator}/faults`, fault);
};
// Killed in the middle: held requests stand for processes that never hear their answer.
const feed = { method: "POST", path: "/feed$" };
await faults("meta", [{ fault: "hold", at: "before", match: feed }]);
jobs.publishing_before_intent_was_applied = await publish(meta.page, "Draft not made before");
await held("meta", 1);
await faults("meta", [{ fault: "hold", at: "after", match: { method: "POST", path: "/\\d+_\\d+$" } }]);
jobs.publishing_shown = await publish(meta.secondPage, "Shown before");
await held("meta", 2);
await faults("bluesky", [{ fault: "hold", at: "after", match: { ...put, account: busy.account } }]);
jobs.publishing_record_written = await publish(busy.id, "Written before");
await held("bluesky", 1);
await faults("bluesky", [{ fault: "hold", at: "after", match: { path: "refreshSession$", account: cut.account } }]);
const renewal = session.call("POST", `/api/connections/${cut.id}/refresh`);
await held("bluesky", 2);
await faults("meta", [{ fault: "drop", at: "after", match: feed }]);
const card = { options: { link: "https://example.org/beans" } };
await ended("unknown", await publish(meta.secondPage, "Unknown before", card), "unknown");
await faults("meta", [{ fault: "serverError", times: "always", match: feed }]);
jobs.retrying = await publish(meta.page, "Retrying before");
await reaches(jobs.retrying, "retrying");

const client = new pg.Client({
  connectionString: system.databaseUrl,
  options: "-c role=postd_migrate -c timezone=UTC",
});
await client.connect();
await client.query("begin transaction isolation level repeatable read, read only");
const sql: string[] = [
  "-- Rows of a database of POSTD from before sign-ins had a table of their own. Made by make-before-sign-ins.ts; all people, tokens and",
  "-- posts in it are simulated. Load them as the tables' owner after the migrations that facts.json counts.",
];
for (const table of await tablesInOrder(client)) {
  const { rows: columns } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = ''
     order by attnum`,
    [table],
  );
  const list = columns.map(({ name }) => pg.escapeIdentifier(name));
  const { rows } = await client.query<{ line: string }>(
    `select concat_ws(', ', ${list.map((name) => `quote_nullable(${name}::text)`).join(", ")}) as line from ${pg.escapeIdentifier(table)}`,
  );
  if (rows.length === 0) continue;
  sql.push(`insert into ${table} (${list.join(", ")}) values`, `${rows.map(({ line }) => `  (${line})`).join(",\n")};`);
}
const { rows: states } = await client.query<{ state: string; n: number }>(
  "select state, count(*)::int as n from publish_jobs group by 1 order by 1",
);
const { rows: clock } = await client.query<{ now: Date }>("select domain_now() as now");
const migrations = await appliedMigrations(client);
await client.end();

const postsOf = async (simulator: string) => (await system.sim("GET", `${simulator}/posts`)).posts;
const facts = {
  about: "What make-before-sign-ins.ts did, and what the platforms held at that moment. Nothing in it is secret.",
  madeAt: clock[0]?.now.toISOString(),
  migrations,
  masterKey,
  person,
  connections: { ...meta, bluesky: bluesky.id, cut: cut.id, paused: paused.id, busy: busy.id },
  jobs,
  posts: { meta: await postsOf("meta"), bluesky: await postsOf("bluesky") },
};
writeFileSync(new URL("fixtures/before-sign-ins/database.sql", import.meta.url), `${sql.join("\n")}\n`);
writeFileSync(
  new URL("fixtures/before-sign-ins/facts.json", import.meta.url),
  `${JSON.stringify(facts, undefined, 2)}\n`,
);
console.log(states.map(({ state, n }) => `${n} ${state}`).join(", "));
await system.sim("POST", "meta/release", {});
await system.sim("POST", "bluesky/release", {});
await renewal;
await system.close();
process.exit(0);
