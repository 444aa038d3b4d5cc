import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

const count = 50;
const hourMs = 3_600_000;

let system: System;
let ida: ApiSession;
before(async () => {
  system = await startSystem({ logLevel: "warn", env: { POSTD_UPKEEP: "on", POSTD_WORKERS_HEALTH: String(count) } });
  ida = await system.signUp();
});
after(() => system?.close());

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

test(`${count} accounts are looked at at once, each is found well, and posts go out meanwhile`, async (t) => {
  const connected = Array.from({ length: count }, (_, at) => connectBluesky(system, ida, `Account ${at}`));
  const accounts = await Promise.all(connected);
  const { id: posting } = await connectBluesky(system, ida, "Posting");
  await system.clock.advance(7 * hourMs);
  const begun = performance.now();
  let lookedAfterMs = Number.NaN;
  // A worker finds them due by itself, within seconds.
  const looked = (async () => {
    while ((await logged()).length <= count) {
      assert.ok(performance.now() - begun < 30_000, "no worker looked");
      await delay(20);
    }
    lookedAfterMs = performance.now() - begun;
  })();
  const published: number[] = [];
  for (let at = 0; at < 3 || Number.isNaN(lookedAfterMs); at += 1) {
    const from = performance.now();
    const { id } = await ida.must("POST", "/api/publish", {
      connectionId: posting,
      payload: { content: `Beans, pot ${at}` },
    });
    await system.settle();
    assert.equal((await ida.must("GET", `/api/publish/${id}`)).state, "published");
    published.push(Math.round(performance.now() - from));
    await delay(250);
  }
  await looked;
  const rows = await logged();
  assert.equal(rows.length, count + 1);
  for (const { id } of accounts)
    assert.ok(rows.some((row) => row.connection_id === id && row.ok && row.status === "healthy"));
  const latencies = rows.map((row) => row.latency_ms).sort((a, b) => a - b);
  t.diagnostic(
    `${count} looks at once, each with a renewal: p50 ${quantile(latencies, 0.5)} ms, p95 ${quantile(latencies, 0.95)} ms, all after ${Math.round(lookedAfterMs)} ms; ${published.length} posts meanwhile, the slowest in ${Math.max(...published)} ms`,
  );
  assert.equal(await healthyCount(), count + 1);
});

const logged = () =>
  system.query<{ connection_id: string; ok: boolean; status: string; latency_ms: number }>(
    "select connection_id, ok, status, latency_ms from connection_health_log where check_type = 'synthetic_ping'",
  );
const healthyCount = async () =>
  (await system.query<{ n: number }>("select count(*)::int as n from connections where status = 'healthy'"))[0]?.n;
