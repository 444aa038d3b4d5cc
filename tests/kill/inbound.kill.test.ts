import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { createProcessSystem, type Part, type ProcessSystem } from "@postd/testkit/processes";

const { app_secret: secret = "" } = simulatorDefinitions.find(({ id }) => id === "meta")?.appCredentials.meta ?? {};
let system: ProcessSystem;
let http: Part;
before(async () => {
  system = await createProcessSystem();
  http = await system.startHttp();
});
after(() => system?.close());

async function send(name: string) {
  const body = JSON.stringify({
    object: "page",
    entry: [{ id: "1", time: 1, changes: [{ field: "feed", value: { item: "status", verb: "add", post_id: name } }] }],
  });
  const headers = {
    "content-type": "application/json",
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
  const beganMs = performance.now();
  const answer = await fetch(`${system.url}/api/webhooks/meta`, { method: "POST", body, headers });
  await answer.arrayBuffer();
  return { status: answer.status, ms: performance.now() - beganMs };
}

/** Over 20 connections, each with its next as soon as it is answered. */
async function burst(names: readonly string[]) {
  const answers: Awaited<ReturnType<typeof send>>[] = [];
  const left = [...names];
  const line = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) answers.push(await send(name));
  };
  await Promise.all(Array.from({ length: 20 }, line));
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(1);
  return {
    statuses: [...new Set(answers.map(({ status }) => status))],
    line: `${answers.length} requests over 20 connections: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(0.9999)} ms`,
  };
}

const named = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what}-${n}.`);
const stored = async (what: string) =>
  (
    await system.query<{ n: number; all: number }>(
      `select count(distinct body)::int as n, count(*)::int as all from webhook_inbox where convert_from(body, 'UTF8') like '%' || $1 || '-%'`,
      [what],
    )
  )[0];

test("a burst of 1,000 requests is answered after each was stored", async (t) => {
  await burst(named("warm", 100));
  const { statuses, line } = await burst(named("burst", 1_000));
  t.diagnostic(line);
  assert.deepEqual(statuses, [200]);
  assert.deepEqual(await stored("burst"), { n: 1_000, all: 1_000 });
});

test("what was answered while the database was away is stored once, though the process is killed with -9 before it is back", async (t) => {
  const spool = path.join(system.dataDir, "inbound-spool");
  system.killDatabase();
  const { statuses, line } = await burst(named("away", 200));
  await http.end();
  t.diagnostic(`${line}, with the database killed; files left: ${readdirSync(spool).length}`);
  assert.deepEqual(statuses, [200]);
  assert.ok(readdirSync(spool).length > 0, "the database was back before the process was killed");
  http = await system.startHttp();
  for (let looks = 0; looks < 1_000 && (await stored("away"))?.n !== 200; looks += 1) await delay(20);
  assert.deepEqual(await stored("away"), { n: 200, all: 200 });
  for (let looks = 0; looks < 250 && readdirSync(spool).length > 0; looks += 1) await delay(20);
  assert.deepEqual(readdirSync(spool), []);
});
