import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type ApiSession, signUp } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { createProcessSystem, type Part, type ProcessSystem } from "@postd/testkit/processes";

const loadMs = 20_000;
const memoryMaxMb = 400;
const slowestMs = 2_000;

let system: ProcessSystem;
let server: Part;
let isOver = false;

before(async () => {
  system = await createProcessSystem();
  server = await system.startAll();
});
after(async () => {
  isOver = true;
  await system?.close();
});

const memoryMb = () =>
  Number(/^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/smaps_rollup`, "utf8"))?.[1]) / 1_024;

async function repeat(everyMs: number, work: () => Promise<unknown>): Promise<void> {
  while (!isOver) {
    await work().catch((error: unknown) => {
      if (!isOver) throw error;
    });
    await delay(everyMs);
  }
}

/** What one tenant keeps at its worst: heavy drafts, and posts to a platform that never answers. */
async function prepare(session: ApiSession, connectionId: string): Promise<void> {
  const targets = [{ connectionId }];
  for (let batch = 0; batch < 20; batch += 1)
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        session.must("POST", "/api/posts", {
          content: `${batch} ${i} ${"x".repeat(99_000)}`,
          metadata: { note: "x".repeat(15_900) },
          targets,
          mode: "draft",
        }),
      ),
    );
  const hanging = Array.from({ length: 60 }, (_, i) =>
    session.must("POST", "/api/publish", { connectionId, payload: { content: `hangs ${i}` } }),
  );
  await Promise.all(hanging);
}

const at = (times: readonly number[], share: number) => {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN);
};

/** How long the neighbour's requests take, one after the other. */
async function askFor(forMs: number, neighbour: ApiSession, connectionId: string): Promise<number[]> {
  const answers: number[] = [];
  for (const begun = performance.now(); performance.now() - begun < forMs; await delay(150))
    for (const call of [
      () => neighbour.must("GET", "/api/posts"),
      () => neighbour.must("POST", "/api/publish", { connectionId, payload: { content: `good ${randomUUID()}` } }),
    ]) {
      const sentMs = performance.now();
      await call();
      answers.push(performance.now() - sentMs);
    }
  return answers;
}

test("a stranger's slow sockets and a tenant's worst neither fill the memory nor delay the neighbour", async (t) => {
  const [attacker, neighbour] = [await signUp(system.url), await signUp(system.url)];
  const bad = await connectBluesky(system, attacker);
  const good = await connectBluesky(system, neighbour);
  const match = { path: "putRecord|createRecord|applyWrites", account: bad.account };
  await system.sim("POST", "bluesky/faults", { fault: "hold", at: "before", times: "always", match });

  // What the machine takes with nobody else at the server: one that is busy otherwise proves nothing about it.
  const quiet = at(await askFor(5_000, neighbour, good.id), 0.99);
  const limitMs = Math.max(slowestMs, 4 * quiet);
  let peakMb = 0;
  const watching = repeat(250, async () => {
    peakMb = Math.max(peakMb, memoryMb());
  });
  const idleMb = memoryMb();
  await prepare(attacker, bad.id);
  const load = new Worker(new URL("./limits-load.ts", import.meta.url), {
    workerData: { url: system.url, cookie: attacker.cookies(), connectionId: bad.id },
  });
  const broken = new Promise<never>((_resolve, reject) => load.once("error", reject));
  broken.catch(() => {}); // heard below while the load runs
  const answers = await Promise.race([askFor(loadMs, neighbour, good.id), broken]);
  await delay(limitMs);
  const rows = await system.query<{ ms: number | null }>(
    "select (extract(epoch from published_at - created_at) * 1000)::float8 as ms from publish_jobs where connection_id = $1",
    [good.id],
  );
  const held = await system.query<{ n: number }>(
    "select count(*)::int as n from publish_jobs where connection_id = $1 and published_at is null",
    [bad.id],
  );
  isOver = true;
  await Promise.all([load.terminate(), watching]);

  const published = rows.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY);
  t.diagnostic(`with the server to itself: p99 ${quiet} ms`);
  t.diagnostic(`memory: ${Math.round(idleMb)} MB before, ${Math.round(peakMb)} MB at most`);
  t.diagnostic(`${answers.length} answers: p50 ${at(answers, 0.5)} ms, p99 ${at(answers, 0.99)} ms`);
  t.diagnostic(`${published.length} posts live: p50 ${at(published, 0.5)} ms, p99 ${at(published, 0.99)} ms`);
  assert.equal(held[0]?.n, 60, "the attacker's posts hang all the while");
  assert.ok(peakMb < memoryMaxMb, `${peakMb} MB`);
  assert.ok(at(answers, 0.99) < limitMs, "the neighbour's requests wait");
  assert.ok(at(published, 0.99) < limitMs, "the neighbour's posts wait");
});
