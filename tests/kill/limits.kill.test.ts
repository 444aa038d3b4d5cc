import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiSession, signUp } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { createProcessSystem, type Part, type ProcessSystem } from "@postd/testkit/processes";

const loadMs = 20_000;
const memoryMaxMb = 400;
const slowestMs = 2_000;

let system: ProcessSystem;
let server: Part;
const open = new Set<Socket>();
let isOver = false;

before(async () => {
  system = await createProcessSystem();
  server = await system.startAll();
});
after(async () => {
  isOver = true;
  for (const socket of open) socket.destroy();
  await system?.close();
});

/** A stranger's connection that trickles a large body for as long as it is let, and comes back when it is not. */
async function slowSocket(port: number): Promise<void> {
  while (!isOver) {
    const socket = connect(port, "127.0.0.1");
    open.add(socket);
    const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {}).resume();
    socket.write("POST /api/webhooks/facebook HTTP/1.1\r\nhost: postd\r\ncontent-length: 2900000\r\n\r\n");
    const drip = setInterval(() => socket.write("x".repeat(30_000)), 500);
    await gone;
    clearInterval(drip);
    open.delete(socket);
    await delay(100);
  }
}

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

/** What one tenant does at its worst, all at once. */
async function attack(session: ApiSession, connectionId: string): Promise<Promise<unknown>[]> {
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
  const tags = JSON.stringify({ content: "x", options: { tags: ["x".repeat(960_000)] }, targets });
  const headers = { cookie: session.cookies(), origin: session.baseUrl, "content-type": "application/json" };
  // Written and read without a look, so that this process keeps time for the neighbour.
  const send = async (method: string, path: string, body?: string) => {
    const answer = await fetch(new URL(path, session.baseUrl), { method, headers, ...(body ? { body } : {}) });
    await answer.body?.cancel();
    assert.ok(answer.status < 500, `${method} ${path} answered ${answer.status}`);
  };
  return [
    ...Array.from({ length: 4 }, () => repeat(300, () => send("GET", "/api/posts?limit=200"))),
    ...Array.from({ length: 4 }, () => repeat(500, () => send("POST", "/api/posts/validate", tags))),
    repeat(1_000, () => send("GET", "/api/jobs?limit=200")),
  ];
}

const at = (times: readonly number[], share: number) => {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN);
};

test("a stranger's slow sockets and a tenant's worst neither fill the memory nor delay the neighbour", async (t) => {
  const [attacker, neighbour] = [await signUp(system.url), await signUp(system.url)];
  const bad = await connectBluesky(system, attacker);
  const good = await connectBluesky(system, neighbour);
  const match = { path: "putRecord|createRecord|applyWrites", account: bad.account };
  await system.sim("POST", "bluesky/faults", { fault: "hold", at: "before", times: "always", match });

  let peakMb = 0;
  const watching = repeat(100, async () => {
    peakMb = Math.max(peakMb, memoryMb());
  });
  const idleMb = memoryMb();
  const port = Number(new URL(system.url).port);
  const sockets = Array.from({ length: 200 }, () => slowSocket(port));
  const attacks = await attack(attacker, bad.id);

  const answers: number[] = [];
  const begun = performance.now();
  for (let i = 0; performance.now() - begun < loadMs; i += 1) {
    for (const call of [
      () => neighbour.must("GET", "/api/posts"),
      () => neighbour.must("POST", "/api/publish", { connectionId: good.id, payload: { content: `good ${i}` } }),
    ]) {
      const sentMs = performance.now();
      await call();
      answers.push(performance.now() - sentMs);
    }
    await delay(150);
  }
  await delay(slowestMs);
  const rows = await system.query<{ ms: number | null }>(
    "select (extract(epoch from published_at - created_at) * 1000)::float8 as ms from publish_jobs where connection_id = $1",
    [good.id],
  );
  const held = await system.query<{ n: number }>(
    "select count(*)::int as n from publish_jobs where connection_id = $1 and published_at is null",
    [bad.id],
  );
  isOver = true;
  for (const socket of open) socket.destroy();
  await Promise.allSettled([watching, ...sockets, ...attacks]);

  const published = rows.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY);
  t.diagnostic(`memory: ${Math.round(idleMb)} MB before, ${Math.round(peakMb)} MB at most`);
  t.diagnostic(`${answers.length} answers: p50 ${at(answers, 0.5)} ms, p99 ${at(answers, 0.99)} ms`);
  t.diagnostic(`${published.length} posts live: p50 ${at(published, 0.5)} ms, p99 ${at(published, 0.99)} ms`);
  assert.equal(held[0]?.n, 60, "the attacker's posts hang all the while");
  assert.ok(peakMb < memoryMaxMb, `${peakMb} MB`);
  assert.ok(at(answers, 0.99) < slowestMs, "the neighbour's requests wait");
  assert.ok(at(published, 0.99) < slowestMs, "the neighbour's posts wait");
});
